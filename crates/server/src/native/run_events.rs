//! A run as server-sent events: `run`, `delta`, `step`, `usage`, `done`, `error`.

use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use playhouse_agent::{Run, RunEvent, RunStatus};
use playhouse_edge::Problem;
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use super::chat::TokenCounts;
use super::sse::{self, SseWriter};
use crate::agents::desk::BegunRun;

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

/// The response whose body tells the run as it goes; dropped, it cancels the run.
pub(super) fn response(run: BegunRun, request_id: Arc<str>) -> Response {
    let mut writer = SseWriter::default();
    writer.event("run", &Begun { run_id: &run.id });
    let teller = Teller { run, request_id, writer, ended: false };
    sse::response(stream::unfold(teller, |mut teller| async move {
        let bytes = teller.next().await?;
        Some((bytes, teller))
    }))
}

struct Teller {
    run: BegunRun,
    request_id: Arc<str>,
    writer: SseWriter,
    ended: bool,
}

impl Teller {
    /// The next bytes: what happened, or a comment after long silence.
    async fn next(&mut self) -> Option<Bytes> {
        while self.writer.is_empty() {
            if self.ended {
                return None;
            }
            match timeout(sse::KEEP_ALIVE, self.run.events.recv()).await {
                Ok(Some(event)) => self.tell(&event),
                Ok(None) => self.ended = true,
                Err(_silence) => return Some(sse::COMMENT),
            }
        }
        Some(self.writer.take())
    }

    fn tell(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Delta { step, content } => self.writer.event("delta", &Delta { step: *step, content }),
            RunEvent::Done(run) => self.end(run),
            other => {
                if let Some(step) = StepEvent::of(other) {
                    self.writer.event("step", &step);
                }
            }
        }
    }

    fn end(&mut self, run: &Run) {
        self.ended = true;
        let usage = TokenCounts::from(&run.usage);
        self.writer.event("usage", &usage);
        if let Some(error) = &run.error {
            return self.writer.event("error", &Problem::from(error).of_request(&self.request_id));
        }
        let done = Done {
            run_id: &self.run.id,
            status: run.status,
            answer: run.answer.as_deref(),
            reason: run.reason.as_deref(),
            steps: run.steps.len(),
            usage,
            cost_usd: run.cost_usd,
            duration_ms: run.duration_ms,
        };
        self.writer.event("done", &done);
    }
}
