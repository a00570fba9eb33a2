//! Responses that were kept: one of them, its events, what it answered, cancelling and deleting it.
//!
//! What is told of one that is not there yet, and refused, is as at Azure, which has written it down
//! (`docs/api-behaviour-contract.md` of its SDK for servers), and at OpenAI where people have reported it.

mod example;
mod place;

use bytes::Bytes;
use http::Method;
use playhouse_llm::{Error, ErrorKind};
use playhouse_wire::Envelope;
use playhouse_wire::openai::responses::RequestHead;
use playhouse_wire::openai::responses::state::{Ended, encode_deleted, listed, refusals};
use playhouse_wire::openai::stored::encode_page;
use playhouse_wire::sse::Frame;
use serde_json::Value;
use tokio::time::Instant;

use super::background::so_far;
use super::history::body_of;
use super::{NAME as ANSWERED, kept::place::query_of};
use crate::call::{Asked, Facts, KeptQuery, Page};
use crate::engine::{Course, Kept, Shelf, Stage};
use crate::plan::{Content, RawContent};
use crate::protocols::openai::stored::{page, rules};
use crate::protocols::openai::strict::wording;
use crate::protocols::openai::{OpenAi, wrong_method};
use crate::protocols::{Frames, MockProtocol, Vendor, Violation};

const NAME: &str = "openai-stored-responses";
const STARTING_AFTER: &str = "starting_after";
/// For how long events are told once more (<https://github.com/openai/openai-python/issues/2828>).
const TOLD_FOR: std::time::Duration = std::time::Duration::from_secs(300);

/// Responses that were kept.
#[derive(Clone, Copy, Debug)]
pub struct KeptResponses;

impl MockProtocol for KeptResponses {
    fn name(&self) -> &'static str {
        NAME
    }

    fn vendor(&self) -> &'static dyn Vendor {
        &OpenAi
    }

    fn claims(&self, path: &str) -> bool {
        place::of(path).is_some()
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::GET, Method::POST, Method::DELETE]
    }

    fn read(&self, method: &Method, path: &str, query: Option<&str>, body: Bytes) -> Result<Facts, Error> {
        let asked = query_of(method, path, query)
            .ok_or_else(|| wrong_method(method, path).to_error(OpenAi.name()))?;
        let stream = matches!(asked, KeptQuery::Events(..));
        let mut facts = Facts::kept(NAME, asked, body);
        facts.stream = stream;
        Ok(facts)
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        match &facts.asked {
            Asked::Kept(query @ KeptQuery::Messages(..)) => rules::check(query, None),
            Asked::Kept(KeptQuery::Events(_, page)) => fault_of_number(page).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn unscripted(&self, _facts: &Facts) -> Content {
        Content::Refusal(Error::new(ErrorKind::NotFound, "nothing was kept"))
    }

    fn recall(&self, facts: &Facts, shelf: &mut Shelf) -> Option<Content> {
        let Asked::Kept(query) = &facts.asked else { return None };
        Some(answer(query, shelf, Instant::now()).unwrap_or_else(Content::Refusal))
    }

    fn write(&self, _content: &Content, _facts: &Facts, _envelope: &Envelope) -> Result<Frames, Error> {
        Err(Error::new(ErrorKind::Internal, "the reply is none to a question about kept answers"))
    }
}

fn answer(query: &KeptQuery, shelf: &mut Shelf, now: Instant) -> Result<Content, Error> {
    let id = id_of(query).ok_or_else(|| refusals::not_found(""))?;
    let mut example = example::of(id, now);
    let is_kept = example.is_none();
    let kept = match &mut example {
        Some(example) => example,
        None => found(id, shelf)?,
    };
    match query {
        KeptQuery::Events(_, page) => events(kept, page, now),
        KeptQuery::Messages(_, page) => Ok(told_bytes(items(kept, page))),
        KeptQuery::Change(_) => cancelled(kept, now).map(|response| told(&response)),
        KeptQuery::Delete(_) if is_kept && stage_of(kept, now) != Stage::Ended => {
            Err(refusals::delete_in_flight())
        }
        KeptQuery::Delete(_) => {
            shelf.remove(id);
            Ok(told(&encode_deleted(id)))
        }
        KeptQuery::One(_) | KeptQuery::List(_) => Ok(told(&seen(kept, now))),
    }
}

/// The response that is asked about: there is no list of them.
fn id_of(query: &KeptQuery) -> Option<&str> {
    match query {
        KeptQuery::List(_) => None,
        KeptQuery::One(id)
        | KeptQuery::Events(id, _)
        | KeptQuery::Messages(id, _)
        | KeptQuery::Change(id)
        | KeptQuery::Delete(id) => Some(id),
    }
}

fn found<'s>(id: &str, shelf: &'s mut Shelf) -> Result<&'s mut Kept, Error> {
    shelf.get_mut(id).filter(|kept| kept.facts.protocol == ANSWERED).ok_or_else(|| refusals::not_found(id))
}

