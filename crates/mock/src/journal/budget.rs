//! What all journals of a double may hold together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, TryLockError, Weak};

use super::Journal;

/// How much room journals share. When it is used up, the largest give their oldest calls away.
#[derive(Debug)]
pub struct JournalBudget {
    max_bytes: usize,
    held: AtomicUsize,
    journals: Mutex<Vec<Weak<Journal>>>,
}

impl Default for JournalBudget {
    fn default() -> Self {
        Self::new(512 << 20)
    }
}

impl JournalBudget {
    /// Room for about so many bytes in all journals together.
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes, held: AtomicUsize::new(0), journals: Mutex::default() }
    }

    /// About how many bytes the journals hold together.
    pub fn held_bytes(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    pub(super) fn join(&self, journal: &Arc<Journal>) {
        let mut journals = self.journals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        journals.retain(|journal| journal.strong_count() > 0);
        journals.push(Arc::downgrade(journal));
    }

    /// Notes that a journal held so much, and holds so much now. To be called under that journal's lock,
    /// so that what is taken away was added before.
    pub(super) fn moved(&self, before: usize, after: usize) {
        if after >= before {
            self.held.fetch_add(after - before, Ordering::Relaxed);
        } else {
            self.held.fetch_sub(before - after, Ordering::Relaxed);
        }
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.held_bytes() > self.max_bytes
    }

    /// Makes the largest journals smaller until there is room again, and a little more, so that it is not
    /// done for every call. The newest call of the one that is `spared` stays.
    pub(super) fn make_room(&self, spared: &Journal) {
        let journals = match self.journals.try_lock() {
            Ok(journals) => journals,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Somebody is at it.
            Err(TryLockError::WouldBlock) => return,
        };
        let mut largest: Vec<Arc<Journal>> = journals.iter().filter_map(Weak::upgrade).collect();
        largest.sort_by_cached_key(|journal| std::cmp::Reverse(journal.held_bytes()));
        let goal = self.max_bytes / 8 * 7;
        // What remains after one round of halving is halved again; a call at a time in the end.
        for _ in 0..usize::BITS {
            for journal in &largest {
                if self.held_bytes() <= goal {
                    return;
                }
                journal.give_away(journal.held_bytes() / 2, usize::from(std::ptr::eq(&**journal, spared)));
            }
        }
    }
}
