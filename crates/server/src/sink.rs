//! Where what is measured of calls goes: the log, the metrics, the ledger.

use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use playhouse_llm::{CacheOutcome, CallRecord, Error};
use playhouse_provider::{CallSink, CircuitBoard, CircuitReading, CircuitState};
use playhouse_store::{CallLedger, LedgerStats, Store, StoreConfig, StoreError, ledger};
use playhouse_telemetry::metrics::{CallRecordCounts, CircuitSample};
use playhouse_telemetry::{LedgerLine, Metrics, Tracer, log_attempt, log_call, log_circuit};

use crate::stack::ProviderAddress;

/// How often the ledger is looked after.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// After lines about the ledger there are none for so long: a full disk must not fill the log.
const QUIET: Duration = Duration::from_secs(30);

/// Tells the log and the metrics of every call, and appends its record to the ledger.
///
/// A record is taken while the caller still waits for the end of its answer: whoever has seen the end finds
/// the record, whatever becomes of the process.
pub struct Accounts {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracer: Tracer,
    ledger: Arc<CallLedger>,
    circuits: OnceLock<CircuitBoard>,
}

impl Accounts {
    /// Opens the ledger in a data directory. It must be done within a Tokio runtime.
    ///
    /// # Errors
    /// When the ledger cannot be used, or another process uses it.
    pub fn start(
        metrics: Arc<Metrics>,
        store: Arc<dyn Store>,
        config: &StoreConfig,
        data_dir: &Path,
    ) -> Result<Self, StoreError> {
        let ledger = Arc::new(CallLedger::open(&data_dir.join(ledger::FOLDER), store, config)?);
        let counted = ledger.clone();
        metrics.watch_call_records(move || counts(&counted.stats()));
        tokio::spawn(tell_of(Arc::downgrade(&ledger)));
        Ok(Self { metrics, tracer: Tracer::default(), ledger, circuits: OnceLock::new() })
    }

    /// Shows these circuits in the metrics and in the detailed health; told once.
    pub fn show_circuits(&self, circuits: CircuitBoard) {
        let shown = circuits.clone();
        self.metrics.watch_circuits(move || shown.readings().into_iter().map(sample).collect());
        // Told once, where the server is put together.
        let _ = self.circuits.set(circuits);
    }

    /// Says in the metrics where the providers are; told once.
    pub fn name_servers(&self, servers: Vec<ProviderAddress>) {
        self.metrics.name_servers(servers);
    }

    /// Where the circuits of deployments stand.
    pub(crate) fn circuits(&self) -> Vec<CircuitReading> {
        self.circuits.get().map(CircuitBoard::readings).unwrap_or_default()
    }

    /// The same accounts, with spans of requests and runs.
    #[must_use]
    pub fn with_tracer(self, tracer: Tracer) -> Self {
        Self { tracer, ..self }
    }

    /// Brings the records that still wait to the database.
    pub(crate) async fn flush(&self) {
        self.ledger.flush().await;
    }
}

impl CallSink for Accounts {
    fn record(&self, record: CallRecord) {
        self.translated(record, 0);
    }

    fn translated(&self, record: CallRecord, dropped_fields: u32) {
        log_call(&record, dropped_fields);
        self.metrics.observe_call(&record);
        self.ledger.record(record);
    }

    fn attempt(&self, provider: &str, model: &str, error: Option<&Error>) {
        self.metrics.observe_attempt(provider, model, error.map(|error| error.kind));
        if let Some(error) = error {
            log_attempt(provider, model, error);
        }
    }

    fn chunks(&self, provider: &str, model: &str, later: u32, took: Duration) {
        self.metrics.observe_chunks(provider, model, later, took);
    }

    fn circuit(&self, provider: &str, model: &str, state: CircuitState) {
        if state == CircuitState::Open {
            self.metrics.observe_circuit_opened(provider, model);
        }
        // Pauses are many where an upstream is asked too often; the attempts tell of them.
        if state != CircuitState::Paused {
            log_circuit(provider, model, state.as_str(), state == CircuitState::Open);
        }
    }

    fn cache(&self, outcome: CacheOutcome) {
        self.metrics.observe_cache(outcome);
    }
}

fn sample(reading: CircuitReading) -> CircuitSample {
    let state = match reading.state {
        CircuitState::Closed => 0,
        CircuitState::Paused => 1,
        CircuitState::HalfOpen => 2,
        CircuitState::Open => 3,
    };
    CircuitSample { provider: reading.provider, model: reading.model, state }
}

fn counts(stats: &LedgerStats) -> CallRecordCounts {
    let now_us = jiff::Timestamp::now().as_microsecond();
    let age_us = stats.oldest_us.map_or(0, |oldest_us| now_us.saturating_sub(oldest_us).max(0));
    CallRecordCounts {
        queued: stats.waiting,
        in_memory: stats.in_memory,
        written: stats.written,
        dropped: stats.dropped,
        appended: stats.appended,
        overflowed: stats.overflowed,
        refused: stats.refused,
        damaged: stats.damaged,
        ledger_bytes: stats.bytes,
        oldest_age_s: age_us as f64 / 1e6,
    }
}

/// Tells the log what goes wrong with the ledger, for as long as it is open.
async fn tell_of(ledger: Weak<CallLedger>) {
    let mut told = LedgerStats::default();
    let mut was_troubled = false;
    loop {
        tokio::time::sleep(LOOK_INTERVAL).await;
        let Some(now) = ledger.upgrade().map(|ledger| ledger.stats()) else { return };
        let is_troubled = now.trouble.is_some() || now.overflowed > told.overflowed;
        let line = LedgerLine {
            is_troubled,
            was_troubled,
            reason: now.trouble.as_deref(),
            in_memory: now.in_memory,
            dropped: now.dropped - told.dropped,
            refused: now.refused - told.refused,
            damaged: now.damaged - told.damaged,
        };
        if line.log() {
            tokio::time::sleep(QUIET).await;
        }
        (told, was_troubled) = (now, is_troubled);
    }
}