fn told(response: &Value) -> Content {
    told_bytes(response.to_string().into_bytes())
}

fn told_bytes(body: Vec<u8>) -> Content {
    let content_type = Some("application/json".to_owned());
    Content::Raw(RawContent { status: 200, content_type, body: body.into() })
}

/// How far a response is; one that somebody waited for is there.
fn stage_of(kept: &Kept, now: Instant) -> Stage {
    kept.course.as_ref().map_or(Stage::Ended, |course| course.stage(now))
}

/// A response as whoever looks sees it.
fn seen(kept: &mut Kept, now: Instant) -> Value {
    kept.course.iter_mut().for_each(Course::look);
    so_far(kept.answer.clone(), stage_of(kept, now))
}

/// What a response answers, with what was said before; the newest first, unless something else is asked.
fn items(kept: &Kept, page: &Page) -> Vec<u8> {
    let asked_with = body_of(&kept.facts).and_then(|body| RequestHead::read(body).ok());
    let input = asked_with.map(|head| head.input).unwrap_or_default();
    let items = listed(&kept.id, &input.into(), None);
    let (items, has_more) = page::part_of(items.iter(), &newest_first(page));
    encode_page(&items, has_more)
}

/// Where nothing is said of it, the order is not that of kept chat answers.
fn newest_first(page: &Page) -> Page {
    let mut page = page.clone();
    if page.parameter("order").is_none() {
        page.parameters.push(("order".to_owned(), "desc".to_owned()));
    }
    page
}

/// The events of a response after the number that is named, or all of them.
fn events(kept: &Kept, page: &Page, now: Instant) -> Result<Content, Error> {
    let course = kept.course.as_ref().ok_or_else(refusals::stream_synchronous)?;
    let after = page.parameter(STARTING_AFTER).and_then(|number| number.parse::<usize>().ok());
    let replay = course.events_from(after.map_or(0, |number| number.saturating_add(1)), now);
    let replay = replay.ok_or_else(refusals::stream_whole)?;
    if course.age(now) > TOLD_FOR {
        let message = "This response can no longer be streamed because it is more than 5 minutes old.";
        return Err(Error { message: message.into(), ..refusals::stream_whole() });
    }
    Ok(Content::Replay(replay))
}

fn fault_of_number(page: &Page) -> Option<Violation> {
    let number = page.parameter(STARTING_AFTER)?;
    let param = || STARTING_AFTER.to_owned();
    let fault = match number.parse::<i64>() {
        Err(_) => wording::wrong_type(param(), "an integer", &Value::from(number)),
        Ok(number @ ..0) => wording::below(param(), "integer", 0, &Value::from(number)),
        Ok(_) => return None,
    };
    Some(fault.under("openai-stored-responses/starting-after"))
}

/// A response that nothing more is made of. Cancelled once more it stays what it is.
fn cancelled(kept: &mut Kept, now: Instant) -> Result<Value, Error> {
    let stage = stage_of(kept, now);
    let course = kept.course.as_mut().ok_or_else(refusals::cancel_synchronous)?;
    let status = kept.answer.get("status").and_then(Value::as_str).unwrap_or_default();
    match stage {
        Stage::Ended if status == "cancelled" => {}
        Stage::Ended => return Err(refusals::cancel_ended(status)),
        Stage::Queued | Stage::InProgress => {
            kept.answer = Ended::of(so_far(kept.answer.clone(), stage), "cancelled", None);
            let response = &kept.answer;
            course.cut_short(now, |number| {
                let (name, event) = Ended::event(response, number.try_into().unwrap_or(u64::MAX));
                Frame::new(&event.to_string()).named(name).to_bytes()
            });
        }
    }
    Ok(kept.answer.clone())
}

#[cfg(test)]
mod tests;
