//! What is read when somebody asks for the metrics, and the text they get.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus::{IntCounter, Registry, TextEncoder};

use super::families::{Families, ProcessFamilies, RedisFamilies};
use super::process;
use super::redis::{self, RedisReading};

/// What the writer of call records has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallRecordCounts {
    /// Records that wait now.
    pub queued: u64,
    /// Records written since the start.
    pub written: u64,
    /// Records lost since the start.
    pub dropped: u64,
}

pub(super) type DroppedLines = Box<dyn Fn() -> u64 + Send + Sync>;
pub(super) type CallRecords = Box<dyn Fn() -> CallRecordCounts + Send + Sync>;
pub(super) type Redis = Box<dyn Fn() -> RedisReading + Send + Sync>;

/// Counts that others keep, and the registry. One scrape at a time, so that nothing counts twice.
pub(super) struct Scrape {
    registry: Registry,
    process: Option<ProcessFamilies>,
    watched: Mutex<Watched>,
}

#[derive(Default)]
struct Watched {
    dropped_log_lines: Option<DroppedLines>,
    call_records: Option<CallRecords>,
    redis: Option<(RedisFamilies, Redis)>,
}

impl Scrape {
    pub(super) fn new(registry: Registry) -> Self {
        let process = process::is_known().then(|| ProcessFamilies::register(&registry));
        Self { registry, process, watched: Mutex::default() }
    }

    pub(super) fn watch_dropped_log_lines(&self, count: DroppedLines) {
        self.lock().dropped_log_lines = Some(count);
    }

    pub(super) fn watch_call_records(&self, counts: CallRecords) {
        self.lock().call_records = Some(counts);
    }

    pub(super) fn watch_redis(&self, reading: Redis) {
        let mut watched = self.lock();
        let known = watched.redis.take().map(|(families, _)| families);
        let families = known.unwrap_or_else(|| RedisFamilies::register(&self.registry));
        watched.redis = Some((families, reading));
    }

    pub(super) fn render(&self, families: &Families) -> String {
        let watched = self.lock();
        watched.read_into(families);
        if let Some(families) = &self.process {
            process::read_into(families);
        }
        let mut text = String::new();
        // Fails on a family without a name or a metric, which no registry gathers.
        let encoded = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text);
        debug_assert!(encoded.is_ok(), "{encoded:?}");
        text
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    fn read_into(&self, families: &Families) {
        if let Some(count) = &self.dropped_log_lines {
            raise_to(&families.log_lines_dropped, count());
        }
        if let Some(counts) = &self.call_records {
            let counts = counts();
            families.call_records_queued.set(i64::try_from(counts.queued).unwrap_or(i64::MAX));
            raise_to(&families.call_records_written, counts.written);
            raise_to(&families.call_records_dropped, counts.dropped);
        }
        if let Some((families, reading)) = &self.redis {
            redis::read_into(families, &reading());
        }
    }
}

impl fmt::Debug for Scrape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scrape").finish_non_exhaustive()
    }
}

/// Counters only rise.
pub(super) fn raise_to(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}
