//! `/v1/runs`: tasks of agents, what they did and what came of them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use http::HeaderMap;
use playhouse_llm::{Context, Error, ErrorKind, Role, ToolCall};
use playhouse_store::run::RUNNING;
use playhouse_store::{Page, RunFilter, RunSummary, Scope, StoredRun, StoredStep, StoredTool};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::chat::TokenCounts;
use super::extract::{Failure, Params, PathId, Who, Within};
use super::idempotency::OnceBody;
use super::run_answer::{self, Wish};
use super::run_events::arguments;
use super::stored_run::RunInStore;
use super::stored_turn::expired;
use super::turns::{FollowParams, is_kept};
use super::{sse, timestamp};
use crate::app::App;
use crate::config::OnDisconnect;
use crate::failure::store_failure;
use crate::live::Subject;
use crate::ops::docs::{ProblemResponse, ServerSentEvent};

const MAX_RUNS: u32 = 100;
/// How long a run may take to end once it is cancelled.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// Which runs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Only those of this agent.
    agent: Option<String>,
    /// Only those with this status.
    status: Option<String>,
    /// Only those of this session.
    session_id: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before.
    #[param(pattern = "^[0-9]{1,18}$")]
    after: Option<String>,
    /// Only those of this API key; for operators.
    key_id: Option<String>,
}

/// How a run that was cut off shall go on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResumeRequest {
    /// Whether to tell what happens as it happens, as server-sent events.
    #[serde(default)]
    stream: bool,
    /// What becomes of the run when the client leaves: `continue` or `cancel`; by default what is configured.
    #[schema(value_type = Option<String>, pattern = "^(continue|cancel)$")]
    on_disconnect: Option<OnDisconnect>,
}

/// Runs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunList {
    /// The runs, without their steps.
    runs: Vec<RunInfo>,
    /// What to ask `after` for the next page; null on the last.
    next: Option<String>,
}

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunInfo {
    /// Its id.
    id: String,
    /// The agent.
    agent: String,
    /// The model the agent asks.
    model: String,
    /// How it stands: `running`, `completed`, `failed`, `cancelled`, `interrupted`, `step_limit`,
    /// `token_limit`, `cost_limit`, `time_limit`, `repeated_calls` or `unclear`.
    status: String,
    /// Why it has no whole answer.
    reason: Option<String>,
    /// The kind of the model's failure, if that ended it.
    error: Option<String>,
    /// Whether it can go on after it was cut off.
    resumable: bool,
    /// How many steps it has taken.
    step_count: u32,
    /// When it began.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended; null while it runs, and where that is not known.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// How long it took, in milliseconds.
    duration_ms: Option<f64>,
    /// Token counts of all steps together.
    usage: Option<TokenCounts>,
    /// What it cost in US dollars, as far as prices are known.
    cost_usd: Option<f64>,
    /// The request it was made for.
    request_id: String,
    /// The conversation it belongs to, if any.
    session_id: Option<String>,
    /// The turn it answers, if any.
    turn_id: Option<String>,
    /// The id of the API key whose it is; null for the operators' own.
    key_id: Option<String>,
}

/// A run with all it did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunView {
    #[serde(flatten)]
    run: RunInfo,
    /// The conversation it began with.
    input: Vec<InputMessage>,
    /// The answer, or where there is none the best that there is of one.
    answer: Option<String>,
    /// What it did.
    steps: Vec<StepView>,
}

/// A message that a run began with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InputMessage {
    /// Who speaks.
    #[schema(value_type = String)]
    role: Role,
    /// What is said.
    content: String,
}

/// A step: the model's reply, and the tools it called.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepView {
    /// Its place, from 1.
    step: u32,
    /// What the model said.
    content: String,
    /// What it thought aloud.
    thought: Option<String>,
    /// The tools it called, in order.
    tool_calls: Vec<ToolCallView>,
    /// The model that answered, as it names itself.
    model: String,
    /// Why it stopped.
    finish_reason: Option<String>,
    /// Token counts, where the provider sent them.
    usage: Option<TokenCounts>,
    /// What the reply cost in US dollars, where a price is known.
    cost_usd: Option<f64>,
    /// From asking the model to the end of its reply, in milliseconds.
    duration_ms: f64,
    /// When the model had answered.
    #[schema(format = DateTime)]
    at: String,
}

