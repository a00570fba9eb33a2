//! The contract (`/openapi.json`) and the page that shows it (`/docs`).

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi, ToResponse, ToSchema};

use crate::app::App;
use crate::{native, ops};

/// The page is one file that asks nobody but this server.
const PAGE: &str = include_str!("docs.html");

/// A failure, as RFC 9457 problem details.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: `status` and `code` say what kind of problem this is.
    r#type: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What failed, for which input, and what to do.
    detail: String,
    /// The stable name of the kind of failure.
    code: String,
    /// The offending field of the request, where one is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<String>,
    /// The request's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

/// What failed, and what to do about it.
#[derive(ToResponse)]
#[response(description = "What failed, and what to do about it.", content_type = "application/problem+json")]
#[expect(dead_code, reason = "it only describes a response")]
pub(crate) struct ProblemResponse(Problem);

/// An OpenAI chat completion request; every field of that API is passed on.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it only describes a body that is passed on as it came")]
pub(crate) struct ChatCompletionRequest {
    /// An alias, `provider/model`, or a provider's model name.
    #[schema(min_length = 1, example = "gpt-4o-mini")]
    model: String,
    /// The conversation.
    #[schema(min_items = 1, example = json!([{"role": "user", "content": "Hello!"}]))]
    messages: Vec<CompletionMessage>,
    /// Whether to answer in pieces, as server-sent events.
    stream: Option<bool>,
}

/// A message of a chat completion request; every field of that API is passed on.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it only describes a body that is passed on as it came")]
pub(crate) struct CompletionMessage {
    /// Who speaks.
    role: CompletionRole,
}

/// Who speaks in a chat completion request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CompletionRole {
    System,
    Developer,
    User,
    Assistant,
    Tool,
    Function,
}

/// An Anthropic Messages request; every field of that API is passed on.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it only describes a body that is passed on as it came")]
pub(crate) struct MessagesRequest {
    /// An alias, `provider/model`, or a provider's model name.
    #[schema(min_length = 1, example = "claude-haiku-4-5")]
    model: String,
    /// The conversation.
    #[schema(min_items = 1, example = json!([{"role": "user", "content": "Hello!"}]))]
    messages: Vec<MessagesTurn>,
    /// The bound of the answer, in tokens.
    #[schema(minimum = 1, example = 200)]
    max_tokens: Option<u64>,
    /// Whether to answer in pieces, as server-sent events.
    stream: Option<bool>,
}

/// A message of an Anthropic Messages request; every field of that API is passed on.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it only describes a body that is passed on as it came")]
pub(crate) struct MessagesTurn {
    /// Who speaks.
    role: MessagesRole,
}

/// Who speaks in an Anthropic Messages request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MessagesRole {
    User,
    Assistant,
}

/// An OpenAI Responses request; every field of that API is passed on.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it only describes a body that is passed on as it came")]
pub(crate) struct ResponsesRequest {
    /// An alias, `provider/model`, or a provider's model name.
    #[schema(min_length = 1, example = "gpt-4o-mini")]
    model: String,
    /// What is asked: a text, or a list of items.
    #[schema(example = "Hello!")]
    input: Option<ResponsesInput>,
    /// Whether to answer in pieces, as server-sent events.
    stream: Option<bool>,
}

/// What is asked by a Responses request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it only describes a body that is passed on as it came")]
pub(crate) enum ResponsesInput {
    Text(String),
    Items(Vec<ResponsesMessage>),
}

/// A message of a Responses request; every field of that API is passed on, and so are its other items.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it only describes a body that is passed on as it came")]
pub(crate) struct ResponsesMessage {
    /// Who speaks.
    role: ResponsesRole,
}

/// Who speaks in a Responses request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ResponsesRole {
    System,
    Developer,
    User,
    Assistant,
}

/// An OpenAI embeddings request; every field of that API is passed on.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it only describes a body that is passed on as it came")]
pub(crate) struct EmbeddingsRequest {
    /// An alias, `provider/model`, or a provider's model name.
    #[schema(min_length = 1, example = "text-embedding-3-small")]
    model: String,
    /// What to embed.
    input: EmbeddingsInput,
    /// How long the vectors shall be, where the model lets one choose.
    #[schema(minimum = 1)]
    dimensions: Option<u32>,
    /// How the numbers are written: `float` or `base64`.
    encoding_format: Option<String>,
}

/// A text, several, the tokens of one, or those of several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it only describes a body that is passed on as it came")]
pub(crate) enum EmbeddingsInput {
    Text(String),
    Texts(Vec<String>),
    Tokens(Vec<u32>),
    ManyTokens(Vec<Vec<u32>>),
}

