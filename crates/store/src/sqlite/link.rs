//! The writer's connection: lost when the database goes away, found again by itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::connection::{clear_up, open_for_writing};
use super::failure::store_error;
use super::file::{self, FileId};
use super::log::Log;
use super::readers::ReadGate;
use crate::{StoreConfig, StoreError};

const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_millis(2_000);
/// How long a retry waits for a lock: others wait behind it, and there will be another.
const RETRY_PATIENCE: Duration = Duration::from_millis(50);
/// How long a missing file may still come back before a new one is made in its place.
const RECREATE_AFTER: Duration = Duration::from_millis(2_000);

/// A connection that mends itself.
///
/// While it is broken, everybody is answered at once with the reason; the first to ask after a
/// growing pause tries again.
pub(super) struct Link {
    path: PathBuf,
    config: StoreConfig,
    gate: Arc<ReadGate>,
    /// The file whose leftovers have been cleared up.
    file: FileId,
    /// Whether the database is this process's own, so that what runs in it and is not ours is dead.
    owns: bool,
    /// Only where the database is this process's own. Dropped before the connection, which then is the last.
    log: Option<Log>,
    /// Kept through an outage until the next try: its file may yet have to be left in good order.
    db: Option<Connection>,
    outage: Option<Outage>,
}

/// A time without a connection that works.
struct Outage {
    reason: StoreError,
    retry_at: Instant,
    retry_after: Duration,
    missing_since: Option<Instant>,
}

impl Link {
    /// Opens the database.
    pub(super) fn open(path: &Path, config: &StoreConfig, gate: Arc<ReadGate>) -> Result<Self, StoreError> {
        let link = Self::open_as(path, config, gate, true)?;
        if let Some(db) = &link.db {
            clear_up(db).map_err(|error| store_error(path, &error))?;
        }
        Ok(link)
    }

    /// Opens the database beside the process that owns it.
    pub(super) fn open_beside(
        path: &Path,
        config: &StoreConfig,
        gate: Arc<ReadGate>,
    ) -> Result<Self, StoreError> {
        Self::open_as(path, config, gate, false)
    }

    fn open_as(
        path: &Path,
        config: &StoreConfig,
        gate: Arc<ReadGate>,
        owns: bool,
    ) -> Result<Self, StoreError> {
        let db = open_for_writing(path, config, Duration::from_millis(config.busy_timeout_ms))?;
        let file = current_file(path)?;
        gate.open_to(file);
        let (path, config) = (path.to_owned(), config.clone());
        let mut link = Self { path, config, gate, file, owns, log: None, db: None, outage: None };
        link.hold(db)?;
        Ok(link)
    }

    fn hold(&mut self, mut db: Connection) -> Result<(), StoreError> {
        if self.owns {
            let log = Log::take_over(&mut db, &self.path);
            self.log = Some(log.map_err(|error| store_error(&self.path, &error))?);
        }
        self.db = Some(db);
        Ok(())
    }

    /// The database's file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The connection, if the database is there.
    ///
    /// Looks at the file each time: writes to one that has been moved or deleted would be lost
    /// without an error.
    pub(super) fn connection(&mut self) -> Result<&Connection, StoreError> {
        self.leave_if_moved();
        self.reconnect_if_due();
        if let Some(outage) = &self.outage {
            return Err(outage.reason.clone());
        }
        self.db.as_ref().ok_or_else(|| StoreError::unavailable("the database is not open"))
    }

    /// Has the log copied back into the database when it has grown.
    pub(super) fn tend_log(&mut self) {
        if let (Some(log), Some(db), None) = (&mut self.log, &self.db, &self.outage) {
            log.tend(db);
        }
    }

    /// Gives the connection up after a failure that is not one operation's own.
    pub(super) fn lose(&mut self, reason: StoreError) {
        self.outage = Some(Outage::new(reason));
    }

    /// Leaves a file that is no longer at the path. All it was told is copied into it first: its log
    /// stays behind, and would be taken for the log of the next file.
    fn leave_if_moved(&mut self) {
        let Some(reason) = self.reason_to_leave() else { return };
        let Some(db) = self.db.take() else { return };
        self.log = None;
        self.gate.shut(reason.clone());
        // A file system that is gone cannot take the copy; there is nobody to tell.
        let _ = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        self.lose(reason);
    }

    fn reason_to_leave(&self) -> Option<StoreError> {
        match current_file(&self.path) {
            Ok(file) if file == self.file => None,
            Ok(_) => Some(StoreError::unavailable(format!(
                "another file lies at '{}'; it is about to be opened",
                self.path.display()
            ))),
            Err(reason) => Some(reason),
        }
    }

    fn reconnect_if_due(&mut self) {
        let now = Instant::now();
        let due = self.outage.as_mut().is_some_and(|outage| outage.is_retry_due(&self.path, now));
        if !due {
            return;
        }
        (self.log, self.db) = (None, None);
        match self.reconnect().and_then(|db| self.hold(db)) {
            Ok(()) => self.outage = None,
            Err(reason) => self.outage.iter_mut().for_each(|outage| outage.go_on(reason.clone(), now)),
        }
    }

    fn reconnect(&mut self) -> Result<Connection, StoreError> {
        if let Some(reason) = self.reason_to_leave() {
            self.gate.shut(reason);
        }
        let db = open_for_writing(&self.path, &self.config, RETRY_PATIENCE)?;
        let file = current_file(&self.path)?;
        if file != self.file {
            if self.owns {
                clear_up(&db).map_err(|error| store_error(&self.path, &error))?;
            }
            self.file = file;
        }
        self.gate.open_to(file);
        Ok(db)
    }
}

impl Outage {
    fn new(reason: StoreError) -> Self {
        let retry_at = Instant::now() + FIRST_RETRY;
        Self { reason, retry_at, retry_after: FIRST_RETRY, missing_since: None }
    }

    /// Goes on for another reason, and for longer.
    fn go_on(&mut self, reason: StoreError, now: Instant) {
        self.reason = reason;
        self.retry_after = (self.retry_after * 2).min(LAST_RETRY);
        self.retry_at = now + self.retry_after;
    }

    /// Whether it is time for a try. Not while the file is missing, and not for long: somebody may be
    /// moving it.
    fn is_retry_due(&mut self, path: &Path, now: Instant) -> bool {
        if now < self.retry_at {
            return false;
        }
        if matches!(FileId::at(path), Ok(Some(_))) {
            self.missing_since = None;
            return true;
        }
        let since = *self.missing_since.get_or_insert(now);
        self.retry_at = now + FIRST_RETRY;
        now.duration_since(since) >= RECREATE_AFTER
    }
}

/// The file at the path, which must be there.
pub(super) fn current_file(path: &Path) -> Result<FileId, StoreError> {
    let file = FileId::at(path).map_err(|error| file::unusable(path, &error))?;
    file.ok_or_else(|| {
        StoreError::unavailable(format!(
            "the file '{}' is gone; put it back, or wait a moment for a new one",
            path.display()
        ))
    })
}
