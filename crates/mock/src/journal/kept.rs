//! The calls a journal holds, within its limits.

use std::collections::VecDeque;
use std::sync::Arc;

use super::entry::Entry;

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
        self.bytes = 0;
        Gone(std::mem::take(&mut self.entries).into())
    }

    pub(super) fn get(&self, number: u64) -> Option<&Arc<Entry>> {
        let place = usize::try_from(number.checked_sub(self.oldest()?)?).ok()?;
        self.entries.get(place)
    }

    /// Those with numbers above this one.
    pub(super) fn since(&self, number: u64) -> impl Iterator<Item = &Arc<Entry>> {
        let from = self.entries.partition_point(|entry| entry.number <= number);
        self.entries.range(from..)
    }

    /// Those that came or changed after this revision, those that changed first first.
    pub(super) fn changed_since(&self, revision: u64) -> Vec<Arc<Entry>> {
        let changed = self.entries.iter().filter(|entry| entry.revision() > revision);
        let mut changed: Vec<_> = changed.cloned().collect();
        changed.sort_by_key(|entry| entry.revision());
        changed
    }

    fn oldest(&self) -> Option<u64> {
        self.entries.front().map(|entry| entry.number)
    }

    fn shrink(&mut self, limits: JournalLimits) -> Gone {
        let mut gone = Vec::new();
        while self.entries.len() > 1
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
