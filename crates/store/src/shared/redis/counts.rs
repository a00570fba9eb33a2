//! What is counted of Redis.

use std::sync::atomic::{AtomicU64, Ordering};

/// How it went with Redis since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RedisStats {
    /// Whether it answers.
    pub up: bool,
    /// Connections made.
    pub connections: u64,
    /// Commands that failed, for another reason than time.
    pub errors: u64,
    /// Commands that took too long.
    pub timeouts: u64,
    /// Reservations that were decided in this process because Redis was away.
    pub quota_fallbacks: u64,
    /// Answers that were looked for or kept in this process because Redis was away.
    pub answer_fallbacks: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) connections: AtomicU64,
    pub(super) errors: AtomicU64,
    pub(super) timeouts: AtomicU64,
    pub(super) quota_fallbacks: AtomicU64,
    pub(super) answer_fallbacks: AtomicU64,
}

impl Counts {
    pub(super) fn stats(&self, up: bool) -> RedisStats {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        RedisStats {
            up,
            connections: of(&self.connections),
            errors: of(&self.errors),
            timeouts: of(&self.timeouts),
            quota_fallbacks: of(&self.quota_fallbacks),
            answer_fallbacks: of(&self.answer_fallbacks),
        }
    }
}

/// Counts one.
pub(super) fn count(of: &AtomicU64) {
    of.fetch_add(1, Ordering::Relaxed);
}
