//! Responses in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::PostgresStore;
use crate::draft::{new_response, response_end};
use crate::ids::{first_id_at, response_id};
use crate::response::{ChainWalk, findable};
use crate::{
    ChainBounds, ChainGap, FinishResponse, NewResponse, ResponseChain, Responses, Scope, StoreError,
    StoredResponse,
};

#[async_trait]
impl Responses for PostgresStore {
    async fn put_response(&self, response: NewResponse) -> Result<(), StoreError> {
        self.add_response(&new_response(response, self.replica)?).await
    }

    async fn finish_response(&self, finish: FinishResponse) -> Result<(), StoreError> {
        self.end_response(&response_end(finish)?).await
    }

    async fn response(&self, scope: &Scope, id: &str) -> Result<Option<StoredResponse>, StoreError> {
        let Ok(id) = response_id(id) else { return Ok(None) };
        self.find_response(scope, Uuid::from_bytes(id)).await
    }

    async fn response_chain(
        &self,
        scope: &Scope,
        id: &str,
        bounds: ChainBounds,
    ) -> Result<ResponseChain, StoreError> {
        let Ok(first) = response_id(id) else {
            return Ok(ResponseChain { gap: Some(ChainGap::Missing(id.into())), ..Default::default() });
        };
        let mut walk = ChainWalk::from(id.into(), bounds);
        for response in self.find_chain(scope, Uuid::from_bytes(first), bounds).await? {
            walk.take(response);
        }
        Ok(walk.end())
    }

    async fn responses_with_items(
        &self,
        scope: &Scope,
        items: Vec<Arc<str>>,
    ) -> Result<Vec<StoredResponse>, StoreError> {
        self.find_with_items(scope, &findable(items)).await
    }

    async fn delete_response(&self, scope: &Scope, id: &str) -> Result<bool, StoreError> {
        let Ok(id) = response_id(id) else { return Ok(false) };
        self.remove_response(scope, Uuid::from_bytes(id)).await
    }

    async fn prune_responses(&self, before_us: i64, limit: u32) -> Result<u64, StoreError> {
        self.prune_response_rows(Uuid::from_bytes(first_id_at(before_us)), limit).await
    }
}
