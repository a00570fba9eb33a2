//! Both limits of a namespace.

use std::time::{Duration, Instant};

use super::bucket::Bucket;
use super::{Budget, QuotaState};
use crate::script::Quota;

/// Meters a namespace's requests and tokens against its limits.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use playhouse_mock::quota::{Limited, QuotaMeter};
/// use playhouse_mock::script::Quota;
///
/// let now = Instant::now();
/// let mut meter = QuotaMeter::new(Quota { requests_per_minute: Some(1), tokens_per_minute: None }, now);
/// assert_eq!(meter.take(1, 0, now).unwrap().requests.unwrap().remaining, 0);
///
/// let exceeded = meter.take(1, 0, now).unwrap_err();
/// assert_eq!((exceeded.which, exceeded.retry_after), (Limited::Requests, Some(Duration::from_secs(60))));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct QuotaMeter {
    quota: Quota,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
}

/// What was asked for and is not there: the numbers of a vendor's refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// What is left, now that nothing was taken.
    pub state: QuotaState,
    /// Which limit is in the way; where both are, the one that takes longer.
    pub which: Limited,
    /// That limit.
    pub limit: u64,
    /// How much of it is used.
    pub used: u64,
    /// How much was asked for.
    pub requested: u64,
    /// How long until it is there; `None` where it is more than the limit, so that no wait helps.
    pub retry_after: Option<Duration>,
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// Requests in a minute.
    Requests,
    /// Tokens in a minute.
    Tokens,
}

impl QuotaMeter {
    /// A meter with all of its quota left.
    pub fn new(quota: Quota, now: Instant) -> Self {
        let bucket = |limit: u64| Bucket::new(limit, now);
        Self {
            quota,
            requests: quota.requests_per_minute.map(u64::from).map(bucket),
            tokens: quota.tokens_per_minute.map(bucket),
        }
    }

    /// What it was made for.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// What is left.
    pub fn state(&self, now: Instant) -> QuotaState {
        let budget = |bucket: &Bucket| bucket.budget(now);
        QuotaState { requests: self.requests.as_ref().map(budget), tokens: self.tokens.as_ref().map(budget) }
    }

    /// Takes from both limits, or from none; says what is left.
    ///
    /// # Errors
    /// When there is not enough of one. A refused request costs nothing here: with some vendors it
    /// does, and a test that hammers would never come through.
    pub fn take(&mut self, requests: u64, tokens: u64, now: Instant) -> Result<QuotaState, Exceeded> {
        if let Some(exceeded) = self.exceeded(requests, tokens, now) {
            return Err(exceeded);
        }
        self.spend(requests, tokens, now);
        Ok(self.state(now))
    }

    /// Takes what has been used already, as an answer's tokens have: beyond the limit it is owed.
    pub fn spend(&mut self, requests: u64, tokens: u64, now: Instant) {
        if let Some(bucket) = &mut self.requests {
            bucket.spend(requests, now);
        }
        if let Some(bucket) = &mut self.tokens {
            bucket.spend(tokens, now);
        }
    }

    fn exceeded(&self, requests: u64, tokens: u64, now: Instant) -> Option<Exceeded> {
        let asked = [(Limited::Requests, self.requests, requests), (Limited::Tokens, self.tokens, tokens)];
        let lacking = asked.into_iter().filter_map(|(which, bucket, requested)| {
            let bucket = bucket?;
            let retry_after = bucket.wait_for(requested, now);
            let Budget { limit, remaining, .. } = bucket.budget(now);
            let used = limit - remaining;
            let exceeded = Exceeded { state: self.state(now), which, limit, used, requested, retry_after };
            (retry_after != Some(Duration::ZERO)).then_some(exceeded)
        });
        // The first of equals: vendors look at requests before tokens.
        lacking.reduce(|one, other| if patience(&other) > patience(&one) { other } else { one })
    }
}

fn patience(exceeded: &Exceeded) -> Duration {
    exceeded.retry_after.unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(requests_per_minute: Option<u32>, tokens_per_minute: Option<u64>) -> (QuotaMeter, Instant) {
        let now = Instant::now();
        (QuotaMeter::new(Quota { requests_per_minute, tokens_per_minute }, now), now)
    }

    #[test]
    fn without_limits_everything_goes() {
        let (mut meter, now) = meter(None, None);
        assert_eq!(meter.take(1_000_000, u64::MAX, now), Ok(QuotaState::default()));
    }

    #[test]
    fn a_refusal_has_the_vendors_numbers_and_its_wait_suffices() {
        let (mut meter, now) = meter(None, Some(10_000));
        meter.take(1, 9_000, now).unwrap();
        let exceeded = meter.take(1, 2_000, now).unwrap_err();
        assert_eq!((exceeded.limit, exceeded.used, exceeded.requested), (10_000, 9_000, 2_000));
        let wait = exceeded.retry_after.unwrap();
        assert_eq!(wait, Duration::from_secs(6));
        assert!(meter.take(1, 2_000, now + wait - Duration::from_millis(1)).is_err());
        assert_eq!(meter.take(1, 2_000, now + wait).unwrap().tokens.unwrap().remaining, 0);
    }

    #[test]
    fn a_refused_request_costs_neither_requests_nor_tokens() {
        let (mut meter, now) = meter(Some(10), Some(100));
        let state = meter.take(1, 101, now).unwrap_err().state;
        assert_eq!(state, meter.state(now));
        assert_eq!((state.requests.unwrap().remaining, state.tokens.unwrap().remaining), (10, 100));
    }

    #[test]
    fn the_limit_that_takes_longer_is_named() {
        let (mut meter, now) = meter(Some(60), Some(100));
        meter.take(60, 100, now).unwrap();
        assert_eq!(meter.take(1, 50, now).unwrap_err().which, Limited::Tokens);
        assert_eq!(meter.take(1, 1, now).unwrap_err().which, Limited::Requests);
    }

    #[test]
    fn more_than_the_limit_is_not_worth_waiting_for() {
        let (mut meter, now) = meter(Some(1), Some(100));
        meter.take(1, 0, now).unwrap();
        let exceeded = meter.take(1, 200, now).unwrap_err();
        assert_eq!((exceeded.which, exceeded.retry_after), (Limited::Tokens, None));
    }

    #[test]
    fn what_an_answer_used_is_owed() {
        let (mut meter, now) = meter(None, Some(60));
        meter.spend(0, 90, now);
        assert_eq!(meter.state(now).tokens.unwrap().remaining, 0);
        assert_eq!(meter.take(1, 1, now).unwrap_err().retry_after, Some(Duration::from_secs(31)));
    }
}
