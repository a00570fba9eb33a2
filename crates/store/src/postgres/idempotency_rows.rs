//! Keys of requests that may be sent twice.
//!
//! A key is claimed by the very statement that begins what it is for; its primary key decides between
//! requests that come at once. Should that statement claim a key and begin nothing all the same, because
//! another request came in its way, the key is given up again.

use tokio_postgres::Row;
use uuid::Uuid;

use super::PostgresStore;
use super::failure::unreadable;
use crate::{IdempotencyKey, StoreError};

const FIND: &str = "SELECT body, began FROM idempotency_keys WHERE id = $1 AND at_us >= $2";
const RELEASE: &str = "DELETE FROM idempotency_keys WHERE id = $1 AND began = $2";
const PRUNE: &str = "\
DELETE FROM idempotency_keys WHERE id IN (
    SELECT id FROM idempotency_keys WHERE at_us < $1 ORDER BY at_us LIMIT $2 FOR UPDATE SKIP LOCKED)";

/// A key as a statement takes it: nothing where there is none.
pub(super) struct KeyColumns<'key> {
    pub(super) id: Option<&'key [u8]>,
    pub(super) body: Option<&'key [u8]>,
    pub(super) since_us: i64,
}

impl<'key> KeyColumns<'key> {
    pub(super) fn of(key: Option<&'key IdempotencyKey>) -> Self {
        Self {
            id: key.map(|key| &key.id[..]),
            body: key.map(|key| &key.body[..]),
            since_us: key.map_or(0, |key| key.since_us),
        }
    }
}

impl PostgresStore {
    /// What stands against a request: that it has come before, or another one with its key. What `own` has
    /// begun does not count.
    ///
    /// # Errors
    /// [`StoreError::AlreadyBegun`], [`StoreError::KeyTaken`].
    pub(super) async fn check_key(
        &self,
        key: Option<&IdempotencyKey>,
        own: Option<Uuid>,
    ) -> Result<(), StoreError> {
        let Some(key) = key else { return Ok(()) };
        let found = self.short().query_opt(FIND, &[&&key.id[..], &key.since_us]).await?;
        let read = |row: Row| Ok((row.try_get::<_, Vec<u8>>(0)?, row.try_get::<_, Uuid>(1)?));
        let found = found.map(read).transpose();
        match found.map_err(|error: tokio_postgres::Error| unreadable(self.place(), &error))? {
            None => Ok(()),
            Some((_, began)) if own == Some(began) => Ok(()),
            Some((body, began)) if body == key.body => {
                Err(StoreError::AlreadyBegun { id: began.to_string().into() })
            }
            Some(_) => Err(StoreError::KeyTaken),
        }
    }

    /// Gives a key up that began nothing.
    pub(super) async fn release_key(
        &self,
        key: Option<&IdempotencyKey>,
        began: Uuid,
    ) -> Result<(), StoreError> {
        let Some(key) = key else { return Ok(()) };
        self.short().execute(RELEASE, &[&&key.id[..], &began]).await.map(drop)
    }

    /// Forgets some of the oldest keys.
    pub(super) async fn prune_keys(&self, before_us: i64, limit: u32) -> Result<u64, StoreError> {
        self.long().execute(PRUNE, &[&before_us, &i64::from(limit)]).await
    }
}
