//! Stored API keys in SQLite.

use std::sync::Arc;

use async_trait::async_trait;

use super::SqliteStore;
use super::failure::store_error;
use super::key_rows;
use crate::ids::first_id_at;
use crate::key::check_cursor;
use crate::{ApiKey, ApiKeys, KeyChange, KeyHash, KeyPage, KeyUsage, NewKey, Page, StoreError};

#[async_trait]
impl ApiKeys for SqliteStore {
    async fn create_key(&self, new: NewKey) -> Result<ApiKey, StoreError> {
        new.settings.check()?;
        self.write(move |db| key_rows::add(db, &new)).await
    }

    async fn list_keys(&self, page: Page) -> Result<KeyPage, StoreError> {
        check_cursor(&page)?;
        let limit = page.limit.clamp(1, key_rows::LARGEST_PAGE);
        self.read(move |db, path| {
            let listed = key_rows::list(db, page.after.as_deref(), limit);
            listed.map_err(|error| store_error(path, &error))
        })
        .await
    }

    async fn key(&self, id: &str) -> Result<Option<ApiKey>, StoreError> {
        let id = id.to_owned();
        self.read(move |db, path| key_rows::find(db, &id).map_err(|error| store_error(path, &error))).await
    }

    async fn key_by_hash(&self, hash: &KeyHash) -> Result<Option<ApiKey>, StoreError> {
        let hash = *hash;
        self.read(move |db, path| {
            key_rows::find_by_hash(db, &hash).map_err(|error| store_error(path, &error))
        })
        .await
    }

    async fn has_keys(&self) -> Result<bool, StoreError> {
        self.read(|db, path| key_rows::has_any(db).map_err(|error| store_error(path, &error))).await
    }

    async fn update_key(&self, id: &str, change: KeyChange) -> Result<Option<ApiKey>, StoreError> {
        let id: Arc<str> = Arc::from(id);
        self.write(move |db| key_rows::update(db, &id, &change)).await
    }

    async fn revoke_key(&self, id: &str, now_us: i64) -> Result<Option<ApiKey>, StoreError> {
        let id: Arc<str> = Arc::from(id);
        self.write(move |db| key_rows::revoke(db, &id, now_us)).await
    }

    async fn key_usage(&self, id: &str, since_us: i64) -> Result<KeyUsage, StoreError> {
        let (id, from) = (id.to_owned(), first_id_at(since_us));
        self.read(move |db, path| key_rows::usage(db, &id, from).map_err(|error| store_error(path, &error)))
            .await
    }
}
