//! Errors the way Anthropic tells them.

use bytes::Bytes;
use playhouse_llm::{Encoded, Error, ErrorKind};
use serde_json::{Map, Value, json};

use super::codec::{AnthropicMessages, PROTOCOL};
use crate::codec::UpstreamAnswer;
use crate::refusal::{self, OwnShape};
use crate::sse::Frame;

const OWN: OwnShape = OwnShape { decoder: &AnthropicMessages, holds: is_own_shape };

/// Reads an answer that refuses.
pub(super) fn read_error(answer: UpstreamAnswer) -> Error {
    refusal::read_error(answer, OWN)
}

/// Reads an error that came within an answer.
pub(super) fn read_within(data: Bytes) -> Error {
    refusal::read_within(data, OWN)
}

fn is_own_shape(fields: &Map<String, Value>) -> bool {
    let tells = fields.get("error").and_then(|error| error.get("message")).is_some_and(Value::is_string);
    tells && fields.get("type").and_then(Value::as_str) == Some("error")
}

/// The body of a failure answered with `status`; an upstream's own goes through as it came.
pub(super) fn write_error(error: &Error, status: u16, request_id: &str) -> Bytes {
    upstream_body(error).cloned().unwrap_or_else(|| told(error, status, request_id).to_string().into())
}

/// The event that ends a broken stream.
pub(super) fn error_event(error: &Error, request_id: &str) -> Bytes {
    let data = upstream_body(error).cloned();
    let data = data.unwrap_or_else(|| told(error, status_of(error.kind), request_id).to_string().into());
    Frame::new(&data).named("error").to_bytes()
}

fn upstream_body(error: &Error) -> Option<&Bytes> {
    let body: &Encoded = error.upstream.as_ref()?.body.as_ref()?;
    body.bytes_in(PROTOCOL)
}

fn told(error: &Error, status: u16, request_id: &str) -> Value {
    json!({
        "type": "error",
        "error": { "type": class_of(error, status), "message": error.message },
        "request_id": request_id,
    })
}

/// What would be answered, had the stream not begun.
fn status_of(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::RateLimited => 429,
        ErrorKind::Overloaded => 529,
        ErrorKind::Timeout(_) => 504,
        _ => 500,
    }
}

/// The class of a failure (<https://docs.anthropic.com/en/api/errors>).
fn class_of(error: &Error, status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | 529 => "overloaded_error",
        504 => "timeout_error",
        400..=499 => "invalid_request_error",
        _ if error.kind == ErrorKind::Overloaded => "overloaded_error",
        _ => "api_error",
    }
}
