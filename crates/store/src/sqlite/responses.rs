//! Responses in SQLite.

use std::sync::Arc;

use async_trait::async_trait;

use super::failure::store_error;
use super::{SqliteStore, response_rows};
use crate::draft::{new_response, response_end};
use crate::ids::{first_id_at, response_id};
use crate::response::{ChainWalk, findable};
use crate::{
    ChainBounds, ChainGap, FinishResponse, NewResponse, ResponseChain, Responses, Scope, StoreError,
    StoredResponse,
};

#[async_trait]
impl Responses for SqliteStore {
    async fn put_response(&self, response: NewResponse) -> Result<(), StoreError> {
        let new = new_response(response, self.replica)?;
        self.write(move |db| response_rows::add(db, &new)).await
    }

    async fn finish_response(&self, finish: FinishResponse) -> Result<(), StoreError> {
        let (replica, end) = (self.replica, response_end(finish)?);
        self.write(move |db| response_rows::finish(db, replica, &end)).await
    }

    async fn response(&self, scope: &Scope, id: &str) -> Result<Option<StoredResponse>, StoreError> {
        let Ok(id) = response_id(id) else { return Ok(None) };
        let owner = scope.owner();
        self.read(move |db, path| {
            response_rows::find(db, id, owner.as_deref()).map_err(|error| store_error(path, &error))
        })
        .await
    }

    async fn response_chain(
        &self,
        scope: &Scope,
        id: &str,
        bounds: ChainBounds,
    ) -> Result<ResponseChain, StoreError> {
        if response_id(id).is_err() {
            return Ok(ResponseChain { gap: Some(ChainGap::Missing(id.into())), ..Default::default() });
        }
        let (owner, walk) = (scope.owner(), ChainWalk::from(id.into(), bounds));
        self.read(move |db, path| {
            let walked = response_rows::walk(db, walk, owner.as_deref());
            walked.map(ChainWalk::end).map_err(|error| store_error(path, &error))
        })
        .await
    }

    async fn responses_with_items(
        &self,
        scope: &Scope,
        items: Vec<Arc<str>>,
    ) -> Result<Vec<StoredResponse>, StoreError> {
        let (owner, items) = (scope.owner(), findable(items));
        self.read(move |db, path| {
            let found = response_rows::with_items(db, &items, owner.as_deref());
            found.map_err(|error| store_error(path, &error))
        })
        .await
    }

    async fn delete_response(&self, scope: &Scope, id: &str) -> Result<bool, StoreError> {
        let Ok(id) = response_id(id) else { return Ok(false) };
        let owner = scope.owner();
        self.write(move |db| response_rows::remove(db, id, owner.as_deref())).await
    }

    async fn prune_responses(&self, before_us: i64, limit: u32) -> Result<u64, StoreError> {
        let before = first_id_at(before_us);
        self.write(move |db| response_rows::prune(db, before, limit)).await
    }
}
