//! What was said before, put in front of what follows it.

use bytes::Bytes;
use playhouse_wire::openai::responses::{PROTOCOL, RequestHead, with_history};
use playhouse_wire::{Codec, OpenAiResponses};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::NAME;
use crate::call::{Asked, Facts, Form};
use crate::engine::{Kept, Shelf, Stage};

const PREVIOUS: &str = "previous_response_id";

/// The body of a request with the whole conversation in its input.
pub(super) fn body_of(facts: &Facts) -> Option<&Bytes> {
    match &facts.asked {
        Asked::Chat(request) | Asked::Tokens(request) => request.bytes_in(PROTOCOL),
        _ => None,
    }
}

/// A request that follows an answer, with all that was said until then; `None` where it follows none.
pub(super) fn resume(facts: &Facts, shelf: &Shelf) -> Option<Facts> {
    let id = facts.json()?.get(PREVIOUS)?.as_str()?;
    let previous = shelf.get(id).filter(|kept| kept.facts.protocol == NAME);
    let is_unfinished = previous.and_then(|kept| kept.course.as_ref());
    let is_unfinished = is_unfinished.is_some_and(|course| course.stage(Instant::now()) != Stage::Ended);
    let whole = previous.and_then(|previous| with_said_before(&facts.body, id, previous));
    let follows_unknown = whole.is_none();
    let whole = whole.unwrap_or_else(|| facts.body.clone());
    let request = OpenAiResponses.read_request(whole).ok()?.request;
    let form = Form { include_usage: true, ..Form::default() };
    let mut resumed = Facts::chat(NAME, request, form, facts.body.clone());
    resumed.background = facts.background;
    resumed.follows_unknown = follows_unknown;
    resumed.follows_unfinished = is_unfinished;
    Some(resumed)
}

/// What it follows is named still: the answer repeats that.
fn with_said_before(own: &[u8], id: &str, previous: &Kept) -> Option<Bytes> {
    let mut said = RequestHead::read(body_of(&previous.facts)?).ok()?.input;
    said.extend(previous.answer.get("output").and_then(Value::as_array).into_iter().flatten().cloned());
    let whole = with_history(own, &said).ok()?;
    let mut members: Map<String, Value> = serde_json::from_slice(&whole).ok()?;
    members.insert(PREVIOUS.to_owned(), id.into());
    Some(Value::Object(members).to_string().into())
}
