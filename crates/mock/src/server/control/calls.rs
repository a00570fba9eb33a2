//! `/namespaces/{ns}/calls`: the journal, at once or as calls come.

use std::time::Duration;

use playhouse_llm::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::Control;
use super::request::{ControlRequest, bounded, invalid};
use super::response::{Answered, json};
use crate::journal::{After, Entry, EntrySummary, EntryView, Journal, Page};

/// A request waits for this long at most.
pub(super) const MAX_WAIT_MS: u64 = 60_000;

/// Calls in one answer at most.
const MAX_CALLS: u64 = 1000;

/// An answer of several calls grows no more once it is this large.
const MAX_LIST_BYTES: usize = 4 << 20;

/// Which calls.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ListParams {
    /// Those with higher ids.
    since: Option<u64>,
    /// Those that came or ended after the `next` of an answer to the same parameter.
    changed_since: Option<u64>,
    /// How many at most.
    limit: u64,
    /// How long to wait for the first of them.
    wait_ms: u64,
    /// Whether to leave out messages, bodies and headers.
    brief: bool,
}

impl Default for ListParams {
    fn default() -> Self {
        Self { since: None, changed_since: None, limit: 100, wait_ms: 0, brief: false }
    }
}

/// Calls, and how to ask for those after them.
#[derive(Debug, Serialize)]
struct CallList {
    calls: Vec<Box<RawValue>>,
    /// What to ask for next, as `since` or `changed_since`, whichever was asked for now.
    next: u64,
    /// The id of the oldest call that is kept; older ones can be forgotten.
    oldest: u64,
    /// How many calls were dropped for want of room.
    dropped: u64,
}

/// Calls; where there are none yet, those that come within the time.
pub(super) async fn list(control: &dyn Control, namespace: &str, request: &ControlRequest<'_>) -> Answered {
    let params: ListParams = request.query()?;
    let limit = bounded("limit", params.limit, 1, MAX_CALLS)?;
    let wait = Duration::from_millis(bounded("wait_ms", params.wait_ms, 0, MAX_WAIT_MS)?);
    let after = after(&params)?;
    let journal = control.journal(namespace)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if !wait.is_zero() {
        // In vain or not: there is an answer either way.
        let _ = journal.wait_until(|journal| has_news(journal, after), wait).await;
    }
    json(&call_list(journal.page(after, limit), params.brief)?)
}

fn after(params: &ListParams) -> Result<After, Error> {
    match (params.since, params.changed_since) {
        (Some(_), Some(_)) => Err(invalid("say `since` or `changed_since`, not both")),
        (since, None) => Ok(After::Number(since.unwrap_or(0))),
        (None, Some(revision)) => Ok(After::Revision(revision)),
    }
}

fn has_news(journal: &Journal, after: After) -> bool {
    match after {
        After::Number(number) => journal.last_number() > number,
        // A lower one is that of another journal, from after a restart.
        After::Revision(revision) => journal.revision() != revision,
    }
}

fn call_list(page: Page, brief: bool) -> Result<CallList, Error> {
    let mut list =
        CallList { calls: Vec::new(), next: page.next, oldest: page.oldest, dropped: page.dropped };
    let mut bytes = 0;
    for (at, (place, entry)) in page.entries.iter().enumerate() {
        let call = written(entry, brief)?;
        bytes += call.get().len();
        list.calls.push(call);
        if bytes > MAX_LIST_BYTES && at + 1 < page.entries.len() {
            list.next = *place;
            break;
        }
    }
    Ok(list)
}

fn written(entry: &Entry, brief: bool) -> Result<Box<RawValue>, Error> {
    let written = match brief {
        true => to_raw_value(&EntrySummary::from(entry)),
        false => to_raw_value(&EntryView::from(entry)),
    };
    written.map_err(|error| Error::new(ErrorKind::Internal, format!("the call cannot be written: {error}")))
}

/// One call.
pub(super) fn one(control: &dyn Control, namespace: &str, id: &str) -> Answered {
    let number: u64 = id.parse().map_err(|_| not_kept(namespace, id))?;
    let entry = control.journal(namespace)?.call(number).ok_or_else(|| not_kept(namespace, id))?;
    json(&EntryView::from(&*entry))
}

fn not_kept(namespace: &str, id: &str) -> Error {
    let message =
        format!("the journal of namespace '{namespace}' has no call {id}: it never came, or it is dropped");
    Error::new(ErrorKind::NotFound, message)
}
