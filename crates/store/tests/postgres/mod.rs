//! PostgreSQL: its place in the conformance suite, and the troubles that a server and its neighbours can make.

mod faults;
mod remembered;
mod replicas;
mod sums;
mod tls;
mod together;

use std::sync::Arc;

use async_trait::async_trait;
use playhouse_store::testing::postgres;
use playhouse_store::{PostgresConfig, PostgresStore, Replicas, Store};

use crate::conformance::Backend;

/// A database on a server of this process.
pub(crate) struct TestDatabase {
    database: postgres::TestDatabase,
}

impl TestDatabase {
    /// An empty one; `None` where PostgreSQL is not installed.
    pub(crate) fn new() -> Option<Self> {
        Some(Self { database: postgres::database()? })
    }
}

/// Few connections, and patience: tests run side by side on machines of any speed, and none of those that
/// use this is about how long anything takes.
pub(crate) const PATIENT: PostgresConfig = PostgresConfig {
    max_connections: 6,
    connect_timeout_ms: 60_000,
    acquire_timeout_ms: 60_000,
    statement_timeout_ms: 60_000,
    lock_timeout_ms: 60_000,
};

pub(crate) async fn open(database: &postgres::TestDatabase) -> PostgresStore {
    PostgresStore::open(&database.url().into(), &PATIENT).await.unwrap()
}

#[async_trait]
impl Backend for TestDatabase {
    async fn open(&self) -> Arc<dyn Store> {
        let store = open(&self.database).await;
        // A restart leaves nobody else.
        for dead in store.other_replicas().await.unwrap() {
            store.bury(dead, u32::MAX).await.unwrap();
        }
        Arc::new(store)
    }

    async fn open_twice(&self) -> [Arc<dyn Store>; 2] {
        [Arc::new(open(&self.database).await), Arc::new(open(&self.database).await)]
    }
}
