//! Stored API keys in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_postgres::Row;
use uuid::Uuid;

use super::PostgresStore;
use super::failure::unreadable;
use super::text::kept;
use crate::cursor::page_limit;
use crate::ids::first_id_at;
use crate::key::{check_cursor, patterns, patterns_of};
use crate::{
    ApiKey, ApiKeys, Budget, BudgetPeriod, KeyChange, KeyHash, KeyPage, KeySettings, KeyUsage, NewKey, Page,
    StoreError,
};

const ADD: &str = "\
INSERT INTO api_keys (id, hash, prefix, created_at_us, name, models, requests_per_minute, tokens_per_minute,
    budget_usd, budget_period, expires_at_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
const LIST: &str = "\
SELECT id, prefix, created_at_us, revoked_at_us, name, models, requests_per_minute, tokens_per_minute, budget_usd,
    budget_period, expires_at_us
FROM api_keys WHERE $1::text IS NULL OR id < $1 ORDER BY id DESC LIMIT $2";
const FIND: &str = "\
SELECT id, prefix, created_at_us, revoked_at_us, name, models, requests_per_minute, tokens_per_minute, budget_usd,
    budget_period, expires_at_us
FROM api_keys WHERE id = $1";
const FIND_BY_HASH: &str = "\
SELECT id, prefix, created_at_us, revoked_at_us, name, models, requests_per_minute, tokens_per_minute, budget_usd,
    budget_period, expires_at_us
FROM api_keys WHERE hash = $1";
const HAS_ANY: &str = "SELECT EXISTS (SELECT FROM api_keys)";
/// What is not to be changed is set to what it is, so that two changes at once both hold.
const UPDATE: &str = "\
UPDATE api_keys SET name = coalesce($2, name), models = coalesce($3, models),
    requests_per_minute = CASE WHEN $4 THEN $5 ELSE requests_per_minute END,
    tokens_per_minute = CASE WHEN $6 THEN $7 ELSE tokens_per_minute END,
    budget_usd = CASE WHEN $8 THEN $9 ELSE budget_usd END,
    budget_period = CASE WHEN $8 THEN $10 ELSE budget_period END,
    expires_at_us = CASE WHEN $11 THEN $12 ELSE expires_at_us END
WHERE id = $1
RETURNING id, prefix, created_at_us, revoked_at_us, name, models, requests_per_minute, tokens_per_minute,
    budget_usd, budget_period, expires_at_us";
const REVOKE: &str = "\
UPDATE api_keys SET revoked_at_us = coalesce(revoked_at_us, $2) WHERE id = $1
RETURNING id, prefix, created_at_us, revoked_at_us, name, models, requests_per_minute, tokens_per_minute,
    budget_usd, budget_period, expires_at_us";
const USAGE: &str = "\
SELECT count(*), coalesce(sum(total_tokens), 0)::bigint, coalesce(sum(cost_usd), 0)
FROM calls WHERE key_id = $1 AND id >= $2";

