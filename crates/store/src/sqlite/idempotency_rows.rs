//! Keys of requests that may be sent twice.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::failure::Stop;
use crate::{IdempotencyKey, StoreError};

pub(super) const FIND: &str = "SELECT body, began FROM idempotency_keys WHERE id = ?1 AND at_us >= ?2";
const NOTE: &str = "INSERT OR REPLACE INTO idempotency_keys (id, body, began, at_us) VALUES (?1, ?2, ?3, ?4)";
pub(super) const PRUNE: &str = "DELETE FROM idempotency_keys WHERE id IN \
     (SELECT id FROM idempotency_keys WHERE at_us < ?1 ORDER BY at_us LIMIT ?2)";

/// Refuses a request that has come before.
pub(super) fn check(db: &Connection, key: &IdempotencyKey) -> Result<(), Stop> {
    let mut statement = db.prepare_cached(FIND)?;
    let found = statement.query_row((key.id, key.since_us), |row| Ok((row.get(0)?, row.get(1)?)));
    let found: Option<([u8; 32], [u8; 16])> = found.optional()?;
    match found {
        None => Ok(()),
        Some((body, began)) if body == key.body => {
            let id: Arc<str> = Uuid::from_bytes(began).to_string().into();
            Err(StoreError::AlreadyBegun { id }.into())
        }
        Some(_) => Err(StoreError::KeyTaken.into()),
    }
}

/// Notes what a request has begun.
pub(super) fn note(
    db: &Connection,
    key: &IdempotencyKey,
    began: [u8; 16],
    now_us: i64,
) -> rusqlite::Result<()> {
    db.prepare_cached(NOTE)?.execute((key.id, key.body, began, now_us)).map(drop)
}

/// Forgets some of the oldest keys, and says how many.
pub(super) fn prune(db: &Connection, before_us: i64, limit: u32) -> Result<u64, Stop> {
    let removed = db.prepare_cached(PRUNE)?.execute((before_us, limit))?;
    Ok(removed as u64)
}
