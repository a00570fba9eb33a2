//! The task that brings records from the ledger to the database.

use std::sync::Arc;
use std::time::Duration;

use playhouse_llm::CallRecord;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::appender::Source;
use super::batch::{Batch, Loaded};
use super::reader::ended_at_us;
use super::refused::{self, Refused};
use super::segment::Position;
use super::shared::Shared;
use crate::{Calls, StoreError};

/// Pages that many records share are written once a batch. More at once would keep sessions waiting.
const LARGEST_BATCH: usize = 512;
/// Records wait for a tick rather than wake the task one by one: recording costs a write and no more.
pub(super) const TICK: Duration = Duration::from_millis(50);
const FIRST_RETRY: Duration = Duration::from_millis(100);
pub(super) const LAST_RETRY: Duration = Duration::from_millis(5_000);
/// How much of what is delivered a crash may have sent once more.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(1);
/// Delivered segments are kept by their bytes; short ones, by their number.
const MOST_KEPT: usize = 64;

/// How far the courier is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) at: Position,
    pub(super) overflow_settled: u64,
}

/// The task: takes from the ledger, brings to the database.
pub(super) struct Courier {
    calls: Arc<dyn Calls>,
    shared: Arc<Shared>,
    at: Position,
    saved: Position,
    saved_when: Instant,
    loaded: Option<Loaded>,
    progress: watch::Sender<Progress>,
}

impl Courier {
    pub(super) fn new(
        calls: Arc<dyn Calls>,
        shared: Arc<Shared>,
        at: Position,
        progress: watch::Sender<Progress>,
    ) -> Self {
        let saved = Position::default();
        Self { calls, shared, at, saved, saved_when: Instant::now(), loaded: None, progress }
    }

    pub(super) async fn run(mut self) {
        loop {
            let _ = tokio::time::timeout(TICK, self.shared.hurry.notified()).await;
            while self.pass().await {
                self.checkpoint().await;
            }
            self.checkpoint().await;
        }
    }

    /// Delivers some of what waits; `false` when there was nothing.
    async fn pass(&mut self) -> bool {
        let from_ledger = self.pass_ledger().await;
        let from_memory = self.pass_memory().await;
        self.report();
        from_ledger || from_memory
    }

    async fn pass_ledger(&mut self) -> bool {
        let source = self.shared.appender().source(self.at, LARGEST_BATCH);
        let loaded = self.loaded.take();
        let batch = match source {
            Source::Nothing(at) => {
                self.at = at;
                return false;
            }
            Source::Memory(records, to) => Batch { records, to, ..Batch::default() },
            Source::Disk(from, to) => match self.read(loaded, from, to).await {
                Some(batch) => batch,
                None => return false,
            },
        };
        self.deliver(batch).await;
        true
    }

    /// Reads from the disk; `None` when it cannot be read now.
    async fn read(&mut self, loaded: Option<Loaded>, from: Position, to: u64) -> Option<Batch> {
        let shared = Arc::clone(&self.shared);
        let read = spawn_blocking(move || {
            let known = loaded.filter(|loaded| loaded.holds(from)).map(Ok);
            let loaded = known.unwrap_or_else(|| Loaded::read(&shared.folder, from, to))?;
            let batch = loaded.batch(from, LARGEST_BATCH);
            Ok::<_, std::io::Error>((loaded, batch))
        });
        match read.await.map_err(std::io::Error::other).flatten() {
            Ok((loaded, batch)) => {
                self.loaded = Some(loaded);
                self.shared.set_unreadable(None);
                Some(batch)
            }
            Err(error) => {
                self.shared.set_unreadable(Some(format!("it cannot be read: {error}").into()));
                tokio::time::sleep(LAST_RETRY).await;
                None
            }
        }
    }

    async fn deliver(&mut self, batch: Batch) {
        let count = batch.len() as u64;
        let last_us = batch.records.last().map(ended_at_us);
        let mut refused = self.send(batch.records.into()).await;
        refused.extend(batch.undecodable);
        let written = count - refused.len() as u64;
        self.set_aside(refused).await;
        {
            let mut appender = self.shared.appender();
            appender.counts.written += written;
            appender.counts.damaged += batch.damaged;
            appender.settle(count, last_us, batch.to);
        }
        self.at = batch.to;
    }

    async fn pass_memory(&mut self) -> bool {
        let records = self.shared.appender().take_overflow(LARGEST_BATCH);
        if records.is_empty() {
            return false;
        }
        let count = records.len();
        let refused = self.send(records.into()).await;
        let written = (count - refused.len()) as u64;
        self.set_aside(refused).await;
        let mut appender = self.shared.appender();
        appender.counts.written += written;
        appender.settle_overflow(count);
        true
    }

    /// Sends records until the database has them, save for those it refuses for good.
    async fn send(&self, records: Arc<[CallRecord]>) -> Vec<Refused> {
        if records.is_empty() || self.append(Arc::clone(&records)).await.is_ok() {
            return Vec::new();
        }
        let mut refused = Vec::new();
        for record in records.iter() {
            if let Err(error) = self.append(Arc::from([record.clone()])).await {
                let record = serde_json::to_value(record).unwrap_or_default();
                refused.push(Refused { reason: error.to_string(), record });
            }
        }
        refused
    }

    /// Tries until the database has taken the records or refused them for good.
    async fn append(&self, records: Arc<[CallRecord]>) -> Result<(), StoreError> {
        let mut pause = FIRST_RETRY;
        loop {
            match self.calls.append_calls(Arc::clone(&records)).await {
                Err(error) if is_passing(&error) => {}
                settled => return settled,
            }
            self.shared.spill();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_RETRY);
        }
    }

    async fn set_aside(&self, refused: Vec<Refused>) {
        if refused.is_empty() {
            return;
        }
        let (count, shared) = (refused.len() as u64, Arc::clone(&self.shared));
        let kept = spawn_blocking(move || refused::set_aside(&shared.folder, &refused)).await;
        let mut appender = self.shared.appender();
        match kept {
            Ok(Ok(true)) => appender.counts.refused += count,
            _ => appender.counts.dropped += count,
        }
    }

    /// Tells those who wait how far it is.
    fn report(&self) {
        let overflow_settled = self.shared.appender().counts.overflow_settled;
        let now = Progress { at: self.at, overflow_settled };
        self.progress.send_if_modified(|known| std::mem::replace(known, now) != now);
    }

    /// Keeps on disk how far it is, now and then, and removes segments that are delivered.
    async fn checkpoint(&mut self) {
        let is_due =
            self.saved_when.elapsed() >= CHECKPOINT_INTERVAL || self.at.segment != self.saved.segment;
        if self.at == self.saved || !is_due {
            return;
        }
        self.saved_when = Instant::now();
        let (at, shared) = (self.at, Arc::clone(&self.shared));
        let saved = spawn_blocking(move || {
            let expired = shared.appender().expired(at, MOST_KEPT);
            shared.save(at, &expired, !expired.is_empty())
        });
        // What could not be written or removed is tried again with the next checkpoint.
        if matches!(saved.await, Ok(Ok(()))) {
            self.saved = at;
        }
    }
}

/// Whether records that the database refuses now may be taken later. A database that a newer program has
/// taken over is an upgrade under way.
fn is_passing(error: &StoreError) -> bool {
    error.is_unavailable() || matches!(error, StoreError::NewerSchema { .. })
}
