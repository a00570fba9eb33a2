//! What is read when somebody asks for the metrics, and the text they get.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, Registry, TextEncoder};

use super::families::{Families, ProcessFamilies, RedisFamilies};
use super::process;
use super::redis::{self, RedisReading};
use crate::otlp::SpanCounts;

/// What has become of call records since the start, and how the ledger is now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CallRecordCounts {
    /// Records that are not in the store yet.
    pub queued: u64,
    /// Those of them that are in memory only.
    pub in_memory: u64,
    /// Records written to the store.
    pub written: u64,
    /// Records lost.
    pub dropped: u64,
    /// Records written to the ledger.
    pub appended: u64,
    /// Records that the ledger's disk did not take.
    pub overflowed: u64,
    /// Records that the store refused for good.
    pub refused: u64,
    /// Damaged places in the ledger.
    pub damaged: u64,
    /// The ledger's size.
    pub ledger_bytes: u64,
    /// How long the oldest record of the ledger waits, in seconds; 0 when none does.
    pub oldest_age_s: f64,
}

/// Where the circuit of a deployment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitSample {
    /// The provider, as it is configured.
    pub provider: Arc<str>,
    /// The model, in the provider's own name.
    pub model: Arc<str>,
    /// Where it stands, as the metric's help says.
    pub state: i64,
}

pub(super) type Circuits = Box<dyn Fn() -> Vec<CircuitSample> + Send + Sync>;
pub(super) type DroppedLines = Box<dyn Fn() -> u64 + Send + Sync>;
pub(super) type CallRecords = Box<dyn Fn() -> CallRecordCounts + Send + Sync>;
pub(super) type Spans = Box<dyn Fn() -> SpanCounts + Send + Sync>;
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
    spans: Option<Spans>,
    circuits: Option<Circuits>,
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

    pub(super) fn watch_spans(&self, counts: Spans) {
        self.lock().spans = Some(counts);
    }

    pub(super) fn watch_circuits(&self, circuits: Circuits) {
        self.lock().circuits = Some(circuits);
    }

    pub(super) fn watch_redis(&self, reading: Redis) {
        let mut watched = self.lock();
        let known = watched.redis.take().map(|(families, _)| families);
        let families = known.unwrap_or_else(|| RedisFamilies::register(&self.registry));
        watched.redis = Some((families, reading));
    }

    pub(super) fn gather(&self, families: &Families) -> Vec<MetricFamily> {
        let watched = self.lock();
        watched.read_into(families);
        if let Some(families) = &self.process {
            process::read_into(families);
        }
        self.registry.gather()
    }

    pub(super) fn render(&self, families: &Families) -> String {
        let mut text = String::new();
        // Fails on a family without a name or a metric, which no registry gathers.
        let encoded = TextEncoder::new().encode_utf8(&self.gather(families), &mut text);
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
            counts().read_into(families);
        }
        if let Some(counts) = &self.spans {
            let counts = counts();
            raise_to(&families.spans_exported, counts.exported);
            raise_to(&families.spans_dropped, counts.dropped);
        }
        if let Some(circuits) = &self.circuits {
            // Circuits that nothing is known of any more are gone.
            families.circuit_state.reset();
            for sample in circuits() {
                let labels = [&*sample.provider, &*sample.model];
                families.circuit_state.with_label_values(&labels).set(sample.state);
            }
        }
        if let Some((families, reading)) = &self.redis {
            redis::read_into(families, &reading());
        }
    }
}

impl CallRecordCounts {
    fn read_into(&self, families: &Families) {
        families.call_records_queued.set(gauged(self.queued));
        families.ledger_lag.set(gauged(self.queued));
        families.ledger_in_memory.set(gauged(self.in_memory));
        families.ledger_bytes.set(gauged(self.ledger_bytes));
        families.ledger_oldest_age.set(self.oldest_age_s);
        raise_to(&families.call_records_written, self.written);
        raise_to(&families.call_records_dropped, self.dropped);
        raise_to(&families.ledger_appended, self.appended);
        raise_to(&families.ledger_overflowed, self.overflowed);
        raise_to(&families.ledger_refused, self.refused);
        raise_to(&families.ledger_damaged, self.damaged);
    }
}

impl fmt::Debug for Scrape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scrape").finish_non_exhaustive()
    }
}

fn gauged(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Counters only rise.
pub(super) fn raise_to(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}
