//! A call as the control API tells it in JSON.

mod body;
mod decision;
mod message;
mod sent;
mod summary;

use std::collections::BTreeMap;

use serde::Serialize;

use self::body::BodyView;
use self::decision::{DecisionView, ViolationView};
use self::message::MessageView;
use self::sent::SentView;
use super::entry::Entry;
use super::headers::HeaderLines;

pub use summary::EntrySummary;

/// A call with all that is known of it.
///
/// Beside the fields of [`EntrySummary`] it has, in JSON: `messages` (`role`, `text`, `tool_calls`,
/// `tool_call_id`, `parts`), `tools` (names), `request` (the body: JSON, or a text where it is
/// none), `headers`; one of `matched` (`rule`, `index`, `call`, `captures`), `unscripted`, `missed`
/// (`nearest`, `differences`), `refused` (`rule`, `status`, `type`, `code`, `param`, `message`) and
/// `over_quota`; `violations`, and `sent` (`status`, `headers`, `body`, `bytes`, `events`,
/// `is_whole`, `finish`, `completion_tokens`).
#[derive(Debug, Serialize)]
pub struct EntryView {
    #[serde(flatten)]
    summary: EntrySummary,
    messages: Vec<MessageView>,
    tools: Vec<String>,
    request: BodyView,
    headers: BTreeMap<String, String>,
    #[serde(flatten)]
    decision: DecisionView,
    violations: Vec<ViolationView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<SentView>,
}

impl From<&Entry> for EntryView {
    fn from(entry: &Entry) -> Self {
        Self {
            summary: EntrySummary::from(entry),
            messages: entry.messages().iter().map(MessageView::from).collect(),
            tools: entry.facts.as_ref().map(|facts| facts.tools.clone()).unwrap_or_default(),
            request: BodyView::from(entry.body()),
            headers: by_name(&entry.headers),
            decision: DecisionView::from(&entry.verdict),
            violations: entry.violations.iter().map(ViolationView::from).collect(),
            sent: entry.answer().map(|answer| SentView::new(entry, answer)),
        }
    }
}

/// Headers by name; values that share one are joined as HTTP says.
fn by_name(headers: &HeaderLines) -> BTreeMap<String, String> {
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers.iter() {
        let values = named.entry(name).or_default();
        if !values.is_empty() {
            values.push_str(", ");
        }
        values.push_str(&value);
    }
    named
}
