//! The one thread that writes, many operations to a transaction.
//!
//! A commit costs far more than what most transactions hold, and SQLite takes one writer at a time
//! anyway. So operations queue up for one thread: it takes what waits, runs it in one transaction,
//! and answers after the commit. Under load a batch grows by itself, because the queue fills while
//! the last batch is being written.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::batch::{self, Pending, Write};
use super::failure::Stop;
use super::link::Link;
use super::unheard::Abandoned;
use crate::StoreError;

/// How many operations may wait; more callers wait for a place in the queue.
const QUEUE: usize = 1_024;
const LARGEST_BATCH: usize = 256;
/// A batch that takes longer than this and the lock's time limit together means a disk that hangs.
const STALLED_AFTER: Duration = Duration::from_millis(5_000);

/// Takes operations to the writing thread.
pub(super) struct Writer {
    /// `None` once it is closing.
    queue: Option<mpsc::Sender<Box<dyn Write>>>,
    shared: Arc<Shared>,
    stalled_after: Duration,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    epoch: Instant,
    /// When the batch under way began, in milliseconds after `epoch` and one; 0 while there is none.
    batch_began_ms: AtomicU64,
    /// What was abandoned while the queue was full.
    abandoned: Mutex<Vec<Abandoned>>,
}

/// Lets the threads that answer requests go first where there are fewer cores than work.
fn give_way() {
    const NICENESS: i32 = 10;
    // On Linux this is the calling thread's alone. Where it is refused, nothing is lost but patience.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

impl Writer {
    /// Starts the thread. It ends when this is dropped, after everything that waits, and gives the
    /// claim on the database up then, where there is one.
    pub(super) fn spawn(link: Link, claim: Option<File>, busy_timeout: Duration) -> Result<Self, StoreError> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared {
            epoch: Instant::now(),
            batch_began_ms: AtomicU64::new(0),
            abandoned: Mutex::default(),
        });
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                give_way();
                write_until_closed(link, waiting, &shared);
                drop(claim);
            }
        });
        let thread = thread.map_err(|error| {
            StoreError::unavailable(format!("the writing thread cannot be started: {error}"))
        })?;
        let stalled_after = busy_timeout + STALLED_AFTER;
        Ok(Self { queue: Some(queue), shared, stalled_after, thread: Some(thread) })
    }

    /// Runs an operation in the next batch and waits for its commit.
    ///
    /// The operation may run more than once, each time on a database without its traces. Once it is
    /// in the queue it runs even if nobody waits for it any more.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Stop> + Send + 'static,
    {
        self.check_stall()?;
        let (reply, answer) = oneshot::channel();
        let pending = Box::new(Pending::new(work, reply));
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue.send(pending).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?.outcome
    }

    /// Has something end as interrupted, if it ever began, without waiting.
    pub(super) fn abandon(&self, abandoned: Abandoned) {
        // In the queue it comes after the beginning, and before the session's next turn.
        if !self.send_unanswered(batch::interruption(abandoned.clone())) {
            self.shared.abandoned.lock().unwrap_or_else(PoisonError::into_inner).push(abandoned);
        }
    }

    /// Has the thread look at its connection soon.
    pub(super) fn nudge(&self) {
        // A full queue will make it look just as well.
        self.send_unanswered(batch::nothing());
    }

    fn send_unanswered(&self, write: Box<dyn Write>) -> bool {
        self.queue.as_ref().is_some_and(|queue| queue.try_send(write).is_ok())
    }

    fn check_stall(&self) -> Result<(), StoreError> {
        let took = self.shared.current_batch_took();
        if took < self.stalled_after {
            return Ok(());
        }
        let seconds = took.as_secs();
        Err(StoreError::unavailable(format!("the disk has not answered for {seconds} s; check its health")))
    }
}

impl Drop for Writer {
    /// Waits for the thread, so that a database that has been dropped can be opened again.
    fn drop(&mut self) {
        self.queue = None;
        let hangs = self.check_stall().is_err();
        if let Some(thread) = self.thread.take().filter(|_| !hangs) {
            // It has nothing to report; had it panicked, callers would have seen a closed store.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn current_batch_took(&self) -> Duration {
        let began_ms = self.batch_began_ms.load(Ordering::Relaxed);
        let now_ms = self.now_ms();
        Duration::from_millis(if began_ms == 0 { 0 } else { now_ms.saturating_sub(began_ms) })
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn take_abandoned(&self) -> Vec<Abandoned> {
        std::mem::take(&mut *self.abandoned.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn write_until_closed(mut link: Link, mut waiting: mpsc::Receiver<Box<dyn Write>>, shared: &Shared) {
    let mut writes = Vec::with_capacity(LARGEST_BATCH);
    while waiting.blocking_recv_many(&mut writes, LARGEST_BATCH) > 0 {
        shared.batch_began_ms.store(shared.now_ms(), Ordering::Relaxed);
        writes.extend(shared.take_abandoned().into_iter().map(batch::interruption));
        batch::run(&mut link, &mut writes);
        link.tend_log();
        shared.batch_began_ms.store(0, Ordering::Relaxed);
    }
}

fn closed() -> StoreError {
    StoreError::unavailable("the store has been closed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreConfig;
    use crate::sqlite::file;
    use crate::sqlite::readers::ReadGate;

    #[tokio::test]
    async fn a_disk_that_hangs_is_reported_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("playhouse.db");
        let link = Link::open(&path, &StoreConfig::default(), Arc::new(ReadGate::new(&path))).unwrap();
        let mut writer = Writer::spawn(link, Some(file::claim(&path).unwrap()), Duration::ZERO).unwrap();
        writer.stalled_after = Duration::from_millis(10);

        let (resume, hang) = std::sync::mpsc::channel::<()>();
        let hang = Mutex::new(hang);
        let hanging = writer.write(move |_| {
            hang.lock().unwrap().recv().unwrap();
            Ok(())
        });
        let others = async {
            let reason = loop {
                if let Err(reason) = writer.check_stall() {
                    break reason;
                }
                tokio::task::yield_now().await;
            };
            assert!(reason.to_string().contains("the disk has not answered for 0 s"), "{reason}");
            assert_eq!(writer.write(|_| Ok(())).await, Err(reason));
            resume.send(()).unwrap();
        };
        let (hanging, ()) = tokio::join!(hanging, others);
        hanging.unwrap();
        // Callers are woken a moment before the batch counts as over.
        while writer.check_stall().is_err() {
            tokio::task::yield_now().await;
        }
        writer.write(|_| Ok(())).await.unwrap();
    }
}
