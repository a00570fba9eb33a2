//! Reading: a few connections beside the writer's, used from blocking threads.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use rusqlite::Connection;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::connection::open_for_reading;
use super::file::FileId;
use crate::StoreError;

/// How many reads run at a time.
const READERS: usize = 3;
/// How many of them may go through a whole table.
const SCANS: usize = 1;

/// Reads beside the writer.
pub(super) struct Readers {
    gate: Arc<ReadGate>,
    slots: Arc<Semaphore>,
    scans: Semaphore,
}

/// Which file may be read, and the connections to it that are free.
///
/// The writer shuts the gate before it opens another file: SQLite's side files are found by name, so
/// connections to the old and the new one must never be open together.
pub(super) struct ReadGate {
    path: PathBuf,
    /// Held for reading by every read under way.
    passage: RwLock<()>,
    inside: Mutex<Inside>,
}

struct Inside {
    /// The file that may be read, or why none may.
    file: Result<FileId, StoreError>,
    free: Vec<Connection>,
}

impl Readers {
    /// Readers of what the gate lets through.
    pub(super) fn new(gate: Arc<ReadGate>) -> Self {
        Self { gate, slots: Arc::new(Semaphore::new(READERS)), scans: Semaphore::new(SCANS) }
    }

    /// Waits until a read may go through a whole table, so that such reads leave room for others.
    pub(super) async fn scan_permit(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.scans.acquire().await.ok()
    }

    /// Runs a read on a blocking thread.
    pub(super) async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slot.map_err(|_| StoreError::unavailable("the store has been closed"))?;
        let gate = Arc::clone(&self.gate);
        let done = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            gate.pass(read)
        });
        done.await.unwrap_or_else(|error| Err(StoreError::Failed { reason: error.to_string().into() }))
    }
}

impl ReadGate {
    /// A gate that is shut until the database has been opened.
    pub(super) fn new(path: &Path) -> Self {
        let file = Err(StoreError::unavailable("the database has not been opened yet"));
        let inside = Mutex::new(Inside { file, free: Vec::new() });
        Self { path: path.to_owned(), passage: RwLock::new(()), inside }
    }

    /// Lets reads of this file through.
    pub(super) fn open_to(&self, file: FileId) {
        self.inside().file = Ok(file);
    }

    /// Waits for the reads under way, closes their connections, and refuses more.
    pub(super) fn shut(&self, reason: StoreError) {
        let _alone = self.passage.write().unwrap_or_else(PoisonError::into_inner);
        let mut inside = self.inside();
        inside.file = Err(reason);
        inside.free.clear();
    }

    /// Runs a read, if the gate is open.
    pub(super) fn pass<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _passing = self.passage.read().unwrap_or_else(PoisonError::into_inner);
        let db = self.take_connection()?;
        let outcome = read(&db);
        if !matches!(&outcome, Err(error) if error.is_unavailable()) {
            self.inside().free.push(db);
        }
        outcome
    }

    fn take_connection(&self) -> Result<Connection, StoreError> {
        let (file, free) = {
            let mut inside = self.inside();
            (inside.file.clone()?, inside.free.pop())
        };
        if !matches!(FileId::at(&self.path), Ok(Some(found)) if found == file) {
            let path = self.path.display();
            return Err(StoreError::unavailable(format!("the file '{path}' has been moved or deleted")));
        }
        free.map_or_else(|| open_for_reading(&self.path), Ok)
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
