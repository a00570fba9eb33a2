//! What is left to whoever asks: their limits of requests and tokens, as they stand.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What is left to a caller that has limits; noted on the way down, told with the answer.
///
/// ```
/// use std::time::Duration;
/// use playhouse_llm::{Allowance, RateLimit, RateLimits};
///
/// let minute = Duration::from_secs(60);
/// let requests = RateLimit { limit: 10, remaining: 9, reset: minute, window: minute };
/// let allowance = Allowance::default();
/// allowance.note(RateLimits { requests: Some(requests), tokens: None });
/// assert_eq!(allowance.limits().unwrap().requests, Some(requests));
/// ```
#[derive(Debug, Default)]
pub struct Allowance {
    limits: Mutex<Option<RateLimits>>,
}

/// The limits of a caller, as they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests, where they are limited.
    pub requests: Option<RateLimit>,
    /// Tokens, where they are limited.
    pub tokens: Option<RateLimit>,
}

/// One limit, as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How much there is in a window.
    pub limit: u64,
    /// How much of it is left.
    pub remaining: u64,
    /// When all of it is there again.
    pub reset: Duration,
    /// How long a window is.
    pub window: Duration,
}

impl Allowance {
    /// Takes note of what is left now.
    pub fn note(&self, limits: RateLimits) {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = Some(limits);
    }

    /// What was left last, if anything was asked for.
    pub fn limits(&self) -> Option<RateLimits> {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
