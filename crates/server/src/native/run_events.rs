//! A run as server-sent events: `run`, `delta`, `step`, `usage`, `done`, `error`.

use std::sync::Arc;

use playhouse_agent::{Run, RunEvent, RunStatus};
use playhouse_edge::Problem;
use playhouse_store::shared::Signals;
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use super::chat::TokenCounts;
use crate::agents::desk::BegunRun;
use crate::live::{KEEP_ALIVE, Subject, Teller, Told};

/// What a step event tells.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum StepEvent<'a> {
    /// What the model thought aloud.
    Thought { step: u32, thought: &'a str },
    /// A tool is about to run.
    ToolCall { step: u32, call_id: &'a str, tool: &'a str, arguments: Value },
    /// A tool has answered.
    ToolResult {
        step: u32,
        call_id: &'a str,
        tool: &'a str,
        success: bool,
        output: &'a str,
        error: Option<&'a str>,
        duration_ms: f64,
    },
}

#[derive(Serialize)]
struct Begun<'a> {
    run_id: &'a str,
}

#[derive(Serialize)]
struct Delta<'a> {
    step: u32,
    content: &'a str,
}

#[derive(Serialize)]
struct Done<'a> {
    run_id: &'a str,
    status: RunStatus,
    answer: Option<&'a str>,
    reason: Option<&'a str>,
    steps: usize,
    usage: TokenCounts,
    cost_usd: Option<f64>,
    duration_ms: f64,
}

impl<'a> StepEvent<'a> {
    /// What a run's event tells of a step, if it does.
    pub(super) fn of(event: &'a RunEvent) -> Option<Self> {
        match event {
            RunEvent::Thought { step, thought } => Some(Self::Thought { step: *step, thought }),
            RunEvent::ToolBegan { step, call } => Some(Self::ToolCall {
                step: *step,
                call_id: &call.id,
                tool: &call.name,
                arguments: arguments(&call.arguments),
            }),
            RunEvent::ToolEnded { step, outcome } => Some(Self::ToolResult {
                step: *step,
                call_id: &outcome.call_id,
                tool: &outcome.tool,
                success: outcome.result.success,
                output: &outcome.result.output,
                error: outcome.result.error.as_deref(),
                duration_ms: outcome.duration_ms,
            }),
            _ => None,
        }
    }
}

/// Arguments as the object they are, or as the text they are where they are none.
pub(super) fn arguments(written: &str) -> Value {
    playhouse_agent::tool::parse_arguments(written).unwrap_or_else(|_| Value::String(written.to_owned()))
}

/// Tells a run to whoever follows it, from a task that goes on when its client leaves, unless that is to
/// cancel the run.
pub(super) struct RunTeller {
    pub(super) run: BegunRun,
    pub(super) request_id: Arc<str>,
    pub(super) teller: Teller,
    pub(super) subject: Subject,
    pub(super) signals: Arc<dyn Signals>,
}

/// What a run that is told is to do next.
enum Next {
    Event(Option<RunEvent>),
    Silence,
    /// Nobody wants it any more.
    Cancel,
}

impl RunTeller {
    /// Tells all that happens.
    pub(super) async fn tell_all(mut self) {
        self.teller.event("run", &Begun { run_id: &self.run.id });
        self.teller.flush().await;
        let signals = self.signals.clone();
        let signal = self.subject.cancel_signal();
        let mut cancelled = signals.raised(&signal);
        loop {
            match self.next(&mut cancelled).await {
                Next::Event(Some(RunEvent::Done(run))) => return self.end(&run).await,
                Next::Event(Some(event)) => self.tell(&event),
                Next::Event(None) => return self.teller.close().await,
                Next::Silence => self.teller.tell(Told::Silence),
                Next::Cancel => return self.cancel().await,
            }
            self.teller.flush().await;
        }
    }

    /// Waits for the end, and returns the run.
    pub(super) async fn watch_silently(mut self) -> Option<Arc<Run>> {
        let signals = self.signals.clone();
        let signal = self.subject.cancel_signal();
        let mut cancelled = signals.raised(&signal);
        loop {
            match self.next(&mut cancelled).await {
                Next::Event(Some(RunEvent::Done(run))) => return Some(run),
                Next::Event(Some(_)) | Next::Silence => {}
                // Dropping its events cancels it.
                Next::Event(None) | Next::Cancel => return None,
            }
        }
    }

    async fn next(&mut self, cancelled: &mut (impl Future<Output = ()> + Unpin)) -> Next {
        tokio::select! {
            event = timeout(KEEP_ALIVE, self.run.events.recv()) => event.map_or(Next::Silence, Next::Event),
            () = cancelled => Next::Cancel,
            () = self.teller.left() => Next::Cancel,
        }
    }

    /// Cancels the run, and tells its end.
    async fn cancel(mut self) {
        self.run.cancel();
        while let Some(event) = self.run.events.recv().await {
            if let RunEvent::Done(run) = event {
                return self.end(&run).await;
            }
        }
    }

    fn tell(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Delta { step, content } => self.teller.event("delta", &Delta { step: *step, content }),
            other => {
                if let Some(step) = StepEvent::of(other) {
                    self.teller.event("step", &step);
                }
            }
        }
    }

    async fn end(mut self, run: &Run) {
        let usage = TokenCounts::from(&run.usage);
        self.teller.event("usage", &usage);
        match &run.error {
            Some(error) => {
                self.teller.event("error", &Problem::from(error).of_request(&self.request_id));
            }
            None => self.teller.event("done", &Done::of(&self.run.id, run, usage)),
        }
        self.teller.close().await;
    }
}

impl<'a> Done<'a> {
    fn of(run_id: &'a str, run: &'a Run, usage: TokenCounts) -> Self {
        Self {
            run_id,
            status: run.status,
            answer: run.answer.as_deref(),
            reason: run.reason.as_deref(),
            steps: run.steps.len(),
            usage,
            cost_usd: run.cost_usd,
            duration_ms: run.duration_ms,
        }
    }
}
