//! Writing errors the way OpenAI does.

use bytes::Bytes;
use playhouse_llm::Error;
use serde_json::{Value, json};

use super::codec::PROTOCOL;
use crate::json;
use crate::openai::failure::{error_object, upstream_body, with_all_fields};

/// The body of a failure answered with `status`; an upstream's own goes through as it came.
pub(super) fn write_error(error: &Error, status: u16) -> Bytes {
    match upstream_body(error, PROTOCOL) {
        Some(body) => body.clone(),
        None => Value::Object(error_object(error, status)).to_string().into(),
    }
}

/// The data of the frame that ends a broken stream.
pub(super) fn error_within(error: &Error) -> String {
    let told = upstream_body(error, PROTOCOL).and_then(|body| json::parse_object(body).ok());
    let object = match told.as_ref().and_then(|fields| fields.get("error")).and_then(Value::as_object) {
        Some(own) => json!({ "error": with_all_fields(own) }),
        None => Value::Object(error_object(error, 500)),
    };
    object.to_string()
}
