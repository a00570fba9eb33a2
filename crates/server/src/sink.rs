//! Where what is measured of calls goes: the log, the metrics, the store.

use std::sync::Arc;
use std::time::Duration;

use playhouse_llm::{CallRecord, Error};
use playhouse_provider::CallSink;
use playhouse_store::{CallWriter, Store, StoreConfig};
use playhouse_telemetry::metrics::CallRecordCounts;
use playhouse_telemetry::{Metrics, Tracer, log_attempt, log_call};

/// Tells the log and the metrics of every call, and queues its record for the store.
pub struct Accounts {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracer: Tracer,
    writer: Arc<CallWriter>,
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
        Self { metrics, tracer: Tracer::default(), writer }
    }

    /// The same accounts, with spans of requests and runs.
    #[must_use]
    pub fn with_tracer(self, tracer: Tracer) -> Self {
        Self { tracer, ..self }
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

    fn chunks(&self, provider: &str, model: &str, later: u32, took: Duration) {
        self.metrics.observe_chunks(provider, model, later, took);
    }
}
