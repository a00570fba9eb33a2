//! What is asked, by method, path and query.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::call::{KeptQuery, Page};

const COLLECTION: &str = "/responses/";

/// The id that a path names, and what stands behind it.
pub(super) fn of(path: &str) -> Option<(String, &str)> {
    let (_, below) = path.split_once(COLLECTION)?;
    let (id, rest) = below.split_once('/').unwrap_or((below, ""));
    let is_known = matches!(rest, "" | "input_items" | "cancel") && !id.is_empty();
    is_known.then(|| (percent_decode_str(id).decode_utf8_lossy().into_owned(), rest))
}

/// What is asked; `None` where the path does not take the method.
pub(super) fn query_of(method: &Method, path: &str, query: Option<&str>) -> Option<KeptQuery> {
    let (id, rest) = of(path)?;
    let page = Page::of_query(query.unwrap_or_default());
    match (method.as_str(), rest) {
        ("GET", "") if page.parameter("stream") == Some("true") => Some(KeptQuery::Events(id, page)),
        ("GET", "") => Some(KeptQuery::One(id)),
        ("GET", "input_items") => Some(KeptQuery::Messages(id, page)),
        ("DELETE", "") => Some(KeptQuery::Delete(id)),
        ("POST", "cancel") => Some(KeptQuery::Change(id)),
        _ => None,
    }
}
