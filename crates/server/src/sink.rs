//! Where what is measured of calls goes: the log, the metrics, the store.

use std::sync::{Arc, OnceLock};

use playhouse_llm::{CacheOutcome, CallRecord, Error};
use playhouse_provider::{CallSink, CircuitBoard, CircuitReading, CircuitState};
use playhouse_store::{CallWriter, Store, StoreConfig};
use playhouse_telemetry::metrics::{CallRecordCounts, CircuitSample};
use playhouse_telemetry::{Metrics, log_attempt, log_call, log_circuit};

/// Tells the log and the metrics of every call, and queues its record for the store.
pub struct Accounts {
    pub(crate) metrics: Arc<Metrics>,
    writer: Arc<CallWriter>,
    circuits: OnceLock<CircuitBoard>,
}

impl Accounts {
    /// Starts the writer of call records. It must be done within a Tokio runtime.
    pub fn start(metrics: Arc<Metrics>, store: Arc<dyn Store>, config: &StoreConfig) -> Self {
        let writer = Arc::new(CallWriter::spawn(store, config.call_queue));
        let counted = writer.clone();
        metrics.watch_call_records(move || {
            let stats = counted.stats();
            CallRecordCounts { queued: stats.queued, written: stats.written, dropped: stats.dropped }
        });
        Self { metrics, writer, circuits: OnceLock::new() }
    }

    /// Shows these circuits in the metrics and in the detailed health; told once.
    pub fn show_circuits(&self, circuits: CircuitBoard) {
        let shown = circuits.clone();
        self.metrics.watch_circuits(move || shown.readings().into_iter().map(sample).collect());
        // Told once, where the server is put together.
        let _ = self.circuits.set(circuits);
    }

    /// Where the circuits of deployments stand.
    pub(crate) fn circuits(&self) -> Vec<CircuitReading> {
        self.circuits.get().map(CircuitBoard::readings).unwrap_or_default()
    }

    /// Writes the records that still wait.
    pub(crate) async fn flush(&self) {
        self.writer.flush().await;
    }
}

impl CallSink for Accounts {
    fn record(&self, record: CallRecord) {
        log_call(&record);
        self.metrics.observe_call(&record);
        self.writer.record(record);
    }

    fn attempt(&self, provider: &str, model: &str, error: Option<&Error>) {
        self.metrics.observe_attempt(provider, model, error.map(|error| error.kind));
        if let Some(error) = error {
            log_attempt(provider, model, error);
        }
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
