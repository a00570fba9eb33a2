//! What is read when somebody asks for the metrics, and the text they get.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::{IntCounter, Registry, TextEncoder};

use super::families::{Families, ProcessFamilies};
use super::process;

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
    circuits: Option<Circuits>,
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

    pub(super) fn watch_circuits(&self, circuits: Circuits) {
        self.lock().circuits = Some(circuits);
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
        if let Some(circuits) = &self.circuits {
            // Circuits that nothing is known of any more are gone.
            families.circuit_state.reset();
            for sample in circuits() {
                let labels = [&*sample.provider, &*sample.model];
                families.circuit_state.with_label_values(&labels).set(sample.state);
            }
        }
    }
}

impl fmt::Debug for Scrape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scrape").finish_non_exhaustive()
    }
}

/// Counters only rise.
fn raise_to(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}
