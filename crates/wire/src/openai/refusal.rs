//! Failures as OpenAI tells of them, and the many who follow it.

use bytes::Bytes;
use playhouse_llm::Error;
use serde_json::{Map, Value};

use super::chat::OpenAiChat;
use crate::codec::UpstreamAnswer;
use crate::refusal::{self, OwnShape};

const OWN: OwnShape = OwnShape { decoder: &OpenAiChat, holds: is_own_shape };

/// Reads an answer that refuses.
pub(super) fn read_error(answer: UpstreamAnswer) -> Error {
    refusal::read_error(answer, OWN)
}

/// Reads an error that came within an answer.
pub(super) fn read_within(data: Bytes) -> Error {
    refusal::read_within(data, OWN)
}

fn is_own_shape(fields: &Map<String, Value>) -> bool {
    fields.get("error").and_then(|error| error.get("message")).is_some_and(Value::is_string)
}
