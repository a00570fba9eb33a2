//! Call records on their way to the store, in the background.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use playhouse_llm::CallRecord;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::Calls;

/// Pages that many records share are written once a batch. More at once would keep sessions waiting.
const LARGEST_BATCH: usize = 512;
/// How many records the queue keeps room for while it is empty.
const KEPT_CAPACITY: usize = 4_096;
/// Records wait for a tick rather than wake the task one by one: recording costs a push and no more.
const TICK: Duration = Duration::from_millis(50);
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_millis(5_000);

/// Takes call records and brings them to the store in batches.
///
/// Recording never waits and never fails. While the store is away, records wait in memory up to a
/// bound; beyond it they are dropped and counted. What still waits when the writer is dropped is lost,
/// so [`flush`](Self::flush) it before.
///
/// ```no_run
/// # async fn example(store: std::sync::Arc<dyn playhouse_store::Store>, record: playhouse_llm::CallRecord) {
/// use playhouse_store::CallWriter;
///
/// let calls = CallWriter::spawn(store, 16_384);
/// calls.record(record);
/// calls.flush().await;
/// assert_eq!(calls.stats().written, 1);
/// # }
/// ```
#[derive(Debug)]
pub struct CallWriter {
    shared: Arc<Shared>,
    settled: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

/// What has become of the records so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallWriterStats {
    /// Waiting in memory.
    pub queued: u64,
    /// In the store.
    pub written: u64,
    /// Lost: there was no room for them, or the store refused them for good.
    pub dropped: u64,
}

#[derive(Debug)]
struct Shared {
    inbox: Mutex<Inbox>,
    capacity: usize,
    /// Records that have left the inbox and are not settled yet.
    in_hand: AtomicUsize,
    written: AtomicU64,
    refused: AtomicU64,
    /// Has the task look before its tick.
    hurry: Notify,
}

#[derive(Debug, Default)]
struct Inbox {
    records: VecDeque<CallRecord>,
    accepted: u64,
    overflowed: u64,
}

/// The task: takes from the inbox, brings to the store.
struct Courier {
    calls: Arc<dyn Calls>,
    shared: Arc<Shared>,
    backlog: VecDeque<CallRecord>,
    /// How many records are settled: written or refused.
    settled: watch::Sender<u64>,
}

impl CallWriter {
    /// Starts the background task; `capacity` is how many records may wait. Needs a tokio runtime.
    pub fn spawn(calls: Arc<dyn Calls>, capacity: usize) -> Self {
        let shared = Arc::new(Shared {
            inbox: Mutex::default(),
            capacity,
            in_hand: AtomicUsize::new(0),
            written: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            hurry: Notify::new(),
        });
        let (sender, settled) = watch::channel(0);
        let courier =
            Courier { calls, shared: Arc::clone(&shared), backlog: VecDeque::new(), settled: sender };
        Self { shared, settled, task: tokio::spawn(courier.run()) }
    }

    /// Takes a record.
    pub fn record(&self, record: CallRecord) {
        let mut inbox = self.shared.inbox();
        let waiting = inbox.records.len() + self.shared.in_hand.load(Ordering::Relaxed);
        if waiting >= self.shared.capacity {
            inbox.overflowed += 1;
        } else {
            inbox.records.push_back(record);
            inbox.accepted += 1;
        }
    }

    /// What has become of the records so far.
    pub fn stats(&self) -> CallWriterStats {
        let inbox = self.shared.inbox();
        CallWriterStats {
            queued: (inbox.records.len() + self.shared.in_hand.load(Ordering::Relaxed)) as u64,
            written: self.shared.written.load(Ordering::Relaxed),
            dropped: inbox.overflowed + self.shared.refused.load(Ordering::Relaxed),
        }
    }

    /// Waits until everything recorded so far is in the store, or refused by it.
    ///
    /// Takes as long as the store is away; whoever shuts down puts a bound on it.
    pub async fn flush(&self) {
        let accepted = self.shared.inbox().accepted;
        self.shared.hurry.notify_one();
        // An error means that the task is gone; then there is nothing to wait for.
        let _ = self.settled.clone().wait_for(|settled| *settled >= accepted).await;
    }
}

impl Drop for CallWriter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Courier {
    async fn run(mut self) {
        loop {
            let _ = tokio::time::timeout(TICK, self.shared.hurry.notified()).await;
            while self.take() {
                self.deliver().await;
            }
        }
    }

    /// Empties the inbox into the backlog; `false` when there is nothing to do.
    fn take(&mut self) -> bool {
        if self.backlog.is_empty() {
            self.backlog.shrink_to(KEPT_CAPACITY);
            let mut inbox = self.shared.inbox();
            // They change places, so that neither has to grow anew after every tick.
            std::mem::swap(&mut self.backlog, &mut inbox.records);
            self.shared.in_hand.store(self.backlog.len(), Ordering::Relaxed);
        }
        !self.backlog.is_empty()
    }

    async fn deliver(&mut self) {
        let size = self.backlog.len().min(LARGEST_BATCH);
        let batch: Arc<[CallRecord]> = self.backlog.drain(..size).collect();
        if self.append(Arc::clone(&batch)).await {
            self.settle(size, &self.shared.written);
            return;
        }
        for record in batch.iter() {
            let stored = self.append(Arc::from([record.clone()])).await;
            self.settle(1, if stored { &self.shared.written } else { &self.shared.refused });
        }
    }

    /// Tries until the store has taken the records or refused them for good.
    async fn append(&self, records: Arc<[CallRecord]>) -> bool {
        let mut pause = FIRST_RETRY;
        loop {
            match self.calls.append_calls(Arc::clone(&records)).await {
                Ok(()) => return true,
                Err(error) if !error.is_unavailable() => return false,
                Err(_) => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(LAST_RETRY);
        }
    }

    fn settle(&self, count: usize, counter: &AtomicU64) {
        counter.fetch_add(count as u64, Ordering::Relaxed);
        self.shared.in_hand.fetch_sub(count, Ordering::Relaxed);
        self.settled.send_modify(|settled| *settled += count as u64);
    }
}

#[cfg(test)]
mod tests;
