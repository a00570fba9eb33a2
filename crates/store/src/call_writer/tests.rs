use async_trait::async_trait;
use playhouse_llm::Outcome;

use super::*;
use crate::{CallFilter, CallStat, Scope, StatsBy, StoreError};

/// A call log that does as it is told.
#[derive(Default)]
struct Log {
    away: std::sync::atomic::AtomicBool,
    batches: Mutex<Vec<usize>>,
}

impl Log {
    fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap().clone()
    }

    fn go_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }
}

#[async_trait]
impl Calls for Log {
    async fn append_calls(&self, records: Arc<[CallRecord]>) -> Result<(), StoreError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(StoreError::unavailable("gone fishing"));
        }
        if records.iter().any(|record| &*record.id == "bad") {
            return Err(StoreError::invalid("'bad' is no call id"));
        }
        self.batches.lock().unwrap().push(records.len());
        Ok(())
    }

    async fn list_calls(&self, _: CallFilter) -> Result<Vec<CallRecord>, StoreError> {
        unreachable!("the writer only writes")
    }

    async fn call_stats(&self, _: &Scope, _: StatsBy, _: Option<i64>) -> Result<Vec<CallStat>, StoreError> {
        unreachable!("the writer only writes")
    }

    async fn prune_calls(&self, _: i64, _: u32) -> Result<u64, StoreError> {
        unreachable!("the writer only writes")
    }
}

fn record(id: &str) -> CallRecord {
    CallRecord {
        id: id.into(),
        request_id: "request".into(),
        session_id: None,
        turn_id: None,
        run_id: None,
        key_id: None,
        started_at_us: 0,
        model: "small".into(),
        model_served: None,
        provider: None,
        stream: false,
        outcome: Outcome::Ok,
        status: None,
        error: None,
        finish_reason: None,
        attempts: 1,
        ttft_ms: None,
        duration_ms: 1.0,
        usage: None,
        cost_usd: None,
        upstream_request_id: None,
    }
}

fn stats(queued: u64, written: u64, dropped: u64) -> CallWriterStats {
    CallWriterStats { queued, written, dropped }
}

#[tokio::test(start_paused = true)]
async fn records_wait_for_the_tick_and_go_together() {
    let log = Arc::new(Log::default());
    let writer = CallWriter::spawn(log.clone(), 10_000);
    tokio::time::sleep(TICK / 2).await;
    (0..700).for_each(|_| writer.record(record("fine")));
    assert_eq!(writer.stats(), stats(700, 0, 0));
    tokio::time::sleep(TICK).await;
    assert_eq!(log.batches(), [512, 188]);
    assert_eq!(writer.stats(), stats(0, 700, 0));
}

#[tokio::test(start_paused = true)]
async fn flushing_does_not_wait_for_the_tick() {
    let log = Arc::new(Log::default());
    let writer = CallWriter::spawn(log.clone(), 10_000);
    writer.flush().await;
    let began = tokio::time::Instant::now();
    writer.record(record("fine"));
    writer.flush().await;
    assert_eq!(log.batches(), [1]);
    assert!(began.elapsed() < TICK);
}

#[tokio::test(start_paused = true)]
async fn records_outlast_a_store_that_is_away() {
    let log = Arc::new(Log::default());
    log.go_away(true);
    let writer = CallWriter::spawn(log.clone(), 10_000);
    (0..600).for_each(|_| writer.record(record("fine")));
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    (0..10).for_each(|_| writer.record(record("fine")));
    assert_eq!(writer.stats(), stats(610, 0, 0));
    log.go_away(false);
    tokio::time::timeout(LAST_RETRY * 2, writer.flush()).await.unwrap();
    assert_eq!(writer.stats(), stats(0, 610, 0));
    assert_eq!(log.batches(), [512, 88, 10]);
}

#[tokio::test(start_paused = true)]
async fn beyond_its_bound_it_drops_and_counts() {
    let log = Arc::new(Log::default());
    log.go_away(true);
    let writer = CallWriter::spawn(log.clone(), 100);
    (0..60).for_each(|_| writer.record(record("fine")));
    tokio::time::sleep(Duration::from_secs(60)).await;
    (0..60).for_each(|_| writer.record(record("fine")));
    assert_eq!(writer.stats(), stats(100, 0, 20), "those in hand count too");
    log.go_away(false);
    writer.flush().await;
    assert_eq!(writer.stats(), stats(0, 100, 20));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_refused_does_not_take_others_along() {
    let log = Arc::new(Log::default());
    let writer = CallWriter::spawn(log.clone(), 100);
    ["fine", "bad", "fine"].into_iter().for_each(|id| writer.record(record(id)));
    writer.flush().await;
    assert_eq!(writer.stats(), stats(0, 2, 1));
    assert_eq!(log.batches(), [1, 1]);
}
