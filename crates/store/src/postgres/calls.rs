//! The call log in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use playhouse_llm::CallRecord;

use super::PostgresStore;
use crate::ids::first_id_at;
use crate::{CallFilter, CallStat, Calls, Scope, StatsBy, StoreError};

#[async_trait]
impl Calls for PostgresStore {
    async fn append_calls(&self, records: Arc<[CallRecord]>) -> Result<(), StoreError> {
        self.append(&records).await
    }

    async fn list_calls(&self, filter: CallFilter) -> Result<Vec<CallRecord>, StoreError> {
        self.call_list(&filter).await
    }

    async fn call_stats(
        &self,
        scope: &Scope,
        by: StatsBy,
        since_us: Option<i64>,
    ) -> Result<Vec<CallStat>, StoreError> {
        self.sums(scope, by, since_us).await
    }

    async fn prune_calls(&self, before_us: i64, limit: u32) -> Result<u64, StoreError> {
        self.prune(first_id_at(before_us), limit).await
    }
}
