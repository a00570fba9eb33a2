//! What OpenAI tells of a failure, in every protocol of its own.

use bytes::Bytes;
use playhouse_llm::{Encoded, Error, ErrorKind, Protocol};
use serde_json::{Map, Value, json};

use super::complaint;

/// What an upstream of this protocol said of the failure, as it came.
pub(super) fn upstream_body(error: &Error, protocol: Protocol) -> Option<&Bytes> {
    let body: &Encoded = error.upstream.as_ref()?.body.as_ref()?;
    body.bytes_in(protocol)
}

/// Clients read all four fields, though vendors leave some out.
pub(super) fn with_all_fields(own: &Map<String, Value>) -> Map<String, Value> {
    let mut object = own.clone();
    for key in ["message", "type", "param", "code"] {
        object.entry(key).or_insert(Value::Null);
    }
    object
}

/// The members of an error, in an object of their own.
pub(super) fn error_object(error: &Error, status: u16) -> Map<String, Value> {
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
