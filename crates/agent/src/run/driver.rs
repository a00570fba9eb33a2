//! Who does what the machine says.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use playhouse_llm::{Context, Error, Prompt, Provider, Request, Trail, Usage};
use tokio::time::{Instant, timeout_at};

use super::machine::Spent;
use super::model_call::{Heard, HeardReply, ModelCall};
use super::tool_calls::ToolCalls;
use super::{Action, Bounds, Ending, Machine, Run, RunEvent, RunStatus, StepRecord, ToolOutcome};
use crate::strategy::{Strategy, StrategyKind};
use crate::tool::ToolRegistry;

/// What a run is to do, with whom.
pub struct Task<P> {
    /// Who answers for the model.
    pub provider: P,
    /// The model to ask.
    pub model: Arc<str>,
    /// The conversation it begins with, and the settings for every step.
    pub prompt: Prompt,
    /// How the model is told of tools.
    pub strategy: StrategyKind,
    /// The tools.
    pub tools: Arc<ToolRegistry>,
    /// How far it may go.
    pub bounds: Bounds,
    /// Whether text is to be told as it comes.
    pub stream: bool,
    /// Whom the run is for.
    pub context: Arc<Context>,
    /// Steps that were taken before, when a run that was cut off goes on.
    pub steps: Vec<StepRecord>,
}

/// A run that goes on whenever it is asked for its next event. Dropped, it stops at once.
pub struct Driver<P> {
    provider: P,
    model: Arc<str>,
    tools: Arc<ToolRegistry>,
    strategy: StrategyKind,
    bounds: Bounds,
    stream: bool,
    context: Arc<Context>,
    machine: Machine,
    phase: Phase,
    told: VecDeque<RunEvent>,
    steps: Vec<StepRecord>,
    /// Outcomes of the step that a resumed run goes on with.
    known: Vec<ToolOutcome>,
    /// Whether the thought of the step that is heard has been told.
    thought_told: bool,
    error: Option<Error>,
    started: Instant,
    deadline: Instant,
}

enum Phase {
    /// The machine says what is next.
    Ready,
    /// The step has been told; the model is asked now.
    Asking,
    /// The model answers.
    Hearing(Box<ModelCall>),
    /// Tools run.
    Working(ToolCalls),
    Ended,
}

impl<P: Provider> Driver<P> {
    /// A run that has not begun.
    pub fn new(task: Task<P>) -> Self {
        let Task { provider, model, prompt, strategy, tools, bounds, stream, context, steps } = task;
        let mut machine = Machine::new(strategy, prompt, tools.specs(), bounds.clone());
        let is_cut = machine.replay(&steps);
        let known = steps.last().filter(|_| is_cut).map(|last| last.outcomes.clone());
        let started = Instant::now();
        let deadline = started + Duration::from_millis(bounds.max_duration_ms);
        Self {
            provider,
            model,
            tools,
            strategy,
            bounds,
            stream,
            context,
            machine,
            phase: Phase::Ready,
            told: VecDeque::new(),
            steps,
            known: known.unwrap_or_default(),
            thought_told: false,
            error: None,
            started,
            deadline,
        }
    }

