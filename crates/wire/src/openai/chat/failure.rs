//! Writing errors the way OpenAI does.

use bytes::Bytes;
use playhouse_llm::{Encoded, Error, ErrorKind};
use serde_json::{Map, Value, json};

use super::codec::PROTOCOL;
use super::complaint;
use crate::json;

/// The body of a failure answered with `status`; an upstream's own goes through as it came.
pub(super) fn write_error(error: &Error, status: u16) -> Bytes {
    match upstream_body(error) {
        Some(body) => body.clone(),
        None => Value::Object(error_object(error, status)).to_string().into(),
    }
}

/// The data of the frame that ends a broken stream.
pub(super) fn error_within(error: &Error) -> String {
    let told = upstream_body(error).and_then(|body| json::parse_object(body).ok());
    let object = match told.as_ref().and_then(|fields| fields.get("error")).and_then(Value::as_object) {
        Some(own) => json!({ "error": with_all_fields(own) }),
        None => Value::Object(error_object(error, 500)),
    };
    object.to_string()
}

fn upstream_body(error: &Error) -> Option<&Bytes> {
    let body: &Encoded = error.upstream.as_ref()?.body.as_ref()?;
    body.bytes_in(PROTOCOL)
}

/// Clients read all four fields, though vendors leave some out.
fn with_all_fields(own: &Map<String, Value>) -> Map<String, Value> {
    let mut object = own.clone();
    for key in ["message", "type", "param", "code"] {
        object.entry(key).or_insert(Value::Null);
    }
    object
}

fn error_object(error: &Error, status: u16) -> Map<String, Value> {
    let upstream = error.upstream.as_deref();
    let class = upstream.and_then(|upstream| upstream.class.as_deref());
    let code = upstream.and_then(|upstream| upstream.code.as_deref());
    let told = json!({
        "message": error.message,
        "type": class.unwrap_or_else(|| class_of(error, status)),
        "param": error.param,
        "code": code.or_else(|| code_of(error)),
    });
    Map::from_iter([("error".to_owned(), told)])
}

fn class_of(error: &Error, status: u16) -> &'static str {
    match (error.kind, status) {
        (ErrorKind::BudgetExhausted, _) => "insufficient_quota",
        (ErrorKind::RateLimited, _) | (_, 429) => "rate_limit_error",
        (_, 400..=499) => "invalid_request_error",
        _ => "server_error",
    }
}

fn code_of(error: &Error) -> Option<&'static str> {
    match error.kind {
        ErrorKind::InvalidRequest => complaint::code_of(&error.message),
        ErrorKind::Unauthenticated => Some("invalid_api_key"),
        ErrorKind::NotFound | ErrorKind::PermissionDenied if names_model(error) => Some("model_not_found"),
        ErrorKind::NotFound => None,
        ErrorKind::RateLimited => Some("rate_limit_exceeded"),
        ErrorKind::BudgetExhausted => Some("insufficient_quota"),
        other => Some(other.as_str()),
    }
}

/// What is not found is a model as a rule, but may be a route.
fn names_model(error: &Error) -> bool {
    error.param.as_deref() == Some("model") || error.message.contains("model")
}
