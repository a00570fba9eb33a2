//! Replicas and idempotency keys in SQLite.
//!
//! One process owns the file, so there is one replica as a rule, and what it leaves is ended when the
//! file is opened next. All the same the rules are those of every store.

use std::sync::Arc;

use async_trait::async_trait;

use super::{SqliteStore, idempotency_rows, leases};
use crate::{IdempotencyKeys, Lost, Replicas, Said, Standing, StoreError};

#[async_trait]
impl Replicas for SqliteStore {
    async fn beat(&self) -> Result<bool, StoreError> {
        let replica = self.replica;
        self.write(move |db| leases::beat(db, replica)).await
    }

    async fn other_replicas(&self) -> Result<Vec<Standing>, StoreError> {
        let replica = self.replica;
        self.write(move |db| leases::others(db, replica)).await
    }

    async fn bury(&self, dead: Standing, limit: u32) -> Result<Lost, StoreError> {
        self.write(move |db| leases::bury(db, dead, limit)).await
    }

    async fn leave(&self) -> Result<Lost, StoreError> {
        let replica = self.replica;
        self.write(move |db| Ok(leases::interrupt(db, replica, u32::MAX)?)).await
    }

    async fn save_progress(&self, said: Arc<[Said]>) -> Result<(), StoreError> {
        let (replica, said) = (self.replica, leases::by_bytes(&said)?);
        self.write(move |db| leases::save(db, replica, &said)).await
    }
}

#[async_trait]
impl IdempotencyKeys for SqliteStore {
    async fn prune_idempotency_keys(&self, before_us: i64, limit: u32) -> Result<u64, StoreError> {
        self.write(move |db| idempotency_rows::prune(db, before_us, limit)).await
    }
}