/// A tool call and what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolCallView {
    /// Its id.
    call_id: String,
    /// The tool.
    tool: String,
    /// What it was called with; text where the model wrote no JSON object.
    #[schema(value_type = Object)]
    arguments: Value,
    /// What came of it; null where that is not known (yet).
    result: Option<ToolResultView>,
}

/// What came of a tool call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolResultView {
    /// Whether the tool did what it was asked.
    success: bool,
    /// What it answered.
    output: String,
    /// Why it failed.
    error: Option<String>,
    /// How long it took, in milliseconds.
    duration_ms: f64,
}

impl From<RunSummary> for RunInfo {
    fn from(run: RunSummary) -> Self {
        let text = |value: Option<Arc<str>>| value.as_deref().map(str::to_owned);
        Self {
            id: run.id.to_string(),
            agent: run.agent.to_string(),
            model: run.model.to_string(),
            status: run.status.to_string(),
            reason: run.reason,
            error: text(run.error),
            resumable: run.resumable,
            step_count: run.step_count,
            started_at: timestamp(run.started_at_us),
            ended_at: run.ended_at_us.map(timestamp),
            duration_ms: run.duration_ms,
            usage: run.usage.as_ref().map(TokenCounts::from),
            cost_usd: run.cost_usd,
            request_id: run.request_id.to_string(),
            session_id: text(run.session_id),
            turn_id: text(run.turn_id),
            key_id: text(run.key_id),
        }
    }
}

impl From<StoredRun> for RunView {
    fn from(stored: StoredRun) -> Self {
        let input = stored.input.iter();
        Self {
            run: stored.summary.into(),
            input: input.map(|said| InputMessage { role: said.role, content: said.text() }).collect(),
            answer: stored.answer,
            steps: stored.steps.into_iter().map(StepView::from).collect(),
        }
    }
}

impl From<StoredStep> for StepView {
    fn from(stored: StoredStep) -> Self {
        let StoredStep { step, tools } = stored;
        let result = |call: &ToolCall| tools.iter().find(|tool| *tool.call_id == *call.id);
        let calls = step.calls.iter().map(|call| ToolCallView::of(call, result(call)));
        Self {
            step: step.number,
            content: step.said.text(),
            thought: step.thought,
            tool_calls: calls.collect(),
            model: step.model.to_string(),
            finish_reason: step.finish_reason.map(|finish| finish.to_string()),
            usage: step.usage.as_ref().map(TokenCounts::from),
            cost_usd: step.cost_usd,
            duration_ms: step.duration_ms,
            at: timestamp(step.at_us),
        }
    }
}

impl ToolCallView {
    fn of(call: &ToolCall, ended: Option<&StoredTool>) -> Self {
        Self {
            call_id: call.id.clone(),
            tool: call.name.clone(),
            arguments: arguments(&call.arguments),
            result: ended.map(|tool| ToolResultView {
                success: tool.success,
                output: tool.output.clone(),
                error: tool.error.clone(),
                duration_ms: tool.duration_ms,
            }),
        }
    }
}

/// List the runs.
#[utoipa::path(
    get,
    path = "/v1/runs",
    operation_id = "list_runs",
    tag = "agents",
    params(ListParams),
    responses((status = 200, body = RunList), (status = "default", response = ProblemResponse)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Who(identity): Who,
    within: Within,
    Params(params): Params<ListParams>,
) -> Result<Json<RunList>, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let limit = super::limit(params.limit, 50, MAX_RUNS).map_err(refuse)?;
    let filter = RunFilter {
        scope: within.narrowed(params.key_id).map_err(refuse)?,
        agent: params.agent.map(Arc::from),
        status: params.status.map(Arc::from),
        session_id: params.session_id.map(Arc::from),
        page: Page { limit, after: params.after },
    };
    let page = app.store().list_runs(filter).await.map_err(|error| refuse(store_failure(&error)))?;
    Ok(Json(RunList { runs: page.runs.into_iter().map(RunInfo::from).collect(), next: page.next }))
}

/// Read a run.
#[utoipa::path(
    get,
    path = "/v1/runs/{id}",
    operation_id = "read_run",
    tag = "agents",
    params(("id" = String, Path, description = "The run's id.")),
    responses((status = 200, body = RunView), (status = "default", response = ProblemResponse)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    Who(identity): Who,
    within: Within,
    PathId(id): PathId,
) -> Result<Json<RunView>, Failure> {
    found(&app, &within.scope(), &id).await.map(Json).map_err(|error| Failure::new(error, &identity))
}

