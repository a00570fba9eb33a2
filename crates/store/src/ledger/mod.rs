//! The call ledger: call records on disk, ahead of the database.
//!
//! A record is *acknowledged* when [`CallLedger::record`] has returned: it has been written to a segment then,
//! in the system's memory at least, and no end of the process loses it. A round of flushes brings it to the
//! disk soon after, or before, where every append waits for that. A courier moves records to the database in
//! batches and keeps a watermark behind itself; after a crash what lies behind the watermark is sent once more,
//! and the database leaves alone what it has. So each is there in the end, once.
//!
//! In reading order: `json`, `frame` (a record's bytes) → `segment` (files of them) → `reader` → `recovery` (what a
//! former process has left) → `appender` → `sync` (flushes) → `watermark`, `batch`, `refused`, `courier` (to
//! the database) → [`verify`].

mod appender;
mod batch;
mod courier;
mod frame;
mod json;
mod reader;
mod recovery;
mod refused;
mod segment;
mod shared;
mod sync;
pub mod verify;
mod watermark;

use std::cell::RefCell;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use playhouse_llm::CallRecord;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};

use appender::{Appender, Bounds};
use courier::{Courier, Progress};
use recovery::unusable;
use shared::Shared;
use sync::Syncer;

use crate::{Calls, LedgerFsync, StoreConfig, StoreError};

/// The ledger's folder within a data directory.
pub const FOLDER: &str = "ledger";
const LOCK: &str = "lock";
const MAX_SEGMENT_BYTES: u64 = 8 << 20;
const MIN_SEGMENT_BYTES: u64 = 64 << 10;

thread_local! {
    /// Frames are written here before the lock is taken; it grows to the longest record and stays.
    static FRAME: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Takes call records, keeps them on disk, and brings them to the database in the background.
///
/// Recording never fails and never waits for the database. Where the disk has no room, records wait in memory
/// up to a bound; beyond it they are dropped and counted.
///
/// ```no_run
/// # async fn example(
/// #     store: std::sync::Arc<dyn playhouse_store::Store>,
/// #     record: playhouse_llm::CallRecord,
/// # ) -> Result<(), playhouse_store::StoreError> {
/// use playhouse_store::{CallLedger, StoreConfig};
///
/// let calls = CallLedger::open("data/ledger".as_ref(), store, &StoreConfig::default())?;
/// calls.record(record);
/// calls.flush().await;
/// assert_eq!(calls.stats().written, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CallLedger {
    shared: Arc<Shared>,
    progress: watch::Receiver<Progress>,
    courier: JoinHandle<()>,
    /// Makes files in the folder: it must have ended before the folder is given up.
    syncing: Option<thread::JoinHandle<()>>,
    /// Held for as long as the ledger is open.
    _claim: File,
}

/// What has become of call records since the ledger was opened, and how it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerStats {
    /// Written to the ledger.
    pub appended: u64,
    /// Brought to the database, those of a former process among them.
    pub written: u64,
    /// Not yet in the database, on disk or in memory.
    pub waiting: u64,
    /// Those of them that are in memory only, because the disk did not take them.
    pub in_memory: u64,
    /// How many were ever in memory only.
    pub overflowed: u64,
    /// Lost: neither the disk nor memory had room.
    pub dropped: u64,
    /// Refused by the database for good, and set aside.
    pub refused: u64,
    /// Damaged places that were passed over.
    pub damaged: u64,
    /// Size of the segments.
    pub bytes: u64,
    /// When the call ended whose record waits longest on disk, in Unix microseconds.
    pub oldest_us: Option<i64>,
    /// What is wrong with the disk, if anything is.
    pub trouble: Option<Arc<str>>,
}

impl CallLedger {
    /// Opens the ledger in a folder, which is made if missing, and goes on with what a former process has
    /// left there. Needs a Tokio runtime.
    ///
    /// # Errors
    /// [`StoreError::LedgerInUse`] when another process has it open; [`StoreError::Unavailable`] when the
    /// folder or a file in it cannot be used; [`StoreError::Invalid`] when a later program has written it.
    pub fn open(folder: &Path, calls: Arc<dyn Calls>, config: &StoreConfig) -> Result<Self, StoreError> {
        Self::open_within(folder, calls, Bounds::from(config), sync_interval(config))
    }

