//! The `[shared]` section of the configuration.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::SharedLimits;

/// `[shared]`: how much is kept of what replicas share, in this process and in Redis. The doc comments are the
/// documentation's rows.
///
/// ```
/// use playhouse_store::shared::{SharedConfig, SharedLimits};
///
/// let config = SharedConfig { stream_kept_s: 60, ..SharedConfig::default() };
/// assert_eq!(config.limits().stream_kept.as_secs(), 60);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SharedConfig {
    /// For how long the events of a turn, run or response that goes on are kept after the last one, in seconds.
    /// Default: 900.
    pub stream_idle_s: u64,
    /// For how long they are kept after its end, in seconds. Default: 300.
    pub stream_kept_s: u64,
    /// How many events are kept of each; the oldest go first. Default: 20000.
    pub stream_max_events: usize,
    /// How many bytes of events are kept of each; the oldest go first. Default: 4 MiB.
    pub stream_max_bytes: usize,
    /// How many bytes of events this process keeps of all; those that ended first go first. Default: 128 MiB.
    pub streams_max_bytes: usize,
    /// How many bytes of answers to give again (`[cache]`) this process keeps; those used longest ago go first.
    /// Default: 64 MiB.
    pub answers_max_bytes: usize,
    /// How many counters of limits and budgets this process holds, up to three an API key. Default: 100000.
    pub max_counters: usize,
}

impl Default for SharedConfig {
    fn default() -> Self {
        let limits = SharedLimits::default();
        Self {
            stream_idle_s: limits.stream_idle.as_secs(),
            stream_kept_s: limits.stream_kept.as_secs(),
            stream_max_events: limits.stream_events,
            stream_max_bytes: limits.stream_bytes,
            streams_max_bytes: limits.streams_bytes,
            answers_max_bytes: limits.answers_bytes,
            max_counters: limits.counters,
        }
    }
}

impl SharedConfig {
    /// The bounds it asks for.
    pub fn limits(&self) -> SharedLimits {
        SharedLimits {
            stream_idle: Duration::from_secs(self.stream_idle_s),
            stream_kept: Duration::from_secs(self.stream_kept_s),
            stream_events: self.stream_max_events,
            stream_bytes: self.stream_max_bytes,
            streams_bytes: self.streams_max_bytes,
            counters: self.max_counters,
            answers_bytes: self.answers_max_bytes,
            // How large one may be is the cache's to say (`[cache] max_answer_bytes`).
            answer_bytes: self.answers_max_bytes,
            ..SharedLimits::default()
        }
    }
}
