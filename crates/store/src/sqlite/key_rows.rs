//! API keys as rows.

use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};

use super::failure::Stop;
use crate::ids::CallId;
use crate::key::{patterns, patterns_of};
use crate::{
    ApiKey, Budget, BudgetPeriod, KeyChange, KeyHash, KeyPage, KeySettings, KeyUsage, NewKey, StoreError,
};

pub(super) const LARGEST_PAGE: u32 = 100;

const ADD: &str = "INSERT INTO api_keys (id, hash, prefix, created_at_us, name, models, requests_per_minute, \
     tokens_per_minute, budget_usd, budget_period, expires_at_us) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const COLUMNS: &str = "SELECT id, prefix, created_at_us, revoked_at_us, name, models, requests_per_minute, \
     tokens_per_minute, budget_usd, budget_period, expires_at_us FROM api_keys";
const CHANGE: &str = "UPDATE api_keys SET name = ?2, models = ?3, requests_per_minute = ?4, \
     tokens_per_minute = ?5, budget_usd = ?6, budget_period = ?7, expires_at_us = ?8 WHERE id = ?1";
const REVOKE: &str = "UPDATE api_keys SET revoked_at_us = ?2 WHERE id = ?1 AND revoked_at_us IS NULL";
const HAS_ANY: &str = "SELECT 1 FROM api_keys LIMIT 1";
pub(super) const USAGE: &str = "SELECT count(*), coalesce(sum(total_tokens), 0), total(cost_usd) \
     FROM calls WHERE key_id = ?1 AND id >= ?2";

/// Adds a key.
pub(super) fn add(db: &Connection, new: &NewKey) -> Result<ApiKey, Stop> {
    let settings = &new.settings;
    let added = db.prepare_cached(ADD)?.execute(params![
        new.id,
        new.hash.as_bytes(),
        new.prefix,
        new.now_us,
        settings.name,
        patterns(&settings.models),
        settings.requests_per_minute.map(count),
        settings.tokens_per_minute.map(count),
        settings.budget.map(|budget| budget.usd),
        settings.budget.map(|budget| budget.period.as_str()),
        settings.expires_at_us,
    ]);
    match added {
        Ok(_) => Ok(ApiKey {
            id: Arc::clone(&new.id),
            prefix: Arc::clone(&new.prefix),
            settings: settings.clone(),
            created_at_us: new.now_us,
            revoked_at_us: None,
        }),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            let reason =
                format!("key '{}' cannot be added: its id or the key itself was used before", new.id);
            Err(Stop::RefusedLate(StoreError::invalid(reason)))
        }
        Err(error) => Err(Stop::Failed(error)),
    }
}

/// A page of keys, the newest first; ids grow with time.
pub(super) fn list(db: &Connection, after: Option<&str>, limit: u32) -> rusqlite::Result<KeyPage> {
    let sql = format!("{COLUMNS} WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2");
    let mut statement = db.prepare_cached(&sql)?;
    // One more than wanted tells whether there is a next page.
    let rows = statement.query_map((after, i64::from(limit) + 1), key_at)?;
    let mut keys: Vec<ApiKey> = rows.collect::<Result<_, _>>()?;
    let more = keys.len() > limit as usize;
    keys.truncate(limit as usize);
    let next = keys.last().filter(|_| more).map(|key| key.id.to_string());
    Ok(KeyPage { keys, next })
}

/// A key by its id.
pub(super) fn find(db: &Connection, id: &str) -> rusqlite::Result<Option<ApiKey>> {
    db.prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?.query_row([id], key_at).optional()
}

/// A key by its hash.
pub(super) fn find_by_hash(db: &Connection, hash: &KeyHash) -> rusqlite::Result<Option<ApiKey>> {
    let mut statement = db.prepare_cached(&format!("{COLUMNS} WHERE hash = ?1"))?;
    statement.query_row([hash.as_bytes()], key_at).optional()
}

/// Whether there is any.
pub(super) fn has_any(db: &Connection) -> rusqlite::Result<bool> {
    db.prepare_cached(HAS_ANY)?.exists([])
}

/// Changes a key's settings.
pub(super) fn update(db: &Connection, id: &Arc<str>, change: &KeyChange) -> Result<Option<ApiKey>, Stop> {
    let Some(key) = find(db, id)? else { return Ok(None) };
    let settings = change.applied_to(key.settings.clone());
    settings.check()?;
    db.prepare_cached(CHANGE)?.execute(params![
        id,
        settings.name,
        patterns(&settings.models),
        settings.requests_per_minute.map(count),
        settings.tokens_per_minute.map(count),
        settings.budget.map(|budget| budget.usd),
        settings.budget.map(|budget| budget.period.as_str()),
        settings.expires_at_us,
    ])?;
    Ok(Some(ApiKey { settings, ..key }))
}

/// Revokes a key.
pub(super) fn revoke(db: &Connection, id: &Arc<str>, now_us: i64) -> Result<Option<ApiKey>, Stop> {
    db.prepare_cached(REVOKE)?.execute(params![id, now_us])?;
    Ok(find(db, id)?)
}

/// Sums up what a key has used from a call's id on.
pub(super) fn usage(db: &Connection, id: &str, from: CallId) -> rusqlite::Result<KeyUsage> {
    db.prepare_cached(USAGE)?.query_row(params![id, from], |row| {
        let number = |column| row.get::<_, i64>(column).map(|number| number.unsigned_abs());
        Ok(KeyUsage { calls: number(0)?, tokens: number(1)?, cost_usd: row.get(2)? })
    })
}

fn key_at(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        id: row.get(0)?,
        prefix: row.get(1)?,
        created_at_us: row.get(2)?,
        revoked_at_us: row.get(3)?,
        settings: KeySettings {
            name: row.get(4)?,
            models: patterns_at(row, 5)?,
            requests_per_minute: limit_at(row, 6)?,
            tokens_per_minute: limit_at(row, 7)?,
            budget: budget_at(row, 8)?,
            expires_at_us: row.get(10)?,
        },
    })
}

fn patterns_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Arc<str>>> {
    let patterns = patterns_of(row.get_ref(column)?.as_str()?);
    patterns.map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

fn limit_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(i64::unsigned_abs))
}

fn budget_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Budget>> {
    let (usd, period): (Option<f64>, Option<String>) = (row.get(column)?, row.get(column + 1)?);
    let Some((usd, period)) = usd.zip(period) else { return Ok(None) };
    let period = BudgetPeriod::named(&period).ok_or_else(|| {
        let cause = StoreError::invalid(format!("'{period}' is no period of a budget"));
        rusqlite::Error::FromSqlConversionFailure(column + 1, Type::Text, Box::new(cause))
    })?;
    Ok(Some(Budget { usd, period }))
}

fn count(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
