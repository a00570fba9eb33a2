//! Errors the way OpenAI tells them here: as a body, or as an event.

use bytes::Bytes;
use playhouse_llm::{Encoded, Error};
use serde_json::{Map, Value, json};

use super::codec::{OpenAiResponses, PROTOCOL};
use super::events::Events;
use crate::codec::UpstreamAnswer;
use crate::json;
use crate::openai::failure::{error_object, upstream_body, with_all_fields};
use crate::refusal::{self, OwnShape};
use crate::sse::Frame;

const OWN: OwnShape = OwnShape { decoder: &OpenAiResponses, holds: is_own_body };

/// Reads an answer that refuses.
pub(super) fn read_error(answer: UpstreamAnswer) -> Error {
    refusal::read_error(answer, OWN)
}

/// Reads an error that came within an answer: as an event (`error`, `response.failed`), or as a whole answer
/// that failed.
pub(super) fn read_within(data: Bytes) -> Error {
    let fields = json::parse_object(&data).unwrap_or_default();
    let response = fields.get("response").unwrap_or(&Value::Null);
    let told = match response.get("error").filter(|error| error.is_object()) {
        Some(error) => json!({ "error": error }).to_string().into(),
        None => data.clone(),
    };
    let mut error = refusal::read_within(told, OWN);
    if let Some(upstream) = &mut error.upstream {
        // That is the event's type, not the failure's class.
        upstream.class = upstream.class.take().filter(|class| class != "error" && class != "response.failed");
        let keeps = is_event(&fields) || is_own_body(&fields);
        upstream.body = keeps.then_some(Encoded { bytes: data, decoder: &OpenAiResponses });
    }
    error
}

fn is_own_body(fields: &Map<String, Value>) -> bool {
    let tells = fields.get("error").and_then(|error| error.get("message")).is_some_and(Value::is_string);
    tells && !is_event(fields) && !fields.contains_key("output")
}

fn is_event(fields: &Map<String, Value>) -> bool {
    fields
        .get("type")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind == "error" || kind == "response.failed")
}

/// The body of a failure answered with `status`; an upstream's own goes through as it came.
pub(super) fn write_error(error: &Error, status: u16) -> Bytes {
    let own = upstream_body(error, PROTOCOL);
    let own = own.filter(|body| json::parse_object(body).is_ok_and(|fields| is_own_body(&fields)));
    own.cloned().unwrap_or_else(|| Value::Object(error_object(error, status)).to_string().into())
}

/// The event that ends a broken stream; an upstream's own goes through as it came.
pub(super) fn write_event(error: &Error, events: &mut Events) -> Bytes {
    let own = upstream_body(error, PROTOCOL);
    let fields = own.and_then(|body| json::parse_object(body).ok()).unwrap_or_default();
    if let (Some(body), Some(name)) =
        (own.filter(|_| is_event(&fields)), fields.get("type").and_then(Value::as_str))
    {
        return Frame::new(body).named(name).to_bytes();
    }
    let told = fields.get("error").and_then(Value::as_object).map(with_all_fields);
    let told = told.unwrap_or_else(|| {
        let object = error_object(error, 500);
        object.get("error").and_then(Value::as_object).cloned().unwrap_or_default()
    });
    let member = |key: &str| told.get(key).cloned().unwrap_or_default();
    let code = Some(member("code")).filter(|code| !code.is_null()).unwrap_or_else(|| member("type"));
    // OpenAI documents the members beside each other, and sends them in an object, which its clients raise.
    events.tell(
        "error",
        &json!({ "code": code, "message": member("message"), "param": member("param"), "error": told }),
    );
    events.take()
}
