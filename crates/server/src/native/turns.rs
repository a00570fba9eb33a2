//! `/v1/turns`: one user message and its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use playhouse_llm::{Context, Error, ErrorKind, Message, Role};
use playhouse_store::{Turn, TurnState};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::chat::{self, Asked, TokenCounts};
use super::extract::{Failure, Params, PathId, Who, Within};
use super::idempotency::OnceBody;
use super::stored_turn::{StoredTurn, expired};
use super::turn::Question;
use super::{sse, timestamp};
use crate::app::App;
use crate::config::OnDisconnect;
use crate::live::Subject;
use crate::ops::docs::{ProblemResponse, ServerSentEvent};

/// How long a turn may take to end once it is cancelled.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// From where to follow.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FollowParams {
    /// The last event that the client has, where it cannot send `Last-Event-ID`.
    pub(super) after: Option<u64>,
}

/// How a turn is tried again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryRequest {
    /// Whether to answer in pieces, as server-sent events.
    #[serde(default)]
    stream: bool,
    /// What becomes of the turn when the client leaves: `continue` or `cancel`; by default what is configured.
    #[schema(value_type = Option<String>, pattern = "^(continue|cancel)$")]
    on_disconnect: Option<OnDisconnect>,
}

/// A turn.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TurnView {
    /// Its id.
    id: String,
    /// Its conversation.
    session_id: String,
    /// Its place in the conversation, from 1.
    number: u32,
    /// How it stands: `running`, `completed`, `failed` or `interrupted`.
    #[schema(value_type = String)]
    state: TurnState,
    /// When it began.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended; null while it runs.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// The agent that was asked, if one was.
    agent: Option<String>,
    /// The model that answered.
    model: Option<String>,
    /// Why the model stopped.
    finish_reason: Option<String>,
    /// The kind of failure, if it failed.
    error: Option<String>,
    /// Token counts, where the provider sent them.
    usage: Option<TokenCounts>,
    /// What was said; while it runs, what has been kept of it so far.
    messages: Vec<TurnMessage>,
}

/// A message of a turn.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TurnMessage {
    /// Who speaks.
    #[schema(value_type = String)]
    role: Role,
    /// What is said.
    content: String,
}

impl From<Turn> for TurnView {
    fn from(turn: Turn) -> Self {
        let messages = turn.messages.iter();
        let text = |value: Option<Arc<str>>| value.as_deref().map(str::to_owned);
        Self {
            id: turn.id.to_string(),
            session_id: turn.session_id.to_string(),
            number: turn.number,
            state: turn.state,
            started_at: timestamp(turn.started_at_us),
            ended_at: turn.ended_at_us.map(timestamp),
            messages: messages.map(|said| TurnMessage { role: said.role, content: said.spoken() }).collect(),
            usage: turn.usage.as_ref().map(TokenCounts::from),
            agent: text(turn.agent),
            model: text(turn.model),
            finish_reason: text(turn.finish_reason),
            error: text(turn.error),
        }
    }
}

/// Read a turn.
#[utoipa::path(
    get,
    path = "/v1/turns/{id}",
    operation_id = "read_turn",
    tag = "sessions",
    params(("id" = String, Path, description = "The turn's id.")),
    responses((status = 200, body = TurnView), (status = "default", response = crate::ops::docs::ProblemResponse)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    Who(identity): Who,
    within: Within,
    PathId(id): PathId,
) -> Result<Json<TurnView>, Failure> {
    let turn = StoredTurn::of(&app, within.scope(), &id).read().await;
    turn.map(|turn| Json(turn.into())).map_err(|error| Failure::new(error, &identity))
}

