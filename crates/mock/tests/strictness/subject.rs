//! Requests as the double checks them.

use bytes::Bytes;
use http::Method;
use playhouse_llm::{Encoded, Request};
use playhouse_mock::call::{Facts, Form};
use playhouse_mock::protocols::anthropic::count_tokens::CountTokens;
use playhouse_mock::protocols::anthropic::messages::Messages;
use playhouse_mock::protocols::openai::chat::Chat;
use playhouse_mock::protocols::openai::embeddings::Embeddings;
use playhouse_mock::protocols::{MockProtocol, Vendor, Violation};
use playhouse_wire::{AnthropicMessages, OpenAiChat};
use serde_json::Value;

pub(crate) const CHAT_PATH: &str = "/v1/chat/completions";

/// What a client is told.
#[derive(Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: Value,
}

/// The facts of a chat request, also of one that cannot be read.
pub(crate) fn facts(request: &Value) -> Facts {
    let body = Bytes::from(request.to_string());
    let model = request["model"].as_str().unwrap_or_default().to_owned();
    let encoded = Encoded { bytes: body.clone(), decoder: &OpenAiChat };
    Facts::chat("openai-chat", Request::from_encoded(model, false, encoded), Form::default(), body)
}

/// Everything a chat request is refused for, an unknown model first.
pub(crate) fn violations(request: &Value) -> Vec<Violation> {
    let facts = facts(request);
    Chat.unknown_model(&facts).into_iter().chain(Chat.check(&facts)).collect()
}

/// What a client is told of a chat request, if it is refused.
pub(crate) fn refusal(body: &str) -> Option<Refusal> {
    let facts = match Chat.read(&Method::POST, CHAT_PATH, None, Bytes::from(body.to_owned())) {
        Ok(facts) => facts,
        Err(error) => return Some(told(&error)),
    };
    let unknown = Chat.unknown_model(&facts);
    let violation = unknown.or_else(|| Chat.check(&facts).into_iter().next())?;
    Some(told(&violation.to_error("openai")))
}

/// What a client is told of a request for embeddings, if it is refused.
pub(crate) fn embedding_refusal(body: &str) -> Option<Refusal> {
    let path = "/v1/embeddings";
    let facts = match Embeddings.read(&Method::POST, path, None, Bytes::from(body.to_owned())) {
        Ok(facts) => facts,
        Err(error) => return Some(told(&error)),
    };
    let violation =
        Embeddings.check(&facts).into_iter().next().or_else(|| Embeddings.unknown_model(&facts))?;
    Some(told(&violation.to_error("openai")))
}

/// Everything a request for a message is refused for.
pub(crate) fn message_violations(request: &Value) -> Vec<Violation> {
    let body = Bytes::from(request.to_string());
    let model = request["model"].as_str().unwrap_or_default().to_owned();
    let encoded = Encoded { bytes: body.clone(), decoder: &AnthropicMessages };
    let request = Request::from_encoded(model, false, encoded);
    let facts = Facts::chat("anthropic-messages", request, Form::default(), body);
    Messages.check(&facts).into_iter().chain(Messages.unknown_model(&facts)).collect()
}

/// What a client is told of a request for a message, if it is refused.
pub(crate) fn message_refusal(body: &str) -> Option<Refusal> {
    first(&Messages, body)
}

/// What a client is told of a request for a count of tokens, if it is refused.
pub(crate) fn count_refusal(body: &str) -> Option<Refusal> {
    first(&CountTokens, body)
}

fn first(protocol: &dyn MockProtocol, body: &str) -> Option<Refusal> {
    let facts = match protocol.read(&Method::POST, "/v1/messages", None, Bytes::from(body.to_owned())) {
        Ok(facts) => facts,
        Err(error) => return Some(told_by(protocol.vendor(), &error)),
    };
    let violation = protocol.check(&facts).into_iter().next().or_else(|| protocol.unknown_model(&facts))?;
    Some(told_by(protocol.vendor(), &violation.to_error(protocol.vendor().name())))
}

fn told(error: &playhouse_llm::Error) -> Refusal {
    told_by(Chat.vendor(), error)
}

fn told_by(vendor: &dyn Vendor, error: &playhouse_llm::Error) -> Refusal {
    let status = error.upstream_status().unwrap_or(400);
    let body: Value = serde_json::from_slice(&vendor.error_body(error, status, "req_1")).unwrap();
    Refusal { status, error: body["error"].clone() }
}
