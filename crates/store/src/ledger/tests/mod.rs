mod bounds;
mod delivery;
mod frames;
mod recovery;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use playhouse_llm::{CallRecord, Outcome};

use super::appender::Bounds;
use super::*;
use crate::{CallFilter, CallStat, Scope, StatsBy};

type Act = Box<dyn FnOnce() + Send>;

/// A call log that does as it is told.
#[derive(Default)]
struct Log {
    away: AtomicBool,
    batches: Mutex<Vec<usize>>,
    /// Done once, while the first batch of this many is being stored.
    meanwhile: Mutex<Option<(usize, Act)>>,
    /// How often each call has come.
    calls: Mutex<BTreeMap<Arc<str>, usize>>,
}

impl Log {
    fn go_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap().clone()
    }

    fn ids(&self) -> Vec<String> {
        self.calls.lock().unwrap().keys().map(|id| id.to_string()).collect()
    }

    /// The most often that any call has come.
    fn most_often(&self) -> usize {
        self.calls.lock().unwrap().values().copied().max().unwrap_or_default()
    }
}

#[async_trait]
impl Calls for Log {
    async fn append_calls(&self, records: Arc<[CallRecord]>) -> Result<(), StoreError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(StoreError::unavailable("gone fishing"));
        }
        if let Some(bad) = records.iter().find(|record| record.id.starts_with("bad")) {
            return Err(StoreError::invalid(format!("'{}' is no call id", bad.id)));
        }
        self.batches.lock().unwrap().push(records.len());
        let meanwhile = self.meanwhile.lock().unwrap().take_if(|(length, _)| *length == records.len());
        if let Some((_, act)) = meanwhile {
            act();
        }
        let mut calls = self.calls.lock().unwrap();
        records.iter().for_each(|record| *calls.entry(record.id.clone()).or_default() += 1);
        Ok(())
    }

    async fn list_calls(&self, _: CallFilter) -> Result<Vec<CallRecord>, StoreError> {
        unreachable!("the ledger only writes")
    }

    async fn call_stats(&self, _: &Scope, _: StatsBy, _: Option<i64>) -> Result<Vec<CallStat>, StoreError> {
        unreachable!("the ledger only writes")
    }

    async fn prune_calls(&self, _: i64, _: u32) -> Result<u64, StoreError> {
        unreachable!("the ledger only writes")
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
        started_at_us: 1_000_000,
        operation: Default::default(),
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

/// Ids that sort as they are numbered.
fn id(number: usize) -> String {
    format!("call-{number:06}")
}

fn ids(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(id).collect()
}

fn frame_of(record: &CallRecord) -> Vec<u8> {
    let mut frame = Vec::new();
    assert!(frame::encode(record, &mut frame));
    frame
}

const WIDE: Bounds = Bounds { max_bytes: 1 << 30, segment_bytes: 1 << 20, keep_bytes: 0, queue: 10_000 };

fn open_within(folder: &Path, log: &Arc<Log>, bounds: Bounds) -> CallLedger {
    CallLedger::open_within(folder, log.clone(), bounds, Some(Duration::from_millis(5))).unwrap()
}

fn open(folder: &Path, log: &Arc<Log>) -> CallLedger {
    open_within(folder, log, WIDE)
}

fn record_all(ledger: &CallLedger, numbers: impl IntoIterator<Item = usize>) {
    numbers.into_iter().for_each(|number| ledger.record(record(&id(number))));
}
