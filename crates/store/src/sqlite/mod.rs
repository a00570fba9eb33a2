//! The SQLite backend: one file, one writing thread, a few readers.
//!
//! One process owns the file; [`SqliteStore::open`] claims it. Writes go through one thread that
//! commits many at a time; reads run beside it on blocking threads. When the file goes away, is
//! replaced, locked, or its disk is full, every operation says so at once, and the store finds back by
//! itself.
//!
//! In reading order: `sessions`, `runs`, `responses`, `calls`, `keys` and `replicas` (the traits) → `turns`, `deletion`, `run_rows`,
//! `run_removal`, `response_rows`, `call_adding`, `call_rows`, `key_rows`, `leases`, `idempotency_rows` (what runs in a batch) → `writer` → `batch` → `unheard` (callers that go away)
//! → `link` (the connection that mends itself) → `log` → `transcript`, `run_reader`, `run_list`, `call_stats`
//! (reading) → `readers`; `connection`, `file`, `migrate`, `usage` and `failure` beside them.

mod batch;
mod call_adding;
mod call_rows;
mod call_stats;
mod calls;
mod connection;
mod deletion;
mod failure;
mod file;
mod idempotency_rows;
mod key_rows;
mod keys;
mod leases;
mod link;
mod log;
mod migrate;
#[cfg(test)]
mod plan;
mod readers;
mod replicas;
mod response_rows;
mod responses;
mod run_list;
mod run_reader;
mod run_removal;
mod run_rows;
mod runs;
mod sessions;
mod transcript;
mod turns;
mod unheard;
mod usage;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;

use self::failure::Stop;
use self::link::Link;
use self::readers::{ReadGate, Readers};
use self::writer::Writer;
use crate::{Health, ReplicaId, StoreConfig, StoreError};

/// A store in one SQLite file.
///
/// Cloning it is cheap. Dropping the last clone waits for the writes under way and gives the file free for another process.
///
/// Two hints for tests. There is no in-memory mode: use a temporary directory. And tokio's paused
/// clock does not know that the writing thread is at work, so a test that pauses time may see its own
/// time limits pass while it waits for the store.
#[derive(Clone)]
pub struct SqliteStore {
    opened: Arc<Opened>,
    replica: ReplicaId,
}

/// A database that has been opened.
struct Opened {
    path: PathBuf,
    gate: Arc<ReadGate>,
    readers: Readers,
    /// `None` when opened for reading only.
    writer: Option<Writer>,
}

impl SqliteStore {
    /// Opens a database and claims it for this process: creates it, with its directory, or migrates it,
    /// and ends the turns and runs that a dead process left running as interrupted.
    ///
    /// Needs no runtime, but blocks; the store's operations need a tokio runtime.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::NewerSchema`], [`StoreError::Corrupt`], or
    /// [`StoreError::Unavailable`] when the file cannot be used.
    pub fn open(path: &Path, config: &StoreConfig) -> Result<Self, StoreError> {
        file::create_private(path)?;
        let claim = file::claim(path)?;
        let gate = Arc::new(ReadGate::new(path));
        let link = Link::open(path, config, Arc::clone(&gate))?;
        let writer = Writer::spawn(link, Some(claim), Duration::from_millis(config.busy_timeout_ms))?;
        Ok(Self::over(path, gate, Some(writer)))
    }

    /// Opens a database for reading and writing beside the process that owns it: for what must not wait
    /// until that one has ended, as the making of API keys. It ends no turns and runs.
    ///
    /// # Errors
    /// Those of [`open_read_only`](Self::open_read_only), and those of a file that cannot be written.
    pub fn open_beside(path: &Path, config: &StoreConfig) -> Result<Self, StoreError> {
        drop(Self::open_read_only(path)?);
        let gate = Arc::new(ReadGate::new(path));
        let link = Link::open_beside(path, config, Arc::clone(&gate))?;
        let writer = Writer::spawn(link, None, Duration::from_millis(config.busy_timeout_ms))?;
        Ok(Self::over(path, gate, Some(writer)))
    }

    /// Opens a database for reading beside the process that owns it, or without one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none, or only one of an older version that
    /// [`open`](Self::open) would migrate; [`StoreError::NewerSchema`] and [`StoreError::Corrupt`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let gate = Arc::new(ReadGate::new(path));
        gate.open_to(link::current_file(path)?);
        gate.pass(|db| migrate::check(db, path))?;
        Ok(Self::over(path, gate, None))
    }

    fn over(path: &Path, gate: Arc<ReadGate>, writer: Option<Writer>) -> Self {
        let readers = Readers::new(Arc::clone(&gate));
        let opened = Arc::new(Opened { path: path.to_owned(), readers, gate, writer });
        Self { opened, replica: ReplicaId::unique() }
    }

    /// The same database as another server process sees it: for tests that want several.
    #[must_use]
    pub fn as_another_replica(&self) -> Self {
        Self { opened: Arc::clone(&self.opened), replica: ReplicaId::unique() }
    }

    fn path(&self) -> &Path {
        &self.opened.path
    }

    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Stop> + Send + 'static,
    {
        self.writer()?.write(work).await
    }

    fn writer(&self) -> Result<&Writer, StoreError> {
        self.opened.writer.as_ref().ok_or_else(|| {
            let path = self.path().display();
            StoreError::invalid(format!("the database '{path}' has been opened for reading only"))
        })
    }

    async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &Path) -> Result<T, StoreError> + Send + 'static,
    {
        let path = self.path().to_owned();
        let outcome = self.opened.readers.read(move |db| read(db, &path)).await;
        if let (Err(error), Some(writer)) = (&outcome, &self.opened.writer)
            && error.is_unavailable()
        {
            // The writer finds the database again; without writes it would not notice.
            writer.nudge();
        }
        outcome
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // The writer's connection must be the last to close: that one copies the log back.
        self.gate.shut(StoreError::unavailable("the store has been closed"));
    }
}

#[async_trait]
impl Health for SqliteStore {
    async fn probe(&self) -> Result<(), StoreError> {
        match &self.opened.writer {
            Some(writer) => writer.write(|_| Ok(())).await,
            None => self.read(migrate::check).await,
        }
    }
}

#[cfg(test)]
mod tests;
