//! `POST /v1/chat`: a user message in, an answer out, the session kept.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use playhouse_edge::Identity;
use playhouse_llm::{Context, Error, Message, Usage};
use playhouse_store::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{Failure, Who};
use super::idempotency::OnceBody;
use super::stored_turn::StoredTurn;
use super::turn::Question;
use super::{sse, turn_task, unfit};
use crate::agents::roster::ServedAgent;
use crate::app::App;
use crate::config::OnDisconnect;
use crate::live::Follower;
use crate::turns::NotBegun;

/// The headers that name the turn and its conversation, so that a client can come back to them.
const TURN_ID: HeaderName = HeaderName::from_static("x-turn-id");
const SESSION_ID: HeaderName = HeaderName::from_static("x-session-id");

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
    /// What becomes of the turn when the client leaves: `continue` or `cancel`; by default what is configured.
    #[schema(value_type = Option<String>, pattern = "^(continue|cancel)$")]
    on_disconnect: Option<OnDisconnect>,
}

/// The answer to a user message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatReply {
    /// What the model said.
    pub(super) content: String,
    /// The model that answered, as it names itself.
    pub(super) model: String,
    /// Token counts; null where the provider sent none.
    pub(super) usage: Option<TokenCounts>,
    /// The conversation.
    #[schema(value_type = String)]
    pub(super) session_id: Arc<str>,
    /// The turn: this message and its answer.
    #[schema(value_type = String)]
    pub(super) turn_id: Arc<str>,
    /// The run that answered; only where an agent did.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run_id: Option<Arc<str>>,
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
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body give the same turn.")),
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
    OnceBody(request, key): OnceBody<ChatRequest>,
) -> Result<Response, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let question = question(&app, &identity, &context, &request).map_err(refuse)?;
    // Before anything is kept of it.
    app.gate().check_model(&question.context, &question.model).await.map_err(refuse)?;
    let question = Question { idempotency: key, ..question };
    answer(&app, question, request.stream, request.on_disconnect, &identity).await
}

/// Answers a question, or a second time what was asked before.
pub(super) async fn answer(
    app: &App,
    question: Question,
    stream: bool,
    on_disconnect: Option<OnDisconnect>,
    identity: &Identity,
) -> Result<Response, Failure> {
    let (session_id, turn_id) = (question.session_id.clone(), question.turn_id.clone());
    let on_disconnect = on_disconnect.unwrap_or_else(|| app.on_disconnect());
    let answered = match stream {
        true => turn_task::stream(app, question, on_disconnect)
            .await
            .map(|follower| streamed(follower, &session_id, &turn_id)),
        false => turn_task::answer(app, question, on_disconnect).await.map(|answered| {
            whole(ChatReply {
                content: answered.reply.content(),
                usage: answered.reply.usage.as_ref().map(TokenCounts::from),
                model: answered.reply.model,
                session_id: answered.session_id,
                turn_id: answered.turn_id,
                run_id: answered.run_id,
            })
        }),
    };
    match answered {
        Ok(response) => Ok(response),
        Err(NotBegun::Before(id)) => {
            answer_again(app, &id, stream).await.map_err(|error| Failure::new(error, identity))
        }
        Err(NotBegun::KeyTaken) => Err(Failure::key_taken(identity)),
        Err(NotBegun::Refused(error)) => Err(Failure::new(error, identity)),
    }
}

/// The answer of a turn that the same request has begun before: the same events, the same content.
async fn answer_again(app: &App, turn_id: &str, stream: bool) -> Result<Response, Error> {
    // Whoever has the key has the turn: a key is its caller's own.
    let stored = StoredTurn::of(app, Scope::Everything, turn_id);
    if stream {
        let turn = stored.read().await?;
        return Ok(streamed(stored.follower(0), &turn.session_id, &turn.id));
    }
    let turn = stored.ended().await?;
    Ok(whole(stored.answer(turn).await?))
}

/// The response that tells a turn as it goes.
pub(super) fn streamed(follower: Follower, session_id: &str, turn_id: &str) -> Response {
    named(sse::response(follower), session_id, turn_id)
}

fn whole(reply: ChatReply) -> Response {
    let (session_id, turn_id) = (reply.session_id.clone(), reply.turn_id.clone());
    named(Json(reply).into_response(), &session_id, &turn_id)
}

fn named(mut response: Response, session_id: &str, turn_id: &str) -> Response {
    for (name, id) in [(SESSION_ID, session_id), (TURN_ID, turn_id)] {
        // Both are plain ASCII.
        if let Ok(id) = HeaderValue::from_str(id) {
            response.headers_mut().insert(name, id);
        }
    }
    response
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
    let message = Message::user(&*request.message);
    Ok(ask(identity, context, Asked { session_id, message, model, agent }))
}

/// Who is asked what, and where.
pub(super) struct Asked {
    pub(super) session_id: Arc<str>,
    pub(super) message: Message,
    pub(super) model: Arc<str>,
    pub(super) agent: Option<Arc<ServedAgent>>,
}

/// The question of a new turn.
pub(super) fn ask(identity: &Identity, context: &Context, asked: Asked) -> Question {
    let turn_id = new_id();
    let context = Context {
        session_id: Some(asked.session_id.clone()),
        turn_id: Some(turn_id.clone()),
        cache_wish: context.cache_wish,
        trail: context.trail.clone(),
        key_id: context.key_id.clone(),
        allowance: context.allowance.clone(),
        ..identity.context()
    };
    Question {
        session_id: asked.session_id,
        turn_id,
        message: asked.message,
        model: asked.model,
        agent: asked.agent,
        context: Arc::new(context),
        in_place_of: None,
        idempotency: None,
    }
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
