//! The headers that a reply adds to its answer.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::compile::Complaint;

/// Headers that say how the body is sent, which only the server can know.
const OF_THE_SERVER: [HeaderName; 3] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];

/// The headers that a script names.
pub(super) fn headers(said: &BTreeMap<String, String>) -> Result<HeaderMap, Complaint> {
    said.iter().map(|(name, value)| header(name, value)).collect()
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Complaint> {
    let complain = |reason: &str| Complaint::of(format!("headers.{name}"), format!("`{name}` {reason}"));
    let known = HeaderName::try_from(name)
        .map_err(|_| complain("is no name of a header: use letters, digits and hyphens"))?;
    if OF_THE_SERVER.contains(&known) {
        return Err(complain("says how the body is sent, which the server does itself: leave it out"));
    }
    let value = HeaderValue::try_from(value);
    let value = value.map_err(|_| complain("has a value that no header can have: leave line breaks out"))?;
    Ok((known, value))
}
