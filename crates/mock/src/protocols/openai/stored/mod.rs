//! OpenAI chat answers that were kept (`store`): the list, one of them, its messages, changing and
//! deleting it.

mod example;
pub(super) mod page;
mod path;
pub(super) mod rules;

use bytes::Bytes;
use http::Method;
use playhouse_llm::{Error, ErrorKind};
use playhouse_wire::Envelope;
use playhouse_wire::openai::stored::{encode_deleted, encode_page, messages, set_metadata};
use serde_json::Value;

use super::chat::NAME as ANSWERED;
use super::{OpenAi, unparsable, wrong_method};
use crate::call::{Asked, Facts, KeptQuery};
use crate::engine::{Kept, Shelf};
use crate::plan::{Content, RawContent};
use crate::protocols::{Frames, MockProtocol, Vendor, Violation};

const NAME: &str = "openai-stored-chat";

/// OpenAI chat answers that were kept.
#[derive(Clone, Copy, Debug)]
pub struct Stored;

impl MockProtocol for Stored {
    fn name(&self) -> &'static str {
        NAME
    }

    fn vendor(&self) -> &'static dyn Vendor {
        &OpenAi
    }

    fn claims(&self, path: &str) -> bool {
        path::place_of(path).is_some()
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::GET, Method::POST, Method::DELETE]
    }

    fn read(&self, method: &Method, path: &str, query: Option<&str>, body: Bytes) -> Result<Facts, Error> {
        let asked = path::query_of(method, path, query)
            .ok_or_else(|| wrong_method(method, path).to_error(OpenAi.name()))?;
        let facts = Facts::kept(NAME, asked, body);
        let is_change = matches!(facts.asked, Asked::Kept(KeptQuery::Change(_)));
        let is_readable = !is_change || facts.json().is_some_and(Value::is_object);
        if is_readable { Ok(facts) } else { Err(unparsable().to_error(OpenAi.name())) }
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        match &facts.asked {
            Asked::Kept(query) => rules::check(query, facts.json()),
            _ => Vec::new(),
        }
    }

    fn unscripted(&self, _facts: &Facts) -> Content {
        Content::Refusal(Error::new(ErrorKind::NotFound, "nothing was kept"))
    }

    fn recall(&self, facts: &Facts, shelf: &mut Shelf) -> Option<Content> {
        let Asked::Kept(query) = &facts.asked else { return None };
        Some(match answer(query, facts, shelf) {
            Ok(body) => told(body),
            Err(violation) => Content::Refusal(violation.to_error(OpenAi.name())),
        })
    }

    fn write(&self, _content: &Content, _facts: &Facts, _envelope: &Envelope) -> Result<Frames, Error> {
        Err(Error::new(ErrorKind::Internal, "the reply is none to a question about kept answers"))
    }
}

fn told(body: Vec<u8>) -> Content {
    let content_type = Some("application/json".to_owned());
    Content::Raw(RawContent { status: 200, content_type, body: body.into() })
}

fn answer(query: &KeptQuery, facts: &Facts, shelf: &mut Shelf) -> Result<Vec<u8>, Violation> {
    match query {
        KeptQuery::List(page) => {
            let kept = shelf.iter().filter(|kept| kept.facts.protocol == ANSWERED).map(|kept| &kept.answer);
            let (items, has_more) = page::part_of(kept.filter(|answer| page::is_wanted(answer, page)), page);
            Ok(encode_page(&items, has_more))
        }
        KeptQuery::Messages(id, page) => {
            let told = match shelf.get(id) {
                Some(kept) => messages(id, kept.facts.json().unwrap_or(&Value::Null)),
                None => example::of(id).map(|_| Vec::new()).ok_or_else(|| rules::unknown(id))?,
            };
            let (items, has_more) = page::part_of(told.iter(), page);
            Ok(encode_page(&items, has_more))
        }
        KeptQuery::One(id) | KeptQuery::Events(id, _) => one(id, shelf.get(id)),
        KeptQuery::Change(id) => {
            let metadata = facts.json().and_then(|body| body.get("metadata"));
            let kept = shelf.get_mut(id);
            one(
                id,
                kept.map(|kept| {
                    set_metadata(&mut kept.answer, metadata);
                    &*kept
                }),
            )
        }
        KeptQuery::Delete(id) => match shelf.remove(id).map(|_| ()).or_else(|| example::of(id).map(|_| ())) {
            Some(()) => Ok(encode_deleted(id)),
            None => Err(rules::unknown(id)),
        },
    }
}

fn one(id: &str, kept: Option<&Kept>) -> Result<Vec<u8>, Violation> {
    let answer = kept.map(|kept| kept.answer.clone()).or_else(|| example::of(id));
    answer.map(|answer| answer.to_string().into_bytes()).ok_or_else(|| rules::unknown(id))
}

#[cfg(test)]
mod tests;
