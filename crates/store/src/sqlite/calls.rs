//! The call log in SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use playhouse_llm::CallRecord;

use super::call_rows::{self, CallQuery};
use super::failure::store_error;
use super::{SqliteStore, call_adding, call_stats};
use crate::ids::{CallId, first_id_at};
use crate::{CallFilter, CallStat, Calls, Scope, StatsBy, StoreError};

#[async_trait]
impl Calls for SqliteStore {
    async fn append_calls(&self, records: Arc<[CallRecord]>) -> Result<(), StoreError> {
        self.write(move |db| call_adding::append(db, &records)).await
    }

    async fn list_calls(&self, filter: CallFilter) -> Result<Vec<CallRecord>, StoreError> {
        let query = CallQuery::of(&filter)?;
        self.read(move |db, path| call_rows::list(db, &query).map_err(|error| store_error(path, &error)))
            .await
    }

    async fn call_stats(
        &self,
        scope: &Scope,
        by: StatsBy,
        since_us: Option<i64>,
    ) -> Result<Vec<CallStat>, StoreError> {
        let _permit = self.opened.readers.scan_permit().await;
        let from = since_us.map_or(CallId::default(), first_id_at);
        let key_id = scope.owner();
        self.read(move |db, path| {
            let sums = call_stats::sum_up(db, key_id.as_deref(), by, from);
            sums.map_err(|error| store_error(path, &error))
        })
        .await
    }

    async fn prune_calls(&self, before_us: i64, limit: u32) -> Result<u64, StoreError> {
        let before = first_id_at(before_us);
        self.write(move |db| call_rows::prune(db, before, limit)).await
    }
}
