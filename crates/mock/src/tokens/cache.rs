//! Counts that have been made before.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts kept at most: 256 KiB of them. A newer one takes the place of an older.
const SLOTS: usize = 1 << 14;

static COUNTS: [Slot; SLOTS] = [const { Slot::empty() }; SLOTS];

/// A count and what was counted.
///
/// Threads that write at once may leave the check of one beside the count of the other. The check
/// is therefore the hash combined with the count: such a pair matches nothing.
struct Slot {
    check: AtomicU64,
    count: AtomicU64,
}

/// The count of what is named here, made only where it is not known.
pub(super) fn count_once(name: impl Hash, count: impl FnOnce() -> u64) -> u64 {
    let hash = hash_of(name);
    let slot = &COUNTS[hash as usize % SLOTS];
    slot.get(hash).unwrap_or_else(|| {
        let count = count();
        slot.set(hash, count);
        count
    })
}

fn hash_of(name: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

impl Slot {
    const fn empty() -> Self {
        Self { check: AtomicU64::new(0), count: AtomicU64::new(0) }
    }

    fn get(&self, hash: u64) -> Option<u64> {
        let count = self.count.load(Ordering::Relaxed);
        (self.check.load(Ordering::Relaxed) ^ count == hash && hash != 0).then_some(count)
    }

    fn set(&self, hash: u64, count: u64) {
        self.check.store(hash ^ count, Ordering::Relaxed);
        self.count.store(count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_counted_once() {
        let name = "the same is counted once";
        assert_eq!(count_once(name, || 7), 7);
        assert_eq!(count_once(name, || unreachable!("counted twice")), 7);
        assert_eq!(count_once((name, "another"), || 8), 8);
    }

    #[test]
    fn a_slot_that_two_wrote_at_once_is_empty() {
        let slot = Slot::empty();
        slot.set(11, 5);
        slot.count.store(6, Ordering::Relaxed);
        assert_eq!((slot.get(11), slot.get(0)), (None, None));
    }
}