    fn open_within(
        folder: &Path,
        calls: Arc<dyn Calls>,
        bounds: Bounds,
        interval: Option<Duration>,
    ) -> Result<Self, StoreError> {
        let claim = claim(folder)?;
        let recovered = recovery::recover(folder)?;
        let appender = Appender::begin(folder.to_owned(), bounds, &recovered);
        let appender = appender.map_err(|error| unusable(folder, &error))?;
        let shared = Arc::new(Shared::new(folder.to_owned(), appender, Syncer::new(interval)));
        let thread = thread::Builder::new().name("ledger-sync".into()).spawn({
            let shared = Arc::clone(&shared);
            move || sync::run(&shared)
        });
        let syncing = Some(thread.map_err(|error| unusable(folder, &error))?);
        let (sender, progress) = watch::channel(Progress::default());
        let courier = Courier::new(calls, Arc::clone(&shared), recovered.at, sender);
        Ok(Self { shared, progress, courier: tokio::spawn(courier.run()), syncing, _claim: claim })
    }

    /// Takes a record. When this returns, no end of the process loses it, unless the disk has no room.
    pub fn record(&self, record: CallRecord) {
        let appended = FRAME.with_borrow_mut(|frame| {
            let fits = frame::encode(&record, frame);
            let mut appender = self.shared.appender();
            if !fits {
                appender.keep_in_memory(record);
                return None;
            }
            appender.append(frame, record).then_some(appender.sequence)
        });
        if let Some(sequence) = appended {
            self.shared.syncer.wait_for(sequence);
        }
    }

    /// What has become of the records so far.
    pub fn stats(&self) -> LedgerStats {
        let trouble = self.shared.trouble();
        let appender = self.shared.appender();
        let counts = &appender.counts;
        LedgerStats {
            appended: counts.appended,
            written: counts.written,
            waiting: counts.waiting + appender.in_memory(),
            in_memory: appender.in_memory(),
            overflowed: counts.overflowed,
            dropped: counts.dropped,
            refused: counts.refused,
            damaged: counts.damaged,
            bytes: appender.bytes(),
            oldest_us: counts.oldest_us,
            trouble,
        }
    }

    /// Waits until everything recorded so far is in the database, or refused by it.
    ///
    /// Takes as long as the database is away; whoever shuts down puts a bound on it. What then waits on disk
    /// is delivered when the ledger is opened next.
    pub async fn flush(&self) {
        let (end, overflowed) = {
            let appender = self.shared.appender();
            (appender.end(), appender.counts.overflowed)
        };
        self.shared.hurry.notify_one();
        let is_there = |progress: &Progress| progress.at >= end && progress.overflow_settled >= overflowed;
        // An error means that the task is gone; then there is nothing to wait for.
        let Ok(at) = self.progress.clone().wait_for(is_there).await.map(|progress| progress.at) else {
            return;
        };
        let shared = Arc::clone(&self.shared);
        // A watermark that is not kept has records sent once more, and no more than that.
        let _ = spawn_blocking(move || shared.save(at, &[], true)).await;
    }
}

impl Drop for CallLedger {
    fn drop(&mut self) {
        self.courier.abort();
        self.shared.syncer.close();
        // A thread that panicked has said so.
        let _ = self.syncing.take().map(thread::JoinHandle::join);
    }
}

impl From<&StoreConfig> for Bounds {
    fn from(config: &StoreConfig) -> Self {
        Self {
            max_bytes: config.ledger_max_bytes,
            segment_bytes: (config.ledger_max_bytes / 8).clamp(MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES),
            keep_bytes: config.ledger_keep_bytes,
            queue: config.call_queue,
        }
    }
}

fn sync_interval(config: &StoreConfig) -> Option<Duration> {
    match config.ledger_fsync {
        LedgerFsync::Interval => Some(Duration::from_millis(config.ledger_fsync_interval_ms.max(1))),
        LedgerFsync::Always => None,
    }
}

/// Claims a ledger's folder for this process until the returned file is closed.
fn claim(folder: &Path) -> Result<File, StoreError> {
    fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))?;
    let claimed = crate::claim::claim(&folder.join(LOCK)).map_err(|error| unusable(folder, &error))?;
    claimed.ok_or_else(|| StoreError::LedgerInUse { folder: folder.to_owned() })
}

#[cfg(test)]
mod tests;
