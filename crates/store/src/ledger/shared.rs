//! What the parts of a ledger share: its folder, its end, its watermark.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::appender::Appender;
use super::frame;
use super::segment::{self, Position};
use super::sync::Syncer;
use super::watermark;

/// What the parts of a ledger share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) folder: PathBuf,
    appender: Mutex<Appender>,
    pub(super) syncer: Syncer,
    /// Has the courier look before its tick.
    pub(super) hurry: Notify,
    /// The watermark that is on disk; held while it is written.
    saved: Mutex<Position>,
    /// Why the courier cannot read on, while it cannot.
    unreadable: Mutex<Option<Arc<str>>>,
}

impl Shared {
    pub(super) fn new(folder: PathBuf, appender: Appender, syncer: Syncer) -> Self {
        Self {
            folder,
            appender: Mutex::new(appender),
            syncer,
            hurry: Notify::new(),
            saved: Mutex::default(),
            unreadable: Mutex::default(),
        }
    }

    /// The ledger's end. It is held for a write to the system's memory at most.
    pub(super) fn appender(&self) -> MutexGuard<'_, Appender> {
        lock(&self.appender)
    }

    /// Tries to bring to the disk what is in memory only.
    pub(super) fn spill(&self) {
        self.appender().spill(frame::encode);
    }

    /// Writes the watermark if it is ahead of the one on disk, then removes segments that are needless.
    ///
    /// They go also where the watermark cannot be written: a disk that is full would stay so otherwise, and what
    /// they hold is in the database.
    pub(super) fn save(&self, at: Position, expired: &[u64], durable: bool) -> io::Result<()> {
        let saved = self.save_watermark(at, durable);
        for number in expired {
            segment::remove(&self.folder, *number)?;
            self.appender().forget(*number);
        }
        saved
    }

    fn save_watermark(&self, at: Position, durable: bool) -> io::Result<()> {
        let mut saved = lock(&self.saved);
        let at = at.max(*saved);
        if at > *saved || durable {
            watermark::save(&self.folder, at, durable)?;
            *saved = at;
        }
        Ok(())
    }

    pub(super) fn set_unreadable(&self, reason: Option<Arc<str>>) {
        *lock(&self.unreadable) = reason;
    }

    /// What is wrong with the ledger now, if anything is.
    pub(super) fn trouble(&self) -> Option<Arc<str>> {
        let trouble = self.appender().counts.trouble.clone();
        trouble.or_else(|| self.syncer.trouble()).or_else(|| lock(&self.unreadable).clone())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
