//! The calls a journal holds, within its limits.

use std::collections::VecDeque;
use std::sync::Arc;

use super::entry::Entry;
use crate::verdict::Verdict;

/// How much a journal keeps; what is older goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalLimits {
    /// Calls at most.
    pub max_calls: usize,
    /// About how many bytes of memory at most; the newest call is kept whatever its size.
    pub max_bytes: usize,
}

impl Default for JournalLimits {
    fn default() -> Self {
        Self { max_calls: 10_000, max_bytes: 64 << 20 }
    }
}

/// A place in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// After the call of this number.
    Number(u64),
    /// After this many changes: calls that came, calls that ended, and clearing.
    Revision(u64),
}

/// Some calls of a journal, and where the next ones are.
#[derive(Clone, Debug)]
pub struct Page {
    /// The calls, each with its place: its number, or its revision, as the page was asked for.
    pub entries: Vec<(u64, Arc<Entry>)>,
    /// The place to ask for the next page.
    pub next: u64,
    /// The number of the oldest call that is kept; that of the next to come where none is.
    pub oldest: u64,
    /// How many calls were dropped for want of room.
    pub dropped: u64,
}

/// The calls that are kept, oldest first, with numbers that have no gaps.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) entries: VecDeque<Arc<Entry>>,
    /// The number of the newest call that came; it never goes back.
    pub(super) last_number: u64,
    /// Calls that went for want of room.
    pub(super) dropped: u64,
    /// Counts the changes.
    pub(super) revision: u64,
    /// Calls that matched no rule, dropped ones too.
    pub(super) missed: u64,
    bytes: usize,
}

/// Entries that are no longer kept, to be given back outside the lock.
#[must_use]
pub(super) struct Gone(#[expect(dead_code, reason = "it is only held to be dropped")] Vec<Arc<Entry>>);

impl Kept {
    /// Numbers an entry that nobody else has yet, and keeps it.
    pub(super) fn push(&mut self, entry: &mut Arc<Entry>, limits: JournalLimits) -> Gone {
        self.last_number += 1;
        if let Some(entry) = Arc::get_mut(entry) {
            entry.number = self.last_number;
        }
        self.missed += u64::from(matches!(entry.verdict, Verdict::Miss(_)));
        self.entries.push_back(entry.clone());
        self.change(entry, limits)
    }

    /// Notes that a call has changed, and weighs it again.
    pub(super) fn change(&mut self, entry: &Entry, limits: JournalLimits) -> Gone {
        if self.oldest().is_none_or(|oldest| entry.number < oldest) {
            return Gone(Vec::new());
        }
        self.revision += 1;
        entry.set_revision(self.revision);
        let weight = entry.weight();
        self.bytes = (self.bytes + weight).saturating_sub(entry.replace_counted(weight));
        self.shrink(limits)
    }

    /// Forgets all calls; numbers go on counting.
    pub(super) fn clear(&mut self) -> Gone {
        self.revision += 1;
        self.dropped = 0;
        self.missed = 0;
        self.bytes = 0;
        Gone(std::mem::take(&mut self.entries).into())
    }

    pub(super) fn get(&self, number: u64) -> Option<&Arc<Entry>> {
        let place = usize::try_from(number.checked_sub(self.oldest()?)?).ok()?;
        self.entries.get(place)
    }

    pub(super) fn page(&self, after: After, limit: usize) -> Page {
        let (mut entries, end) = match after {
            After::Number(number) => (self.since(number), self.last_number.max(number)),
            After::Revision(revision) => (self.changed_since(revision), self.revision),
        };
        let next = if entries.len() > limit { entries[limit - 1].0 } else { end };
        entries.truncate(limit);
        Page { entries, next, oldest: self.oldest().unwrap_or(self.last_number + 1), dropped: self.dropped }
    }

    fn since(&self, number: u64) -> Vec<(u64, Arc<Entry>)> {
        let from = self.entries.partition_point(|entry| entry.number <= number);
        self.entries.range(from..).map(|entry| (entry.number, entry.clone())).collect()
    }

    /// Those that changed first come first. A revision that is still to come is one of another
    /// journal, from before the mock was started anew: its reader gets all there is.
    fn changed_since(&self, revision: u64) -> Vec<(u64, Arc<Entry>)> {
        let revision = if revision > self.revision { 0 } else { revision };
        let changed = self.entries.iter().map(|entry| (entry.revision(), entry));
        let changed = changed.filter(|(changed, _)| *changed > revision);
        let mut changed: Vec<_> = changed.map(|(changed, entry)| (changed, entry.clone())).collect();
        changed.sort_by_key(|(changed, _)| *changed);
        changed
    }

    fn oldest(&self) -> Option<u64> {
        self.entries.front().map(|entry| entry.number)
    }

    /// What the calls weigh that are kept.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn shrink(&mut self, limits: JournalLimits) -> Gone {
        self.shrink_to(limits, 1)
    }

    /// Lets the oldest go until the rest keeps the limits, or only so many are left.
    pub(super) fn shrink_to(&mut self, limits: JournalLimits, spared: usize) -> Gone {
        let mut gone = Vec::new();
        while self.entries.len() > spared
            && (self.entries.len() > limits.max_calls || self.bytes > limits.max_bytes)
        {
            let Some(entry) = self.entries.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(entry.replace_counted(0));
            self.dropped += 1;
            gone.push(entry);
        }
        Gone(gone)
    }
}
