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

/// Opens a database with few connections.
pub(crate) async fn open(database: &postgres::TestDatabase) -> PostgresStore {
    let config = PostgresConfig { max_connections: 6, ..PostgresConfig::default() };
    PostgresStore::open(&database.url().into(), &config).await.unwrap()
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
