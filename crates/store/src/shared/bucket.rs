//! A token bucket: what is taken comes back evenly.

use std::time::Duration;

/// Smaller than any amount, larger than what doubles lose: a whole amount that is there is granted.
const LOST: f64 = 1e-6;

/// How much of a rolling limit is taken, at a moment counted in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bucket {
    taken: f64,
    at_s: f64,
}

impl Bucket {
    /// So much is taken, at no moment in particular.
    pub(super) fn of(taken: f64) -> Self {
        Self { taken, at_s: 0.0 }
    }

    /// How it stands at a later moment: some has come back.
    pub(super) fn at(self, now_s: f64, capacity: u64, window: Duration) -> Self {
        let back = (now_s - self.at_s).max(0.0) * per_second(capacity, window);
        Self { taken: (self.taken - back).max(0.0), at_s: now_s.max(self.at_s) }
    }

    /// Takes an amount, or gives back a negative one.
    pub(super) fn take(&mut self, amount: f64) {
        self.taken = (self.taken + amount).max(0.0);
    }

    /// What can be taken.
    pub(super) fn remaining(self, capacity: u64) -> u64 {
        (capacity as f64 - self.taken + LOST).max(0.0) as u64
    }

    /// How long until an amount can be taken.
    pub(super) fn wait_for(self, amount: u64, capacity: u64, window: Duration) -> Duration {
        let lacking = self.taken + amount as f64 - capacity as f64;
        if lacking <= LOST { Duration::ZERO } else { seconds(lacking / per_second(capacity, window)) }
    }

    /// The moment at which all of it has come back.
    pub(super) fn full_s(self, capacity: u64, window: Duration) -> f64 {
        self.at_s + self.taken / per_second(capacity, window)
    }
}

fn per_second(capacity: u64, window: Duration) -> f64 {
    capacity as f64 / window.as_secs_f64().max(0.001)
}

/// A time that may have come out endless.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn what_was_taken_comes_back_evenly() {
        let mut bucket = Bucket::default();
        bucket.take(60.0);
        assert_eq!(bucket.remaining(60), 0);
        assert_eq!(bucket.wait_for(10, 60, MINUTE), Duration::from_secs(10));
        assert_eq!(bucket.at(10.0, 60, MINUTE).remaining(60), 10);
        assert_eq!(bucket.at(1_000.0, 60, MINUTE).remaining(60), 60);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut bucket = Bucket::default().at(100.0, 60, MINUTE);
        bucket.take(60.0);
        assert_eq!(bucket.at(50.0, 60, MINUTE).at(100.0, 60, MINUTE).remaining(60), 0);
    }
}
