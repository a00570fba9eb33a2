//! Runs of agents: what is stored of a run, its steps and its tools, and what can be asked.

use std::sync::Arc;

use async_trait::async_trait;
use playhouse_llm::{FinishReason, Message, ToolCall, Usage};

use crate::{IdempotencyKey, Page, Scope, StoreError};

/// The status of a run that has not ended.
pub const RUNNING: &str = "running";
/// The status of a run that was cut off: it can go on if it is resumable.
pub const INTERRUPTED: &str = "interrupted";

/// The runs of agents.
///
/// Every operation is atomic, and what it has acknowledged survives the process. A run is written as it
/// happens: what the model said before its tools run, what came of a tool as it ends. So a run that dies
/// with its process is found as [`INTERRUPTED`] with all it did, and when it goes on, no tool whose end
/// was stored has to run again.
///
/// A run may belong to a session; it goes when that session is deleted.
#[async_trait]
pub trait Runs: Send + Sync {
    /// Begins a run.
    ///
    /// When the returned future is dropped before it is done, the run ends as interrupted by itself.
    /// Afterwards ending it is the caller's duty ([`finish_run`](Self::finish_run)).
    ///
    /// # Errors
    /// [`StoreError::SessionNotFound`] when the session it is to belong to is not there.
    /// [`StoreError::Invalid`] for a run id that is no UUIDv7 or was used before, for a turn id that is no
    /// UUID, and for a turn without a session. [`StoreError::AlreadyBegun`] and [`StoreError::KeyTaken`] when
    /// its idempotency key has come before.
    async fn begin_run(&self, begin: BeginRun) -> Result<(), StoreError>;

    /// Adds a step to a running run: what the model said, before the tools it called run.
    ///
    /// # Errors
    /// [`StoreError::RunNotFound`], or [`StoreError::RunEnded`] when the run does not run any more.
    /// [`StoreError::LeaseLost`] when it runs in another process ([`Replicas`](crate::Replicas)); so for all
    /// that is written to a run.
    /// [`StoreError::Invalid`] when its number is not the one after the last step's.
    async fn add_step(&self, run_id: &str, step: RunStep) -> Result<(), StoreError>;

    /// Adds what came of a tool to a step of a running run. Tools may end in any order.
    ///
    /// # Errors
    /// [`StoreError::RunNotFound`], or [`StoreError::RunEnded`] when the run does not run any more.
    /// [`StoreError::Invalid`] when there is no such step, or when this call has ended before.
    async fn end_tool(&self, run_id: &str, step: u32, end: ToolEnd) -> Result<(), StoreError>;

    /// Ends a running run and stores what came of it.
    ///
    /// # Errors
    /// [`StoreError::RunNotFound`], or [`StoreError::RunEnded`] when it has ended before.
    /// [`StoreError::Invalid`] for a status that is no ending. When the store is unavailable the run goes
    /// on running: try again, or leave that to a [`RunFinisher`](crate::RunFinisher).
    async fn finish_run(&self, finish: FinishRun) -> Result<(), StoreError>;

    /// Claims an interrupted run: it runs again, for this caller alone, and is returned with all it did.
    ///
    /// What was stored of its end is forgotten. When the returned future is dropped before it is done, the
    /// run is interrupted again by itself.
    ///
    /// # Errors
    /// [`StoreError::RunNotFound`]; [`StoreError::RunRunning`] while it runs, as it does once another caller
    /// has claimed it; [`StoreError::RunEnded`] when it was not cut off but ended;
    /// [`StoreError::RunNotResumable`] when it was begun as one that cannot go on.
    /// [`StoreError::AlreadyBegun`] and [`StoreError::KeyTaken`] when the idempotency key has come before.
    async fn resume_run(
        &self,
        scope: &Scope,
        run_id: &str,
        idempotency: Option<IdempotencyKey>,
        now_us: i64,
    ) -> Result<StoredRun, StoreError>;

    /// One run with its steps, and what came of their tools.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn run(&self, scope: &Scope, run_id: &str) -> Result<Option<StoredRun>, StoreError>;

    /// The runs that fit a filter, newest first.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a cursor that no page has returned.
    async fn list_runs(&self, filter: RunFilter) -> Result<RunPage, StoreError>;

    /// Removes up to `limit` of the oldest runs that began before `before_us` (Unix microseconds) and do
    /// not run any more, with all they hold, and says how many.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn prune_runs(&self, before_us: i64, limit: u32) -> Result<u64, StoreError>;
}

/// What a run begins with.
#[derive(Clone, Debug)]
pub struct BeginRun {
    /// The stored API key whose it is, as its session is; `None` for the operators'.
    pub key_id: Option<Arc<str>>,
    /// The new run's id: a UUIDv7 that has not been used before.
    pub run_id: Arc<str>,
    /// The agent, as the configuration names it.
    pub agent: Arc<str>,
    /// The model it asks.
    pub model: Arc<str>,
    /// The conversation it begins with.
    pub input: Vec<Message>,
    /// Whether it may go on after it was cut off.
    pub resumable: bool,
    /// The request it is made for.
    pub request_id: Arc<str>,
    /// The session it belongs to, if any.
    pub session_id: Option<Arc<str>>,
    /// The turn it answers, if any.
    pub turn_id: Option<Arc<str>>,
    /// The key of a request that may be sent twice.
    pub idempotency: Option<IdempotencyKey>,
    /// Now, in Unix microseconds.
    pub now_us: i64,
}

