//! The bounds of what replicas share.

use std::time::Duration;

/// How much is kept, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedLimits {
    /// For how long a stream that is not closed is kept after its last event.
    pub stream_idle: Duration,
    /// For how long a closed stream is kept.
    pub stream_kept: Duration,
    /// How many events a stream keeps; the oldest go first.
    pub stream_events: usize,
    /// How many bytes of events a stream keeps; the oldest events go first.
    pub stream_bytes: usize,
    /// How many bytes this process keeps of all streams; those that were closed first go first.
    pub streams_bytes: usize,
    /// How long after it was raised a signal is still heard.
    pub signal_kept: Duration,
    /// How many raised signals are remembered; the oldest go first.
    pub signals: usize,
    /// How many counters of limits this process holds.
    pub counters: usize,
    /// How many bytes of answers this process keeps; those used longest ago go first.
    pub answers_bytes: usize,
    /// How many bytes one kept answer may have; a larger one is not kept.
    pub answer_bytes: usize,
}

impl Default for SharedLimits {
    fn default() -> Self {
        Self {
            stream_idle: Duration::from_mins(15),
            stream_kept: Duration::from_mins(5),
            stream_events: 20_000,
            stream_bytes: 4 << 20,
            streams_bytes: 128 << 20,
            signal_kept: Duration::from_mins(1),
            signals: 10_000,
            counters: 100_000,
            answers_bytes: 64 << 20,
            answer_bytes: 1 << 20,
        }
    }
}