/// An event of a stream.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServerSentEvent {
    /// Counts up within a turn; native streams only.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// What it is: `delta`, `step`, `run`, `usage`, `done` or `error`; native streams only.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    /// JSON, or `[DONE]` at the end of a compatible stream.
    data: String,
}

/// OpenAI's error body.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenAiError {
    /// The error.
    #[schema(value_type = Object)]
    error: serde_json::Value,
}

/// Anthropic's error body.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnthropicError {
    /// Always `error`.
    r#type: String,
    /// The error.
    #[schema(value_type = Object)]
    error: serde_json::Value,
    /// The request's id.
    request_id: String,
}

/// Answer as OpenAI's Responses do.
#[utoipa::path(
    post,
    path = "/v1/responses",
    tag = "compatible",
    request_body = ResponsesRequest,
    responses(
        (status = 200, description = "A response, or a stream of its events.",
            content((serde_json::Value = "application/json"), (ServerSentEvent = "text/event-stream"))),
        (status = "default", description = "An error as OpenAI sends it.", body = OpenAiError),
    ),
)]
#[expect(dead_code, reason = "the edge answers this route; this describes it")]
fn responses() {}

/// Read a response that is kept.
///
/// With `?stream=true` one that was asked for with `background` and `stream` is told in its events, with
/// `starting_after=N` those after that number; any other is refused then.
#[utoipa::path(
    get,
    path = "/v1/responses/{id}",
    tag = "compatible",
    params(("id" = String, Path, description = "The response's id.")),
    responses(
        (status = 200, description = "The response, or a stream of its events.",
            content((serde_json::Value = "application/json"), (ServerSentEvent = "text/event-stream"))),
        (status = "default", description = "An error as OpenAI sends it.", body = OpenAiError),
    ),
)]
#[expect(dead_code, reason = "this describes a route whose errors have OpenAI's shape")]
fn read_response() {}

/// Delete a response.
#[utoipa::path(
    delete,
    path = "/v1/responses/{id}",
    tag = "compatible",
    params(("id" = String, Path, description = "The response's id.")),
    responses(
        (status = 200, description = "It is gone.", body = serde_json::Value),
        (status = "default", description = "An error as OpenAI sends it.", body = OpenAiError),
    ),
)]
#[expect(dead_code, reason = "this describes a route whose errors have OpenAI's shape")]
fn delete_response() {}

/// Cancel a response that is made in the background.
#[utoipa::path(
    post,
    path = "/v1/responses/{id}/cancel",
    tag = "compatible",
    params(("id" = String, Path, description = "The response's id.")),
    responses(
        (status = 200, description = "It has ended, and this is what there is of it.", body = serde_json::Value),
        (status = "default", description = "An error as OpenAI sends it.", body = OpenAiError),
    ),
)]
#[expect(dead_code, reason = "this describes a route whose errors have OpenAI's shape")]
fn cancel_response() {}

/// List what was asked in a response, with all that was said before.
#[utoipa::path(
    get,
    path = "/v1/responses/{id}/input_items",
    tag = "compatible",
    params(
        ("id" = String, Path, description = "The response's id."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many at most; 20 unless told otherwise."),
        ("order" = Option<String>, Query, pattern = "^(asc|desc)$", description = "Newest first (`desc`) unless told otherwise."),
        ("after" = Option<String>, Query, description = "The id of the item that they follow."),
        ("before" = Option<String>, Query, description = "The id of the item that they come before."),
    ),
    responses(
        (status = 200, description = "A page of items.", body = serde_json::Value),
        (status = "default", description = "An error as OpenAI sends it.", body = OpenAiError),
    ),
)]
#[expect(dead_code, reason = "this describes a route whose errors have OpenAI's shape")]
fn list_input_items() {}

/// Answer as Anthropic's Messages do.
#[utoipa::path(
    post,
    path = "/v1/messages",
    tag = "compatible",
    request_body = MessagesRequest,
    responses(
        (status = 200, description = "A message, or a stream of its events.",
            content((serde_json::Value = "application/json"), (ServerSentEvent = "text/event-stream"))),
        (status = "default", description = "An error as Anthropic sends it.", body = AnthropicError),
    ),
)]
#[expect(dead_code, reason = "the edge answers this route; this describes it")]
fn messages() {}