/// Cancel a run that runs.
#[utoipa::path(
    delete,
    path = "/v1/runs/{id}",
    operation_id = "cancel_run",
    tag = "agents",
    params(("id" = String, Path, description = "The run's id.")),
    responses(
        (status = 200, description = "It has ended, and this is what it did.", body = RunView),
        (status = "default", response = ProblemResponse),
    ),
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    Who(identity): Who,
    within: Within,
    PathId(id): PathId,
) -> Result<Json<RunView>, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let scope = within.scope();
    // Looked for before it is stopped: another's run is not there.
    found(&app, &scope, &id).await.map_err(refuse)?;
    if app.runs().running.cancel(&id) {
        app.runs().running.ended(&id).await;
        return found(&app, &scope, &id).await.map(Json).map_err(refuse);
    }
    let stored = RunInStore::of(&app, scope, &id);
    let run = stored.read().await.map_err(refuse)?;
    if &*run.summary.status != RUNNING {
        let message = format!("run '{id}' does not run any more: it is {}", run.summary.status);
        return Err(refuse(Error::new(ErrorKind::Conflict, message)));
    }
    // It runs on another server.
    let _ = app.turns().shared.signals.raise(&Subject::Run(run.summary.id).cancel_signal()).await;
    match timeout(CANCEL_TIMEOUT, stored.ended()).await {
        Ok(ended) => ended.map(|run| Json(run.into())).map_err(refuse),
        Err(_) => {
            let message = format!("run '{id}' did not end yet; it may run on a server out of reach");
            Err(refuse(Error::new(ErrorKind::Overloaded, message).retry_after(CANCEL_TIMEOUT)))
        }
    }
}

/// Follow a run.
#[utoipa::path(
    get,
    path = "/v1/runs/{id}/stream",
    operation_id = "follow_run",
    tag = "agents",
    params(
        ("id" = String, Path, description = "The run's id."),
        ("Last-Event-ID" = Option<u64>, Header, description = "The last event that the client has; those after it follow."),
        FollowParams,
    ),
    responses(
        (status = 200, description = "Its events after that one, as they were told first: `run`, `delta`, `step`, `usage`, `done`, `error`.",
            content((ServerSentEvent = "text/event-stream"))),
        (status = 410, response = ProblemResponse),
        (status = "default", response = ProblemResponse),
    ),
)]
pub(crate) async fn stream(
    State(app): State<App>,
    Who(identity): Who,
    within: Within,
    PathId(id): PathId,
    Params(params): Params<FollowParams>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let after = sse::last_event_id(&headers, params.after).map_err(refuse)?;
    let stored = RunInStore::of(&app, within.scope(), &id);
    let run = stored.read().await.map_err(refuse)?;
    let has_ended = &*run.summary.status != RUNNING;
    if has_ended && after > 0 && !is_kept(&app, &Subject::Run(run.summary.id.clone()), after).await {
        return Err(Failure::problem(expired(&id), &identity));
    }
    Ok(run_answer::streamed(stored.follower(after), &run.summary.id))
}

/// Go on with a run that was cut off.
#[utoipa::path(
    post,
    path = "/v1/runs/{id}/resume",
    operation_id = "resume_run",
    tag = "agents",
    params(
        ("id" = String, Path, description = "The run's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body go on with the run once."),
    ),
    request_body = ResumeRequest,
    responses(
        (status = 200, description = "The run, ended; with `stream`, events `run`, `delta`, `step`, `usage`, `done`, `error`.",
            content((RunView = "application/json"), (ServerSentEvent = "text/event-stream"))),
        (status = "default", response = ProblemResponse),
    ),
)]
pub(crate) async fn resume(
    State(app): State<App>,
    Who(identity): Who,
    PathId(id): PathId,
    Extension(context): Extension<Arc<Context>>,
    OnceBody(request, idempotency): OnceBody<ResumeRequest>,
) -> Result<Response, Failure> {
    let begun = app.runs().resume(&id, request.stream, &context, idempotency).await;
    let on_disconnect = request.on_disconnect.unwrap_or_else(|| app.on_disconnect());
    run_answer::answer(&app, begun, Wish { stream: request.stream, on_disconnect }, &identity).await
}

async fn found(app: &App, scope: &Scope, id: &str) -> Result<RunView, Error> {
    RunInStore::of(app, scope.clone(), id).read().await.map(RunView::from)
}
