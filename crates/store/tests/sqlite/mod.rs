//! SQLite: its place in the conformance suite, and the troubles a file can have.

mod faults;
mod flat;
mod kill;
mod ownership;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use playhouse_store::{SqliteStore, Store, StoreConfig};
use tempfile::TempDir;

use crate::conformance::Backend;

/// A database file in a folder that goes with it.
pub(crate) struct TestDatabase {
    folder: TempDir,
}

impl TestDatabase {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("data/playhouse.db")
    }

    /// Opens the database with a short wait for locks.
    pub(crate) fn open(&self) -> SqliteStore {
        let config = StoreConfig { busy_timeout_ms: 200, ..StoreConfig::default() };
        SqliteStore::open(&self.path(), &config).unwrap()
    }
}

#[async_trait]
impl Backend for TestDatabase {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.open())
    }

    async fn open_twice(&self) -> [Arc<dyn Store>; 2] {
        let store = self.open();
        let other = store.as_another_replica();
        [Arc::new(store), Arc::new(other)]
    }
}
