//! A bucket of a minute's allowance that fills evenly.

use std::time::{Duration, Instant};

use super::Budget;

const MINUTE_S: f64 = 60.0;

/// What is left of an allowance; it grows back at an even rate until it is whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    limit: f64,
    left: f64,
    at: Instant,
}

impl Bucket {
    pub(super) fn full(limit: u64, now: Instant) -> Self {
        Self { limit: limit as f64, left: limit as f64, at: now }
    }

    pub(super) fn fill(&mut self, now: Instant) {
        let grown = now.saturating_duration_since(self.at).as_secs_f64() * self.limit / MINUTE_S;
        self.left = (self.left + grown).min(self.limit);
        self.at = now;
    }

    /// Until there is so much; none where there is already. What is more than the limit never is,
    /// and counts as the whole of it.
    pub(super) fn wait_for(&self, amount: u64) -> Option<Duration> {
        let missing = (amount as f64).min(self.limit.max(1.0)) - self.left;
        // Fractions of a token that rounding leaves over keep nobody waiting.
        (missing > 1e-6 || amount as f64 > self.limit).then(|| self.time_for(missing.max(0.0)))
    }

    pub(super) fn take(&mut self, amount: u64) {
        self.left -= amount as f64;
    }

    pub(super) fn budget(&self) -> Budget {
        Budget {
            limit: self.limit as u64,
            remaining: self.left.max(0.0) as u64,
            reset: self.time_for(self.limit - self.left),
        }
    }

    fn time_for(&self, amount: f64) -> Duration {
        match self.limit > 0.0 {
            true => Duration::try_from_secs_f64(amount * MINUTE_S / self.limit).unwrap_or(Duration::MAX),
            false => Duration::from_secs(60),
        }
    }
}
