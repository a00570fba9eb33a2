//! `POST /v1/chat`: a user message in, an answer out, the session kept.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use playhouse_edge::Identity;
use playhouse_llm::{Context, Error, Usage};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::events;
use super::extract::{Failure, JsonBody, Who};
use super::sse;
use super::turn::{Question, Turn};
use super::unfit;
use crate::app::App;

const MAX_SESSION_ID_CHARS: usize = 128;

/// A user message to be answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatRequest {
    /// What the user says.
    #[schema(min_length = 1, example = "Hello!")]
    message: String,
    /// The conversation it belongs to; an unknown id starts that conversation, none a new one.
    #[schema(min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9._:@~-]+$")]
    session_id: Option<String>,
    /// The model to ask; by default the agent's, or the configured one.
    #[schema(min_length = 1)]
    model: Option<String>,
    /// The agent to answer in place of the model alone.
    #[schema(min_length = 1)]
    agent: Option<String>,
    /// Whether to answer in pieces, as server-sent events.
    #[serde(default)]
    stream: bool,
}

/// The answer to a user message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatReply {
    /// What the model said.
    content: String,
    /// The model that answered, as it names itself.
    model: String,
    /// Token counts; null where the provider sent none.
    usage: Option<TokenCounts>,
    /// The conversation.
    #[schema(value_type = String)]
    session_id: Arc<str>,
    /// The turn: this message and its answer.
    #[schema(value_type = String)]
    turn_id: Arc<str>,
    /// The run that answered; only where an agent did.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<Arc<str>>,
}

/// Token counts of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TokenCounts {
    /// Tokens the model read.
    pub(crate) prompt_tokens: u64,
    /// Tokens the model wrote.
    pub(crate) completion_tokens: u64,
    /// All of them.
    pub(crate) total_tokens: u64,
}

impl From<&Usage> for TokenCounts {
    fn from(usage: &Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.total_tokens,
        }
    }
}

/// Answer a user message within a session.
#[utoipa::path(
    post,
    path = "/v1/chat",
    tag = "chat",
    request_body = ChatRequest,
    responses(
        (status = 200, description = "The answer; with `stream`, events `delta`, `step`, `usage`, `done`, `error`.",
            content((ChatReply = "application/json"), (crate::ops::docs::ServerSentEvent = "text/event-stream"))),
        (status = "default", response = crate::ops::docs::ProblemResponse),
    ),
)]
pub(crate) async fn chat(
    State(app): State<App>,
    Who(identity): Who,
    context: axum::Extension<Arc<Context>>,
    JsonBody(request): JsonBody<ChatRequest>,
) -> Result<Response, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let question = question(&app, &identity, &context, &request).map_err(refuse)?;
    // Before anything is kept of it.
    app.gate().check_model(&question.context, &question.model).await.map_err(refuse)?;
    let turn = Turn::begin(&app, question).await.map_err(refuse)?;
    if request.stream {
        return Ok(events::response(turn.ask_streamed(sse::KEEP_ALIVE).await.map_err(refuse)?));
    }
    let answered = turn.ask().await.map_err(refuse)?;
    let reply = ChatReply {
        content: answered.reply.content(),
        usage: answered.reply.usage.as_ref().map(TokenCounts::from),
        model: answered.reply.model,
        session_id: answered.session_id,
        turn_id: answered.turn_id,
        run_id: answered.run_id,
    };
    Ok(Json(reply).into_response())
}

fn question(
    app: &App,
    identity: &Identity,
    context: &Context,
    request: &ChatRequest,
) -> Result<Question, Error> {
    if request.message.trim().is_empty() {
        return Err(unfit("message", "message is empty; send what the user says"));
    }
    if request.model.as_deref() == Some("") {
        return Err(unfit("model", "model is empty; name one, or leave it out for the default"));
    }
    let agent = request.agent.as_deref().map(|name| app.runs().roster.get(name)).transpose()?;
    let session_id = match request.session_id.as_deref() {
        Some(id) => Arc::from(sane_session_id(id)?),
        None => new_id(),
    };
    let model = match (&agent, request.model.as_deref()) {
        (_, Some(model)) => Arc::from(model),
        (Some(agent), None) => agent.model.clone(),
        (None, None) => app.chat_settings().model.clone(),
    };
    let turn_id = new_id();
    let context = Context {
        session_id: Some(session_id.clone()),
        turn_id: Some(turn_id.clone()),
        cache_wish: context.cache_wish,
        trail: context.trail.clone(),
        key_id: context.key_id.clone(),
        allowance: context.allowance.clone(),
        ..identity.context()
    };
    let message = request.message.clone();
    Ok(Question { session_id, turn_id, message, model, agent, context: Arc::new(context) })
}

fn sane_session_id(id: &str) -> Result<&str, Error> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"._:@~-".contains(&byte);
    if id.is_empty() || id.len() > MAX_SESSION_ID_CHARS || !id.bytes().all(is_fit) {
        let message = "session_id takes 1 to 128 letters, digits and . _ : @ ~ -";
        return Err(unfit("session_id", message));
    }
    Ok(id)
}

fn new_id() -> Arc<str> {
    Arc::from(Uuid::now_v7().to_string())
}
