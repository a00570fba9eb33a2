//! One limit: a bucket that holds a minute's worth and fills at an even rate.
//!
//! Vendors' headers show that theirs work this way: of 500 requests a minute one is back after
//! 120 ms, of 90,000 tokens three after 2 ms.

use std::time::{Duration, Instant};

use super::Budget;

const MINUTE: Duration = Duration::from_secs(60);

/// What is left of one limit. Nothing is counted: when the bucket will be full says it all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    limit: u64,
    full_at: Instant,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(limit: u64, now: Instant) -> Self {
        Self { limit, full_at: now }
    }

    /// What is told of it.
    pub(super) fn budget(&self, now: Instant) -> Budget {
        let reset = self.reset(now);
        let held = MINUTE.saturating_sub(reset).as_nanos();
        let remaining = held * u128::from(self.limit) / MINUTE.as_nanos();
        Budget { limit: self.limit, remaining: saturated(remaining), reset }
    }

    /// How long to wait until it holds this much; `None` where it never will.
    pub(super) fn wait_for(&self, amount: u64, now: Instant) -> Option<Duration> {
        if amount > self.limit {
            return None;
        }
        Some((self.reset(now) + self.time_for(amount)).saturating_sub(MINUTE))
    }

    /// Takes this much out, more than is there if need be.
    pub(super) fn spend(&mut self, amount: u64, now: Instant) {
        let begun = self.full_at.max(now);
        self.full_at = begun.checked_add(self.time_for(amount)).unwrap_or(begun);
    }

    fn reset(&self, now: Instant) -> Duration {
        self.full_at.saturating_duration_since(now)
    }

    /// How long this much takes to come back.
    fn time_for(&self, amount: u64) -> Duration {
        let nanos = u128::from(amount) * MINUTE.as_nanos() / u128::from(self.limit.max(1));
        Duration::from_nanos(saturated(nanos))
    }
}

fn saturated(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left, and the milliseconds to the reset, after spending this much at once.
    fn spent(limit: u64, amount: u64) -> (u64, u128) {
        let now = Instant::now();
        let mut bucket = Bucket::new(limit, now);
        bucket.spend(amount, now);
        let budget = bucket.budget(now);
        (budget.remaining, budget.reset.as_millis())
    }

    #[test]
    fn headers_are_those_that_vendors_send() {
        assert_eq!(spent(500, 1), (499, 120));
        assert_eq!(spent(3_000, 1), (2_999, 20));
        assert_eq!(spent(30_000, 1), (29_999, 2));
        assert_eq!(spent(90_000, 3), (89_997, 2));
        assert_eq!(spent(150_000_000, 773), (149_999_227, 0));
    }

    #[test]
    fn every_unit_of_an_odd_limit_can_be_had_and_no_more() {
        for limit in [1, 3, 7, 11, 997, 1_000_003] {
            let now = Instant::now();
            let mut bucket = Bucket::new(limit, now);
            for left in (limit.saturating_sub(50)..limit).rev() {
                assert_eq!(bucket.wait_for(1, now), Some(Duration::ZERO), "{left} of {limit}");
                bucket.spend(1, now);
                assert_eq!(bucket.budget(now).remaining, left);
            }
        }
        let now = Instant::now();
        let mut bucket = Bucket::new(7, now);
        bucket.spend(7, now);
        assert!(bucket.wait_for(1, now) > Some(Duration::from_secs(8)));
    }

    #[test]
    fn what_was_spent_comes_back_evenly() {
        let start = Instant::now();
        let mut bucket = Bucket::new(60, start);
        bucket.spend(60, start);
        let after = |seconds| bucket.budget(start + Duration::from_secs(seconds)).remaining;
        assert_eq!([after(0), after(1), after(30), after(60), after(600)], [0, 1, 30, 60, 60]);
    }

    #[test]
    fn what_is_more_than_all_never_fits() {
        let now = Instant::now();
        assert_eq!(Bucket::new(10, now).wait_for(11, now), None);
        assert_eq!(Bucket::new(0, now).wait_for(1, now), None);
        assert_eq!(Bucket::new(0, now).budget(now).remaining, 0);
    }

    #[test]
    fn no_amount_is_a_panic() {
        let now = Instant::now();
        let mut bucket = Bucket::new(1, now);
        bucket.spend(u64::MAX, now);
        bucket.spend(u64::MAX, now);
        assert_eq!(bucket.budget(now).remaining, 0);
    }
}
