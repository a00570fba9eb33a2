//! `/v1/turns`: one user message and its answer.

use axum::Json;
use axum::extract::State;
use playhouse_llm::{Error, ErrorKind, Role};
use playhouse_store::{Turn, TurnState};
use serde::Serialize;
use utoipa::ToSchema;

use super::chat::TokenCounts;
use super::extract::{Failure, PathId, Who, Within};
use super::timestamp;
use crate::app::App;
use crate::failure::store_failure;

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
    /// The model that answered.
    model: Option<String>,
    /// Why the model stopped.
    finish_reason: Option<String>,
    /// The kind of failure, if it failed.
    error: Option<String>,
    /// Token counts, where the provider sent them.
    usage: Option<TokenCounts>,
    /// What was said.
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
        let text = |value: Option<std::sync::Arc<str>>| value.as_deref().map(str::to_owned);
        Self {
            id: turn.id.to_string(),
            session_id: turn.session_id.to_string(),
            number: turn.number,
            state: turn.state,
            started_at: timestamp(turn.started_at_us),
            ended_at: turn.ended_at_us.map(timestamp),
            messages: messages.map(|said| TurnMessage { role: said.role, content: said.spoken() }).collect(),
            usage: turn.usage.as_ref().map(TokenCounts::from),
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
    match app.store().turn(&within.scope(), &id).await {
        Ok(Some(turn)) => Ok(Json(turn.into())),
        Ok(None) => {
            let error = Error::new(ErrorKind::NotFound, format!("there is no turn '{id}'"));
            Err(Failure::new(error, &identity))
        }
        Err(error) => Err(Failure::new(store_failure(&error), &identity)),
    }
}
