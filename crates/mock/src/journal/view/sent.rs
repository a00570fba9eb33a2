//! What has gone out of an answer.

use std::collections::BTreeMap;

use serde::Serialize;

use super::by_name;
use crate::journal::entry::Entry;
use crate::journal::recording::Answer;

/// An answer as far as it has gone out.
#[derive(Debug, Serialize)]
pub(super) struct SentView {
    status: u16,
    headers: BTreeMap<String, String>,
    /// As text; what is not UTF-8 is replaced.
    body: String,
    /// How many bytes of the body went out.
    bytes: u64,
    /// How many events of a stream went out.
    events: u32,
    /// Whether `body` is all that went out; a large one is kept in part.
    is_whole: bool,
    finish: Option<String>,
    completion_tokens: Option<u64>,
}

impl SentView {
    pub(super) fn new(entry: &Entry, answer: &Answer) -> Self {
        let (bytes, body) = (entry.sent().bytes(), entry.sent_body());
        Self {
            status: answer.status,
            headers: by_name(&answer.headers),
            is_whole: body.len() as u64 == bytes,
            body: String::from_utf8_lossy(&body).into_owned(),
            bytes,
            events: entry.sent().events(),
            finish: answer.finish.as_ref().map(|finish| finish.as_str().to_owned()),
            completion_tokens: answer.completion_tokens,
        }
    }
}
