//! What is taken of a limit, and what follows from it for a claim. Whoever counts, it is decided here.

use std::time::Duration;

use super::bucket::Bucket;
use super::{Claim, Decision, Exceeded, LimitState, MAX_AMOUNT, Period, Window};

/// What is taken of a limit.
#[derive(Clone, Copy, Debug)]
pub(super) enum Counter {
    /// Of a rolling one, and when all of it has come back.
    Rolling {
        /// What is taken.
        bucket: Bucket,
        /// The moment, in seconds of the bucket's clock.
        full_s: f64,
    },
    /// Of a period's.
    Period {
        /// What is taken.
        taken: u64,
        /// When it ends.
        end_us: i64,
    },
}

impl Counter {
    /// How a claim's counter stands; `None` for a period that has no beginning.
    pub(super) fn standing(known: Option<&Self>, claim: &Claim, now_s: f64) -> Option<Self> {
        match (known, claim.window) {
            (Some(Self::Rolling { bucket, .. }), Window::Rolling(window)) => {
                Some(Self::rolling(bucket.at(now_s, capacity(claim), window), claim, window))
            }
            (_, Window::Rolling(window)) => {
                Some(Self::rolling(Bucket::default().at(now_s, capacity(claim), window), claim, window))
            }
            (Some(counter @ Self::Period { .. }), Window::Period(_)) => Some(*counter),
            (_, Window::Period(_)) => None,
        }
    }

    /// One of which somebody else has counted what is taken.
    pub(super) fn of(taken: f64, claim: &Claim) -> Self {
        match claim.window {
            Window::Rolling(window) => Self::rolling(Bucket::of(taken), claim, window),
            Window::Period(period) => Self::Period { taken: taken as u64, end_us: period.end_us },
        }
    }

    fn rolling(bucket: Bucket, claim: &Claim, window: Duration) -> Self {
        let full_s = bucket.full_s(capacity(claim), window);
        Self::Rolling { bucket, full_s }
    }

    /// Whether it differs from one that nobody has heard of.
    pub(super) fn says_something(&self, now_s: f64, now_us: i64) -> bool {
        match self {
            Self::Rolling { full_s, .. } => *full_s > now_s,
            Self::Period { end_us, .. } => *end_us > now_us,
        }
    }

    /// The same after an amount more (or less) is taken.
    pub(super) fn taking(self, claim: &Claim, amount: i64) -> Self {
        match (self, claim.window) {
            (Self::Rolling { mut bucket, .. }, Window::Rolling(window)) => {
                bucket.take(amount as f64);
                Self::rolling(bucket, claim, window)
            }
            (Self::Period { taken, end_us }, _) => {
                Self::Period { taken: taken.saturating_add_signed(amount).min(MAX_AMOUNT), end_us }
            }
            (other, _) => other,
        }
    }

    /// How the limit stands.
    pub(super) fn state(&self, claim: &Claim, now_us: i64) -> LimitState {
        let limit = capacity(claim);
        let (remaining, reset_after) = match (self, claim.window) {
            (Self::Rolling { bucket, .. }, Window::Rolling(window)) => {
                (bucket.remaining(limit), bucket.wait_for(limit, limit, window))
            }
            (Self::Period { taken, .. }, Window::Period(period)) => {
                (limit.saturating_sub(*taken), left_of(period, now_us))
            }
            _ => (limit, Duration::ZERO),
        };
        LimitState { limit, remaining, reset_after }
    }

    /// How long the claim has to wait; `None` when it waits for ever.
    fn wait(&self, claim: &Claim, now_us: i64) -> Option<Duration> {
        let (amount, capacity) = (amount(claim), capacity(claim));
        match (self, claim.window) {
            _ if amount > capacity => None,
            (Self::Rolling { bucket, .. }, Window::Rolling(window)) => {
                Some(bucket.wait_for(amount, capacity, window))
            }
            (Self::Period { taken, .. }, Window::Period(period)) if taken + amount > capacity => {
                Some(left_of(period, now_us))
            }
            _ => Some(Duration::ZERO),
        }
    }
}

/// The counters from which the claims can be taken, or why they cannot.
pub(super) fn decide(
    standing: Vec<Option<Counter>>,
    claims: &[Claim],
    now_us: i64,
) -> Result<Vec<Counter>, Decision> {
    let unknown = standing.iter().enumerate().filter(|(_, counter)| counter.is_none());
    let unknown: Vec<usize> = unknown.map(|(place, _)| place).collect();
    if !unknown.is_empty() {
        return Err(Decision::NeedsSeed(unknown));
    }
    let standing: Vec<Counter> = standing.into_iter().flatten().collect();
    match longest_wait(&standing, claims, now_us) {
        None => Ok(standing),
        Some((claim, retry_after)) => {
            let states = states(&standing, claims, now_us);
            Err(Decision::Exceeded(Exceeded { claim, retry_after, states }))
        }
    }
}

/// How the claims' limits stand.
pub(super) fn states(standing: &[Counter], claims: &[Claim], now_us: i64) -> Vec<LimitState> {
    standing.iter().zip(claims).map(|(counter, claim)| counter.state(claim, now_us)).collect()
}

/// A claim's capacity, as far as it can be counted.
pub(super) fn capacity(claim: &Claim) -> u64 {
    claim.capacity.min(MAX_AMOUNT)
}

/// A claim's amount, as far as it can be counted.
pub(super) fn amount(claim: &Claim) -> u64 {
    claim.amount.min(MAX_AMOUNT)
}

/// How much of a period is left: something, while it counts.
fn left_of(period: Period, now_us: i64) -> Duration {
    Duration::from_micros(period.end_us.saturating_sub(now_us).max(1).unsigned_abs())
}

/// The claim that waits longest, if any has to.
fn longest_wait(standing: &[Counter], claims: &[Claim], now_us: i64) -> Option<(usize, Option<Duration>)> {
    let waits = standing.iter().zip(claims).map(|(counter, claim)| counter.wait(claim, now_us));
    let waiting = waits.enumerate().filter(|(_, wait)| *wait != Some(Duration::ZERO));
    waiting.max_by_key(|(_, wait)| wait.unwrap_or(Duration::MAX))
}
