//! Taking from the limits of a namespace.

use std::time::Instant;

use super::bucket::Bucket;
use super::{Exceeded, QuotaState, Which};
use crate::script::Quota;

/// The limits of a namespace and what is left of them.
#[derive(Clone, Copy, Debug)]
pub struct QuotaMeter {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
}

impl QuotaMeter {
    /// Limits of which nothing is used.
    pub fn new(quota: Quota, now: Instant) -> Self {
        Self {
            requests: quota.requests_per_minute.map(|limit| Bucket::full(limit.into(), now)),
            tokens: quota.tokens_per_minute.map(|limit| Bucket::full(limit, now)),
        }
    }

    /// Takes one request and its tokens, all or nothing.
    ///
    /// # Errors
    /// Which limit it would go over.
    pub fn take(&mut self, tokens: u64, now: Instant) -> Result<QuotaState, Exceeded> {
        let wanted = [(&mut self.requests, 1, Which::Requests), (&mut self.tokens, tokens, Which::Tokens)];
        let mut exceeded = None;
        for (bucket, amount, which) in wanted {
            if let Some(bucket) = bucket {
                bucket.fill(now);
                let wait = bucket.wait_for(amount);
                exceeded = exceeded.or(wait.map(|wait| (which, amount, wait)));
            }
        }
        if let Some((which, requested, retry_after)) = exceeded {
            return Err(Exceeded { which, requested, retry_after, state: self.state() });
        }
        self.requests.iter_mut().for_each(|bucket| bucket.take(1));
        self.tokens.iter_mut().for_each(|bucket| bucket.take(tokens));
        Ok(self.state())
    }

    /// Takes the tokens of an answer, which nobody knew before; what is left may fall below nothing.
    pub fn charge(&mut self, tokens: u64) {
        self.tokens.iter_mut().for_each(|bucket| bucket.take(tokens));
    }

    fn state(&self) -> QuotaState {
        QuotaState {
            requests: self.requests.map(|bucket| bucket.budget()),
            tokens: self.tokens.map(|bucket| bucket.budget()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_minutes_requests_come_back_evenly() {
        let start = Instant::now();
        let mut meter = QuotaMeter::new(Quota { requests_per_minute: Some(2), tokens_per_minute: None }, start);
        assert_eq!(meter.take(0, start).unwrap().requests.unwrap().remaining, 1);
        assert_eq!(meter.take(0, start).unwrap().requests.unwrap().remaining, 0);
        let over = meter.take(0, start).unwrap_err();
        assert_eq!((over.which, over.retry_after), (Which::Requests, Duration::from_secs(30)));
        assert!(meter.take(0, start + Duration::from_secs(29)).is_err());
        assert!(meter.take(0, start + Duration::from_secs(31)).is_ok());
    }

    #[test]
    fn answers_are_charged_for_and_refusals_take_nothing() {
        let start = Instant::now();
        let mut meter = QuotaMeter::new(Quota { requests_per_minute: Some(10), tokens_per_minute: Some(100) }, start);
        meter.take(60, start).unwrap();
        meter.charge(30);
        let over = meter.take(20, start).unwrap_err();
        assert_eq!((over.which, over.requested, over.state.requests.unwrap().remaining), (Which::Tokens, 20, 9));
        assert!(meter.take(10, start).is_ok());
    }

    #[test]
    fn what_is_larger_than_the_limit_never_fits() {
        let start = Instant::now();
        let mut meter = QuotaMeter::new(Quota { requests_per_minute: None, tokens_per_minute: Some(100) }, start);
        assert!(meter.take(101, start).is_err());
        let mut closed = QuotaMeter::new(Quota { requests_per_minute: Some(0), tokens_per_minute: None }, start);
        assert!(closed.take(0, start).is_err());
    }
}
