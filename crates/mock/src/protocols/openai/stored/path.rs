//! What is asked, by method, path and query.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::call::{KeptQuery, Page};

const COLLECTION: &str = "/chat/completions";
const MESSAGES: &str = "messages";

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// To all answers.
    All,
    /// To one.
    One(String),
    /// To the messages of one.
    Messages(String),
}

/// Where a path leads, if it is one of kept answers.
pub(super) fn place_of(path: &str) -> Option<Place> {
    let (_, below) = path.split_once(COLLECTION)?;
    let segments: Vec<&str> = below.split('/').collect();
    match segments[..] {
        [""] => Some(Place::All),
        ["", id] if !id.is_empty() => Some(Place::One(decoded(id))),
        ["", id, MESSAGES] if !id.is_empty() => Some(Place::Messages(decoded(id))),
        _ => None,
    }
}

/// What is asked; `None` where the path does not take the method.
pub(super) fn query_of(method: &Method, path: &str, query: Option<&str>) -> Option<KeptQuery> {
    let page = || Page::of_query(query.unwrap_or_default());
    match (method.as_str(), place_of(path)?) {
        ("GET", Place::All) => Some(KeptQuery::List(page())),
        ("GET", Place::One(id)) => Some(KeptQuery::One(id)),
        ("GET", Place::Messages(id)) => Some(KeptQuery::Messages(id, page())),
        ("POST", Place::One(id)) => Some(KeptQuery::Change(id)),
        ("DELETE", Place::One(id)) => Some(KeptQuery::Delete(id)),
        _ => None,
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