/// A step: what the model said when it was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStep {
    /// Its place in the run, from 1.
    pub number: u32,
    /// When the model had answered, in Unix microseconds.
    pub at_us: i64,
    /// What the model said.
    pub said: Message,
    /// What it thought aloud.
    pub thought: Option<String>,
    /// The tools it called.
    pub calls: Vec<ToolCall>,
    /// The model that answered, as it names itself.
    pub model: Arc<str>,
    /// Why it stopped.
    pub finish_reason: Option<FinishReason>,
    /// Token counts, where the provider sent them.
    pub usage: Option<Usage>,
    /// What the answer cost, where a price is known.
    pub cost_usd: Option<f64>,
    /// From asking the model to the end of its answer, in milliseconds.
    pub duration_ms: f64,
}

/// What a tool call ends with.
#[derive(Clone, Debug)]
pub struct ToolEnd {
    /// The id of the call, unique within its step.
    pub call_id: Arc<str>,
    /// The tool.
    pub tool: Arc<str>,
    /// Whether it did what it was asked.
    pub success: bool,
    /// What it answered.
    pub output: String,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// Now, in Unix microseconds.
    pub now_us: i64,
}

/// What a run ends with.
#[derive(Clone, Debug)]
pub struct FinishRun {
    /// The run.
    pub run_id: Arc<str>,
    /// Now, in Unix microseconds.
    pub now_us: i64,
    /// The name of how it ended: `completed`, `failed`, `step_limit` and the like; never [`RUNNING`].
    pub status: Arc<str>,
    /// The answer, as far as it got.
    pub answer: Option<String>,
    /// Why it has no whole answer.
    pub reason: Option<String>,
    /// The kind of failure, if it failed ([`ErrorKind::as_str`](playhouse_llm::ErrorKind::as_str)).
    pub error: Option<Arc<str>>,
    /// Token counts of all steps together.
    pub usage: Usage,
    /// What it cost, as far as prices are known.
    pub cost_usd: Option<f64>,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
}

/// Which runs are wanted. An empty filter takes the newest.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// Only those within this scope.
    pub scope: Scope,
    /// Only those of this agent.
    pub agent: Option<Arc<str>>,
    /// Only those with this status.
    pub status: Option<Arc<str>>,
    /// Only those that belong to this session.
    pub session_id: Option<Arc<str>>,
    /// Which part of the list.
    pub page: Page,
}

/// A page of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct RunPage {
    /// The runs, newest first.
    pub runs: Vec<RunSummary>,
    /// What to ask for the page after this one; `None` when this is the last.
    pub next: Option<String>,
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSummary {
    /// The stored API key whose it is; `None` for the operators'.
    pub key_id: Option<Arc<str>>,
    /// Its id.
    pub id: Arc<str>,
    /// The agent.
    pub agent: Arc<str>,
    /// The model the agent asks.
    pub model: Arc<str>,
    /// Where it stands: [`RUNNING`], [`INTERRUPTED`], or the name of how else it ended.
    pub status: Arc<str>,
    /// Whether it may go on after it was cut off.
    pub resumable: bool,
    /// The request it was made for.
    pub request_id: Arc<str>,
    /// The session it belongs to, if any.
    pub session_id: Option<Arc<str>>,
    /// The turn it answers, if any.
    pub turn_id: Option<Arc<str>>,
    /// When it began, in Unix microseconds.
    pub started_at_us: i64,
    /// When it went on last, in Unix microseconds, if it was cut off and did.
    pub resumed_at_us: Option<i64>,
    /// When it ended, in Unix microseconds; `None` while it runs, and for a run that died with its process.
    pub ended_at_us: Option<i64>,
    /// How many steps it has taken.
    pub step_count: u32,
    /// Why it has no whole answer.
    pub reason: Option<String>,
    /// The kind of failure, if it failed.
    pub error: Option<Arc<str>>,
    /// Token counts of all steps together; `None` before its end is stored.
    pub usage: Option<Usage>,
    /// What it cost, as far as prices are known; `None` before its end is stored.
    pub cost_usd: Option<f64>,
    /// How long it took, in milliseconds; `None` before its end is stored.
    pub duration_ms: Option<f64>,
}

/// A run with all it did.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRun {
    /// The run.
    pub summary: RunSummary,
    /// The conversation it began with.
    pub input: Vec<Message>,
    /// The answer, as far as it got.
    pub answer: Option<String>,
    /// Its steps, in order.
    pub steps: Vec<StoredStep>,
}

/// A step with what came of its tools.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredStep {
    /// The step.
    pub step: RunStep,
    /// The tools that have ended, in the order they were called.
    pub tools: Vec<StoredTool>,
}

/// What came of a tool call.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTool {
    /// The id of the call.
    pub call_id: Arc<str>,
    /// The tool.
    pub tool: Arc<str>,
    /// Whether it did what it was asked.
    pub success: bool,
    /// What it answered.
    pub output: String,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// When it ended, in Unix microseconds.
    pub ended_at_us: i64,
}

impl StoredTool {
    /// Puts tools in the order they were called: they end in any. Those that the step did not call, if ever
    /// there are any, stand last.
    pub(crate) fn in_order(mut tools: Vec<Self>, calls: &[ToolCall]) -> Vec<Self> {
        let place = |tool: &Self| calls.iter().position(|call| call.id == *tool.call_id);
        tools.sort_by_cached_key(|tool| place(tool).unwrap_or(calls.len()));
        tools
    }
}
