//! Responses that were kept: one of them, what it answered, deleting it.

use bytes::Bytes;
use http::Method;
use percent_encoding::percent_decode_str;
use playhouse_llm::{Error, ErrorKind};
use playhouse_wire::Envelope;
use playhouse_wire::openai::responses::RequestHead;
use playhouse_wire::openai::responses::state::{encode_deleted, listed};
use playhouse_wire::openai::stored::encode_page;

use super::NAME as ANSWERED;
use super::history::body_of;
use crate::call::{Asked, Facts, KeptQuery, Page};
use crate::engine::{Kept, Shelf};
use crate::plan::{Content, RawContent};
use crate::protocols::openai::stored::{page, rules};
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::{OpenAi, wrong_method};
use crate::protocols::{Frames, MockProtocol, Vendor, Violation};

const NAME: &str = "openai-stored-responses";
const COLLECTION: &str = "/responses/";

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
        place_of(path).is_some()
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::GET, Method::POST, Method::DELETE]
    }

    fn read(&self, method: &Method, path: &str, query: Option<&str>, body: Bytes) -> Result<Facts, Error> {
        let asked = query_of(method, path, query)
            .ok_or_else(|| wrong_method(method, path).to_error(OpenAi.name()))?;
        Ok(Facts::kept(NAME, asked, body))
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        match &facts.asked {
            Asked::Kept(query @ KeptQuery::Messages(..)) => rules::check(query, None),
            _ => Vec::new(),
        }
    }

    fn unscripted(&self, _facts: &Facts) -> Content {
        Content::Refusal(Error::new(ErrorKind::NotFound, "nothing was kept"))
    }

    fn recall(&self, facts: &Facts, shelf: &mut Shelf) -> Option<Content> {
        let Asked::Kept(query) = &facts.asked else { return None };
        Some(match answer(query, shelf) {
            Ok(body) => {
                let content_type = Some("application/json".to_owned());
                Content::Raw(RawContent { status: 200, content_type, body: body.into() })
            }
            Err(violation) => Content::Refusal(violation.to_error(OpenAi.name())),
        })
    }

    fn write(&self, _content: &Content, _facts: &Facts, _envelope: &Envelope) -> Result<Frames, Error> {
        Err(Error::new(ErrorKind::Internal, "the reply is none to a question about kept answers"))
    }
}

fn answer(query: &KeptQuery, shelf: &mut Shelf) -> Result<Vec<u8>, Violation> {
    match query {
        KeptQuery::One(id) => Ok(found(id, shelf)?.answer.to_string().into_bytes()),
        KeptQuery::Messages(id, asked) => {
            let kept = found(id, shelf)?;
            let asked_with = body_of(&kept.facts).and_then(|body| RequestHead::read(body).ok());
            let input = asked_with.map(|head| head.input).unwrap_or_default();
            let items = listed(id, &input.into(), None);
            let (items, has_more) = page::part_of(items.iter(), &newest_first(asked));
            Ok(encode_page(&items, has_more))
        }
        KeptQuery::Delete(id) => {
            found(id, shelf)?;
            shelf.remove(id);
            Ok(encode_deleted(id).to_string().into_bytes())
        }
        KeptQuery::Change(id) => {
            found(id, shelf)?;
            Err(Complaint::new("Cannot cancel a synchronous response.")
                .under("openai-stored-responses/cancel"))
        }
        KeptQuery::List(_) => Err(unknown("")),
    }
}

fn found<'s>(id: &str, shelf: &'s Shelf) -> Result<&'s Kept, Violation> {
    shelf.get(id).filter(|kept| kept.facts.protocol == ANSWERED).ok_or_else(|| unknown(id))
}

/// Where nothing is said of it, the order is not that of kept chat answers.
fn newest_first(page: &Page) -> Page {
    let mut page = page.clone();
    if page.parameter("order").is_none() {
        page.parameters.push(("order".to_owned(), "desc".to_owned()));
    }
    page
}

fn unknown(id: &str) -> Violation {
    Complaint::new(format!("Response with id '{id}' not found."))
        .status(404)
        .under("openai-stored-responses/unknown-id")
}

/// The id that a path names, and what stands behind it.
fn place_of(path: &str) -> Option<(String, &str)> {
    let (_, below) = path.split_once(COLLECTION)?;
    let (id, rest) = below.split_once('/').unwrap_or((below, ""));
    let is_known = matches!(rest, "" | "input_items" | "cancel") && !id.is_empty();
    is_known.then(|| (percent_decode_str(id).decode_utf8_lossy().into_owned(), rest))
}

fn query_of(method: &Method, path: &str, query: Option<&str>) -> Option<KeptQuery> {
    let (id, rest) = place_of(path)?;
    match (method.as_str(), rest) {
        ("GET", "") => Some(KeptQuery::One(id)),
        ("GET", "input_items") => Some(KeptQuery::Messages(id, Page::of_query(query.unwrap_or_default()))),
        ("DELETE", "") => Some(KeptQuery::Delete(id)),
        ("POST", "cancel") => Some(KeptQuery::Change(id)),
        _ => None,
    }
}
