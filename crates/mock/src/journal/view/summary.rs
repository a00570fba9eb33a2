//! A call in short: what a list of calls shows.

use serde::Serialize;

use super::decision::{FaultView, outcome};
use crate::journal::entry::{Ended, Entry};
use crate::journal::explain::reasons;
use crate::journal::line::describe;
use crate::journal::shorten::one_line;

/// How much of what the user said is told in short.
const USER_CHARS: usize = 200;

/// A call without its bodies, headers and messages.
#[derive(Debug, Serialize)]
pub struct EntrySummary {
    /// Counts up within the namespace, from 1.
    pub id: u64,
    /// When it came (RFC 3339, UTC).
    pub at: String,
    /// The namespace it belongs to.
    pub namespace: String,
    /// The protocol; none if the request could not be read.
    pub protocol: Option<&'static str>,
    /// The method.
    pub method: String,
    /// The path and query; empty in process.
    pub path: String,
    /// The model asked for; empty where none is.
    pub model: String,
    /// Whether a stream is asked for.
    pub stream: bool,
    /// The beginning of what the user said last.
    pub user: String,
    /// Who decided on the answer: `matched`, `unscripted`, `missed`, `refused` or `over_quota`.
    pub outcome: &'static str,
    /// Why, in words, a line each.
    pub why: Vec<String>,
    /// What went wrong with the answer, and how to get exactly it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultView>,
    /// The status it was answered with, once it is.
    pub status: Option<u16>,
    /// How long it took.
    pub timing: Timing,
    /// `running`, `complete`, `client_left` or `cut`.
    pub ended: Ended,
    /// All of it on one line.
    pub line: String,
}

/// How long a call took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// From the request to the first byte of the answer's body, once it is sent.
    pub first_byte_ms: Option<f64>,
    /// From the request to the end, once it is there.
    pub duration_ms: Option<f64>,
}

impl From<&Entry> for EntrySummary {
    fn from(entry: &Entry) -> Self {
        let sent = entry.sent();
        Self {
            id: entry.number,
            at: entry.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            namespace: entry.namespace.to_string(),
            protocol: entry.protocol(),
            method: entry.method.to_string(),
            path: entry.target.to_string(),
            model: entry.model().to_owned(),
            stream: entry.facts.as_ref().is_some_and(|facts| facts.stream),
            user: one_line(entry.user(), USER_CHARS),
            outcome: outcome(&entry.verdict),
            why: reasons(entry),
            fault: entry.fault.as_ref().map(|fault| FaultView::new(fault, &entry.namespace)),
            status: entry.answer().map(|answer| answer.status),
            timing: Timing { first_byte_ms: sent.first_byte_ms(), duration_ms: sent.duration_ms() },
            ended: sent.ended(),
            line: describe(entry),
        }
    }
}