    /// The next thing that happens; `None` after the end. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<RunEvent> {
        loop {
            if let Some(event) = self.told.pop_front() {
                return Some(event);
            }
            if matches!(self.phase, Phase::Ended) {
                return None;
            }
            if timeout_at(self.deadline, self.advance()).await.is_err() {
                let max_s = self.bounds.max_duration_ms as f64 / 1000.0;
                self.stop(RunStatus::TimeLimit, format!("{max_s} s were not enough"));
            }
        }
    }

    /// Ends the run: the model and the tools are left at once. The next event is its end.
    pub fn cancel(&mut self) {
        self.stop(RunStatus::Cancelled, "it was cancelled".to_owned());
    }

    /// Ends the run because something that it stands on failed.
    pub fn fail(&mut self, error: Error) {
        self.stop(RunStatus::Failed, error.to_string());
        self.error = Some(error);
    }

    fn stop(&mut self, status: RunStatus, reason: String) {
        if matches!(self.phase, Phase::Ended) {
            return;
        }
        match &self.phase {
            Phase::Hearing(call) => self.machine.hear_part(call.shown()),
            Phase::Working(tools) => {
                let outcomes = tools.outcomes();
                self.note_outcomes(outcomes);
            }
            _ => {}
        }
        self.machine.end(status, reason);
        self.phase = Phase::Ready;
        self.told.clear();
    }

    async fn advance(&mut self) {
        match &mut self.phase {
            Phase::Ready => self.follow(),
            Phase::Asking => self.ask().await,
            Phase::Hearing(call) => {
                let heard = call.next().await;
                self.hear(heard);
            }
            Phase::Working(tools) => {
                let outcome = tools.next().await;
                self.take(outcome);
            }
            Phase::Ended => {}
        }
    }

    fn follow(&mut self) {
        match self.machine.action() {
            Action::CallModel => {
                self.told.push_back(RunEvent::StepBegan { step: self.machine.step() });
                self.phase = Phase::Asking;
            }
            Action::CallTools(calls) => {
                let step = self.machine.step();
                let known = std::mem::take(&mut self.known);
                let tools = ToolCalls::start(&self.tools, &self.bounds, calls, &known);
                let began = tools.missing(calls).map(|call| RunEvent::ToolBegan { step, call: call.clone() });
                self.told.extend(began);
                self.phase = Phase::Working(tools);
            }
            Action::Done(ending) => {
                let ending = ending.clone();
                self.finish(ending);
            }
        }
    }

    async fn ask(&mut self) {
        let started = Instant::now();
        let trail = Arc::new(Trail::default());
        let context = Arc::new(self.context.with_trail(trail.clone()));
        let request = Request::new(self.model.clone(), self.machine.prompt().clone());
        let answer = self.provider.chat(request.streamed(self.stream).within(context)).await;
        match answer {
            Ok(events) => {
                let call = ModelCall::new(events, self.strategy.tap(), trail, started);
                self.phase = Phase::Hearing(Box::new(call));
            }
            Err(error) => self.fail(error),
        }
    }

    fn hear(&mut self, heard: Result<Heard, Error>) {
        match heard {
            Ok(Heard::Text(content)) => {
                if !content.is_empty() {
                    self.tell_early_thought();
                }
                self.tell(self.machine.step(), content);
            }
            Ok(Heard::Reply(reply)) => self.end_step(reply),
            Err(error) => self.fail(error),
        }
    }

    fn tell(&mut self, step: u32, content: String) {
        if !content.is_empty() {
            self.told.push_back(RunEvent::Delta { step, content });
        }
    }

    /// Once the answer has begun, the thought before it is whole.
    fn tell_early_thought(&mut self) {
        let Phase::Hearing(call) = &self.phase else { return };
        if self.thought_told {
            return;
        }
        let step = self.machine.step();
        let thought = call.said().and_then(|said| self.machine.read(said).thought);
        self.thought_told = true;
        self.told.extend(thought.map(|thought| RunEvent::Thought { step, thought }));
    }

    /// What was shown as it came is not told again.
    fn tell_thought(&mut self, step: u32, thought: Option<&str>, shown: &str) {
        let is_new = !std::mem::take(&mut self.thought_told) && shown.is_empty();
        let thought = thought.filter(|_| is_new).map(str::to_owned);
        self.told.extend(thought.map(|thought| RunEvent::Thought { step, thought }));
    }

    fn end_step(&mut self, heard: Box<HeardReply>) {
        let HeardReply { choice, reply, shown, cost_usd, duration_ms } = *heard;
        self.context.trail.add_upstream_time(Duration::from_secs_f64(duration_ms / 1000.0));
        let tokens = reply.usage.as_ref().map_or(0, |usage| usage.total_tokens);
        let spent = Spent { steps: 1, tokens, cost_usd: cost_usd.unwrap_or_default() };
        let taken = self.machine.take_reply(choice.message.clone(), spent);
        let step = self.machine.spent().steps;
        self.tell_thought(step, taken.thought.as_deref(), &shown);
        if let Some(rest) = self.machine.answer().and_then(|answer| answer.strip_prefix(&*shown)) {
            let rest = rest.to_owned();
            self.tell(step, rest);
        }
        let record = StepRecord {
            step,
            said: choice.message,
            thought: taken.thought,
            calls: taken.calls,
            outcomes: Vec::new(),
            model: reply.model,
            finish_reason: choice.finish,
            usage: reply.usage.map(|usage| usage.counts()),
            cost_usd,
            duration_ms,
        };
        self.told.push_back(RunEvent::StepEnded(Box::new(record.clone())));
        self.steps.push(record);
        self.phase = Phase::Ready;
    }

    fn take(&mut self, outcome: Option<ToolOutcome>) {
        let step = self.machine.step();
        match (outcome, &self.phase) {
            (Some(outcome), _) => self.told.push_back(RunEvent::ToolEnded { step, outcome }),
            (None, Phase::Working(tools)) => {
                self.context.trail.add_upstream_time(tools.started.elapsed());
                self.machine.take_results(&tools.results());
                let outcomes = tools.outcomes();
                self.note_outcomes(outcomes);
                self.phase = Phase::Ready;
            }
            (None, _) => {}
        }
    }

    fn note_outcomes(&mut self, outcomes: Vec<ToolOutcome>) {
        if let Some(last) = self.steps.last_mut() {
            last.outcomes = outcomes;
        }
    }

    fn finish(&mut self, ending: Ending) {
        let mut usage = Usage::default();
        self.steps.iter().filter_map(|step| step.usage.as_ref()).for_each(|counts| usage.add(counts));
        let costs = self.steps.iter().filter_map(|step| step.cost_usd);
        let run = Run {
            status: ending.status,
            answer: ending.answer,
            reason: ending.reason,
            error: self.error.take(),
            usage,
            cost_usd: costs.reduce(|sum, cost| sum + cost),
            steps: std::mem::take(&mut self.steps),
            duration_ms: self.started.elapsed().as_secs_f64() * 1000.0,
        };
        self.told.push_back(RunEvent::Done(Arc::new(run)));
        self.phase = Phase::Ended;
    }
}