/// Follow a turn.
#[utoipa::path(
    get,
    path = "/v1/turns/{id}/stream",
    operation_id = "follow_turn",
    tag = "chat",
    params(
        ("id" = String, Path, description = "The turn's id."),
        ("Last-Event-ID" = Option<u64>, Header, description = "The last event that the client has; those after it follow."),
        FollowParams,
    ),
    responses(
        (status = 200, description = "Its events after that one, as they were told first: `delta`, `step`, `usage`, `done`, `error`.",
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
    let stored = StoredTurn::of(&app, within.scope(), &id);
    let turn = stored.read().await.map_err(refuse)?;
    let has_ended = turn.state != TurnState::Running;
    if has_ended && after > 0 && !is_kept(&app, &Subject::Turn(turn.id.clone()), after).await {
        return Err(Failure::problem(expired(&id), &identity));
    }
    Ok(chat::streamed(stored.follower(after), &turn.session_id, &turn.id))
}

/// Cancel a turn that runs.
#[utoipa::path(
    delete,
    path = "/v1/turns/{id}",
    operation_id = "cancel_turn",
    tag = "chat",
    params(("id" = String, Path, description = "The turn's id.")),
    responses(
        (status = 200, description = "It has ended, and this is what there is of it.", body = TurnView),
        (status = "default", response = ProblemResponse),
    ),
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    Who(identity): Who,
    within: Within,
    PathId(id): PathId,
) -> Result<Json<TurnView>, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let stored = StoredTurn::of(&app, within.scope(), &id);
    let turn = stored.read().await.map_err(refuse)?;
    if turn.state != TurnState::Running {
        let message = format!("turn '{id}' does not run any more: it is {}", turn.state);
        return Err(refuse(Error::new(ErrorKind::Conflict, message)));
    }
    // Should others be out of reach, it may still be here.
    let _ = app.turns().shared.signals.raise(&Subject::Turn(turn.id).cancel_signal()).await;
    match timeout(CANCEL_TIMEOUT, stored.ended()).await {
        Ok(ended) => ended.map(|turn| Json(turn.into())).map_err(refuse),
        Err(_) => {
            let message = format!("turn '{id}' did not end yet; it may be answered by a server out of reach");
            Err(refuse(Error::new(ErrorKind::Overloaded, message).retry_after(CANCEL_TIMEOUT)))
        }
    }
}

/// Try a turn again that has no whole answer.
#[utoipa::path(
    post,
    path = "/v1/turns/{id}/retry",
    operation_id = "retry_turn",
    tag = "chat",
    params(
        ("id" = String, Path, description = "The turn's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body give the same turn."),
    ),
    request_body = RetryRequest,
    responses(
        (status = 200, description = "The answer in a new turn; with `stream`, events `delta`, `step`, `usage`, `done`, `error`.",
            content((super::chat::ChatReply = "application/json"), (ServerSentEvent = "text/event-stream"))),
        (status = "default", response = ProblemResponse),
    ),
)]
pub(crate) async fn retry(
    State(app): State<App>,
    Who(identity): Who,
    within: Within,
    PathId(id): PathId,
    context: axum::Extension<Arc<Context>>,
    OnceBody(request, key): OnceBody<RetryRequest>,
) -> Result<Response, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let turn = StoredTurn::of(&app, within.scope(), &id).read().await.map_err(refuse)?;
    let in_place_of = Some(turn.id.clone());
    let asked = asked_again(&app, turn).map_err(refuse)?;
    let question = Question { in_place_of, idempotency: key, ..chat::ask(&identity, &context, asked) };
    chat::answer(&app, question, request.stream, request.on_disconnect, &identity).await
}

/// What a turn asked, to be asked once more.
fn asked_again(app: &App, turn: Turn) -> Result<Asked, Error> {
    if matches!(turn.state, TurnState::Running | TurnState::Completed) {
        let message =
            format!("turn '{}' is {}: only a failed or interrupted turn is retried", turn.id, turn.state);
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    let agent = turn.agent.as_deref().map(|name| app.runs().roster.get(name)).transpose()?;
    let model = turn.asked_model.unwrap_or_else(|| app.chat_settings().model.clone());
    let message = turn.messages.into_iter().next().unwrap_or_else(|| Message::user(""));
    Ok(Asked { session_id: turn.session_id, message, model, agent })
}

/// Whether the events after this one are still kept.
pub(super) async fn is_kept(app: &App, subject: &Subject, after: u64) -> bool {
    let live = &app.turns().shared.live;
    let read = live.read(&subject.to_string(), after, 1, Duration::ZERO).await;
    matches!(read, Ok(Some(read)) if !read.misses_after(after))
}
