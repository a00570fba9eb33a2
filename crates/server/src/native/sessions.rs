//! `/v1/sessions`: the conversations.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use playhouse_llm::{Error, ErrorKind, Malformed, Role};
use playhouse_store::{
    MessagePage, Page, SessionDetail, SessionMessage, SessionSummary, StoreError, TurnState,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Failure, Params, PathId, Who, Within};
use super::timestamp;
use crate::app::App;
use crate::failure::store_failure;

const MAX_SESSIONS: u32 = 100;
const MAX_MESSAGES: u32 = 1000;

/// Which sessions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before.
    #[param(pattern = "^[0-9]{1,18}-[0-9]{1,18}$")]
    after: Option<String>,
    /// Only those of this API key; for operators.
    key_id: Option<String>,
}

/// Which messages of a session to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessageParams {
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// The `before` of the page of newer messages.
    #[param(minimum = 0, maximum = 9223372036854775807_i64)]
    before: Option<u64>,
    /// The API key whose it is; for operators, who else are shown their own first.
    key_id: Option<String>,
}

/// Which conversation to delete.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteParams {
    /// The API key whose it is; for operators, who else mean their own first.
    key_id: Option<String>,
}

/// Conversations, newest activity first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionList {
    /// The conversations.
    sessions: Vec<SessionInfo>,
    /// What to ask `after` for the next page; null on the last.
    next: Option<String>,
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionInfo {
    /// Its id.
    id: String,
    /// When it began.
    #[schema(format = DateTime)]
    created_at: String,
    /// When its last turn began.
    #[schema(format = DateTime)]
    active_at: String,
    /// How many turns it has.
    turns: u32,
    /// The id of the API key whose it is; null for the operators' own.
    key_id: Option<String>,
}

/// A conversation with its messages, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    #[serde(flatten)]
    session: SessionInfo,
    /// The messages.
    messages: Vec<MessageView>,
    /// What to ask `before` for older messages; null when there are none.
    before: Option<u64>,
}

/// A message of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageView {
    /// Who speaks: `system`, `developer`, `user`, `assistant` or `tool`.
    #[schema(value_type = String)]
    role: Role,
    /// What is said.
    content: String,
    /// The turn it belongs to.
    turn_id: String,
    /// How that turn stands: `running`, `completed`, `failed` or `interrupted`.
    #[schema(value_type = String)]
    turn_state: TurnState,
    /// When it was stored; null where that is not known.
    #[schema(format = DateTime)]
    created_at: Option<String>,
}

impl From<SessionSummary> for SessionInfo {
    fn from(session: SessionSummary) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: timestamp(session.created_at_us),
            active_at: timestamp(session.active_at_us),
            turns: session.turns,
            key_id: session.key_id.as_deref().map(str::to_owned),
        }
    }
}

impl From<SessionMessage> for MessageView {
    fn from(stored: SessionMessage) -> Self {
        Self {
            role: stored.message.role,
            content: stored.message.spoken(),
            turn_id: stored.turn_id.to_string(),
            turn_state: stored.turn_state,
            created_at: stored.at_us.map(timestamp),
        }
    }
}

impl From<SessionDetail> for SessionView {
    fn from(detail: SessionDetail) -> Self {
        Self {
            session: detail.summary.into(),
            messages: detail.messages.into_iter().map(MessageView::from).collect(),
            before: detail.before,
        }
    }
}

/// List the conversations.
#[utoipa::path(
    get,
    path = "/v1/sessions",
    operation_id = "list_sessions",
    tag = "sessions",
    params(ListParams),
    responses((status = 200, body = SessionList), (status = "default", response = crate::ops::docs::ProblemResponse)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Who(identity): Who,
    within: Within,
    Params(params): Params<ListParams>,
) -> Result<Json<SessionList>, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let limit = super::limit(params.limit, 50, MAX_SESSIONS).map_err(refuse)?;
    let scope = within.narrowed(params.key_id).map_err(refuse)?;
    let page = app.store().list_sessions(&scope, Page { limit, after: params.after }).await;
    let page = page.map_err(|error| refuse(store_failure(&error)))?;
    let sessions = page.sessions.into_iter().map(SessionInfo::from).collect();
    Ok(Json(SessionList { sessions, next: page.next }))
}

/// Read a conversation.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}",
    operation_id = "read_session",
    tag = "sessions",
    params(("id" = String, Path, description = "The conversation's id."), MessageParams),
    responses((status = 200, body = SessionView), (status = "default", response = crate::ops::docs::ProblemResponse)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    Who(identity): Who,
    within: Within,
    PathId(id): PathId,
    Params(params): Params<MessageParams>,
) -> Result<Json<SessionView>, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let limit = super::limit(params.limit, 100, MAX_MESSAGES).map_err(refuse)?;
    if params.before.is_some_and(|before| i64::try_from(before).is_err()) {
        return Err(refuse(Error::invalid_request(Malformed::at(
            "before",
            "before is no position of a message",
        ))));
    }
    let scope = within.narrowed(params.key_id).map_err(refuse)?;
    let found = app.store().session(&scope, &id, MessagePage { limit, before: params.before }).await;
    match found {
        Ok(Some(detail)) => Ok(Json(detail.into())),
        Ok(None) => Err(refuse(unknown(&id))),
        Err(error) => Err(refuse(store_failure(&error))),
    }
}

/// Delete a conversation with all it holds.
#[utoipa::path(
    delete,
    path = "/v1/sessions/{id}",
    operation_id = "delete_session",
    tag = "sessions",
    params(("id" = String, Path, description = "The conversation's id."), DeleteParams),
    responses((status = 204, description = "It is gone."), (status = "default", response = crate::ops::docs::ProblemResponse)),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    Who(identity): Who,
    within: Within,
    PathId(id): PathId,
    Params(params): Params<DeleteParams>,
) -> Result<StatusCode, Failure> {
    let scope = within.narrowed(params.key_id).map_err(|error| Failure::new(error, &identity))?;
    let deleted: Result<bool, StoreError> = app.store().delete_session(&scope, &id).await;
    match deleted {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err(Failure::new(unknown(&id), &identity)),
        Err(error) => Err(Failure::new(store_failure(&error), &identity)),
    }
}

fn unknown(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no session '{id}'"))
}
