//! What is known of Redis, where replicas share over one.

use super::families::RedisFamilies;
use super::scrape::raise_to;

/// How it went with Redis since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RedisReading {
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

pub(super) fn read_into(families: &RedisFamilies, reading: &RedisReading) {
    families.up.set(i64::from(reading.up));
    raise_to(&families.connections, reading.connections);
    raise_to(&families.failures.with_label_values(&["error"]), reading.errors);
    raise_to(&families.failures.with_label_values(&["timeout"]), reading.timeouts);
    raise_to(&families.fallbacks.with_label_values(&["quota"]), reading.quota_fallbacks);
    raise_to(&families.fallbacks.with_label_values(&["answer"]), reading.answer_fallbacks);
}
