//! Reading a request, with OpenAI's words for what cannot be read.

use bytes::Bytes;
use playhouse_llm::Error;
use playhouse_wire::openai::responses::RequestHead;
use playhouse_wire::{Codec, OpenAiResponses};
use serde_json::Value;

use super::NAME;
use super::rules::{self, Subject};
use crate::call::{Facts, Form};
use crate::protocols::Vendor;
use crate::protocols::openai::{OpenAi, unparsable};

/// Reads a request.
pub(super) fn read(body: Bytes) -> Result<Facts, Error> {
    let readable = OpenAiResponses.read_request(body.clone()).map_err(|error| refusal(&body, error))?;
    let form = Form { include_usage: true, ..Form::default() };
    let mut facts = Facts::chat(NAME, readable.request, form, body);
    facts.background = RequestHead::read(&facts.body).is_ok_and(|head| head.background && head.store);
    Ok(facts)
}

/// What OpenAI says of a body that cannot be read as a request.
fn refusal(body: &[u8], error: Error) -> Error {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return unparsable().to_error(OpenAi.name());
    };
    let model = members.get("model").and_then(Value::as_str).unwrap_or_default();
    let subject = Subject {
        members: &members,
        whole: &members,
        model,
        follows_unknown: false,
        follows_unfinished: false,
    };
    let first = rules::check(subject).into_iter().next();
    first.map_or(error, |violation| violation.to_error(OpenAi.name()))
}