/// What reading a row may come to.
type Read<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[async_trait]
impl ApiKeys for PostgresStore {
    async fn create_key(&self, new: NewKey) -> Result<ApiKey, StoreError> {
        new.settings.check()?;
        let settings = &new.settings;
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 11] = [
            &&*new.id,
            &new.hash.as_bytes().as_slice(),
            &&*new.prefix,
            &new.now_us,
            &&*settings.name,
            &patterns(&settings.models),
            &settings.requests_per_minute.map(count),
            &settings.tokens_per_minute.map(count),
            &settings.budget.map(|budget| budget.usd),
            &settings.budget.map(|budget| budget.period.as_str()),
            &settings.expires_at_us,
        ];
        if self.short().execute(ADD, &params).await? == 0 {
            let reason =
                format!("key '{}' cannot be added: its id or the key itself was used before", new.id);
            return Err(StoreError::invalid(reason));
        }
        let NewKey { id, prefix, settings, now_us, .. } = new;
        Ok(ApiKey { id, prefix, settings, created_at_us: now_us, revoked_at_us: None })
    }

    async fn list_keys(&self, page: Page) -> Result<KeyPage, StoreError> {
        check_cursor(&page)?;
        let limit = page_limit(&page);
        // One more than wanted tells whether there is a next page.
        let rows = self.long().query(LIST, &[&page.after.as_deref(), &(limit as i64 + 1)]).await?;
        let keys: Read<Vec<ApiKey>> = rows.iter().map(key_at).collect();
        let mut keys = keys.map_err(|error| unreadable(self.place(), &error))?;
        let more = keys.len() > limit;
        keys.truncate(limit);
        let next = keys.last().filter(|_| more).map(|key| key.id.to_string());
        Ok(KeyPage { keys, next })
    }

    async fn key(&self, id: &str) -> Result<Option<ApiKey>, StoreError> {
        self.one_key(self.short().query_opt(FIND, &[&kept(id)]).await?)
    }

    async fn key_by_hash(&self, hash: &KeyHash) -> Result<Option<ApiKey>, StoreError> {
        self.one_key(self.short().query_opt(FIND_BY_HASH, &[&hash.as_bytes().as_slice()]).await?)
    }

    async fn has_keys(&self) -> Result<bool, StoreError> {
        let row = self.short().query_opt(HAS_ANY, &[]).await?;
        let any = row.map_or(Ok(false), |row| row.try_get(0));
        any.map_err(|error| unreadable(self.place(), &error))
    }

    async fn update_key(&self, id: &str, change: KeyChange) -> Result<Option<ApiKey>, StoreError> {
        change.check()?;
        let budget = change.budget.flatten();
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 12] = [
            &kept(id),
            &change.name.as_deref(),
            &change.models.as_deref().map(patterns),
            &change.requests_per_minute.is_some(),
            &change.requests_per_minute.flatten().map(count),
            &change.tokens_per_minute.is_some(),
            &change.tokens_per_minute.flatten().map(count),
            &change.budget.is_some(),
            &budget.map(|budget| budget.usd),
            &budget.map(|budget| budget.period.as_str()),
            &change.expires_at_us.is_some(),
            &change.expires_at_us.flatten(),
        ];
        self.one_key(self.short().query_opt(UPDATE, &params).await?)
    }

    async fn revoke_key(&self, id: &str, now_us: i64) -> Result<Option<ApiKey>, StoreError> {
        self.one_key(self.short().query_opt(REVOKE, &[&kept(id), &now_us]).await?)
    }

    async fn key_usage(&self, id: &str, since_us: i64) -> Result<KeyUsage, StoreError> {
        let from = Uuid::from_bytes(first_id_at(since_us));
        let row = self.long().query_opt(USAGE, &[&kept(id), &from]).await?;
        let usage = row.map_or(Ok(KeyUsage::default()), |row| usage_at(&row));
        usage.map_err(|error| unreadable(self.place(), &error))
    }
}

impl PostgresStore {
    fn one_key(&self, row: Option<Row>) -> Result<Option<ApiKey>, StoreError> {
        let key = row.map(|row| key_at(&row)).transpose();
        key.map_err(|error| unreadable(self.place(), &error))
    }
}

fn key_at(row: &Row) -> Read<ApiKey> {
    let text = |column| row.try_get::<_, &str>(column).map(Arc::from);
    let limit = |column| row.try_get::<_, Option<i64>>(column).map(|limit| limit.map(i64::unsigned_abs));
    Ok(ApiKey {
        id: text(0)?,
        prefix: text(1)?,
        created_at_us: row.try_get(2)?,
        revoked_at_us: row.try_get(3)?,
        settings: KeySettings {
            name: text(4)?,
            models: patterns_of(row.try_get(5)?)?,
            requests_per_minute: limit(6)?,
            tokens_per_minute: limit(7)?,
            budget: budget_at(row, 8)?,
            expires_at_us: row.try_get(10)?,
        },
    })
}

fn budget_at(row: &Row, column: usize) -> Read<Option<Budget>> {
    let (usd, period): (Option<f64>, Option<&str>) = (row.try_get(column)?, row.try_get(column + 1)?);
    let Some((usd, period)) = usd.zip(period) else { return Ok(None) };
    let period = BudgetPeriod::named(period).ok_or_else(|| format!("'{period}' is no period of a budget"))?;
    Ok(Some(Budget { usd, period }))
}

fn usage_at(row: &Row) -> Result<KeyUsage, tokio_postgres::Error> {
    let number = |column| row.try_get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(KeyUsage { calls: number(0)?, tokens: number(1)?, cost_usd: row.try_get(2)? })
}

fn count(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