/// Count the tokens of an Anthropic Messages request.
#[utoipa::path(
    post,
    path = "/v1/messages/count_tokens",
    tag = "compatible",
    request_body = MessagesRequest,
    responses(
        (status = 200, description = "The count; an estimate where the provider speaks another protocol.",
            body = serde_json::Value),
        (status = "default", description = "An error as Anthropic sends it.", body = AnthropicError),
    ),
)]
#[expect(dead_code, reason = "the edge answers this route; this describes it")]
fn count_tokens() {}

/// Answer as OpenAI's chat completions do.
#[utoipa::path(
    post,
    path = "/v1/chat/completions",
    tag = "compatible",
    request_body = ChatCompletionRequest,
    responses(
        (status = 200, description = "A chat completion, or a stream of its chunks.",
            content((serde_json::Value = "application/json"), (ServerSentEvent = "text/event-stream"))),
        (status = "default", description = "An error as OpenAI sends it.", body = OpenAiError),
    ),
)]
#[expect(dead_code, reason = "the edge answers this route; this describes it")]
fn chat_completions() {}

/// Turn texts into vectors, as OpenAI's embeddings do.
#[utoipa::path(
    post,
    path = "/v1/embeddings",
    tag = "compatible",
    request_body = EmbeddingsRequest,
    responses(
        (status = 200, description = "A vector for every text.", body = serde_json::Value),
        (status = "default", description = "An error as OpenAI sends it.", body = OpenAiError),
    ),
)]
#[expect(dead_code, reason = "the edge answers this route; this describes it")]
fn embeddings() {}

/// List the models.
#[utoipa::path(
    get,
    path = "/v1/models",
    tag = "compatible",
    responses(
        (status = 200, description = "The models.", body = serde_json::Value),
        (status = "default", description = "An error as OpenAI sends it.", body = OpenAiError),
    ),
)]
#[expect(dead_code, reason = "the edge answers this route; this describes it")]
fn list_models() {}

/// Read one of the models.
#[utoipa::path(
    get,
    path = "/v1/models/{id}",
    tag = "compatible",
    params(("id" = String, Path, description = "The model's name, as the list has it.")),
    responses(
        (status = 200, description = "The model.", body = serde_json::Value),
        (status = "default", description = "An error as OpenAI sends it.", body = OpenAiError),
    ),
)]
#[expect(dead_code, reason = "the edge answers this route; this describes it")]
fn read_model() {}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Playhouse",
        description = "Run LLM apps in production: chat sessions, streaming, OpenAI- and Anthropic-compatible endpoints over any provider.",
    ),
    paths(
        native::chat::chat,
        native::sessions::list,
        native::sessions::read,
        native::sessions::delete,
        native::turns::read,
        native::turns::stream,
        native::turns::cancel,
        native::turns::retry,
        native::agents::list,
        native::agents::run,
        native::runs::list,
        native::runs::read,
        native::runs::cancel,
        native::runs::stream,
        native::runs::resume,
        native::keys::create,
        native::keys::list,
        native::keys::read,
        native::keys::update,
        native::keys::revoke,
        native::calls::list,
        native::calls::stats,
        chat_completions,
        embeddings,
        messages,
        count_tokens,
        responses,
        read_response,
        delete_response,
        cancel_response,
        list_input_items,
        list_models,
        read_model,
        ops::health::alive,
        ops::health::ready,
        ops::health::detailed,
        ops::metrics::metrics,
    ),
    tags(
        (name = "chat", description = "Chat with sessions."),
        (name = "sessions", description = "What was said."),
        (name = "agents", description = "Models that call tools, and their runs."),
        (name = "compatible", description = "What OpenAI's and Anthropic's clients speak."),
        (name = "keys", description = "Who else may call, and how much; for operators."),
        (name = "calls", description = "What the models were asked, how fast they answered, and what it cost."),
        (name = "operations", description = "How the server is."),
    ),
    components(schemas(Problem, native::calls::OutcomeName, native::calls::StatsByName), responses(ProblemResponse)),
    modifiers(&BearerKey),
    security(("api_key" = []), ()),
)]
struct Contract;

struct BearerKey;

impl Modify for BearerKey {
    fn modify(&self, contract: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        contract.components.get_or_insert_default().add_security_scheme("api_key", scheme);
    }
}

/// The API's contract as pretty JSON.
pub fn openapi() -> String {
    // A contract is plain data: it always serializes.
    Contract::openapi().to_pretty_json().unwrap_or_default()
}

/// The contract.
pub(crate) async fn openapi_json(State(_app): State<App>) -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], openapi()).into_response()
}

/// The page that shows the contract and lets people try it.
pub(crate) async fn page() -> Response {
    // Nothing from elsewhere, and nobody may frame it: it can hold a key while it is open.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                  frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(PAGE)).into_response()
}
