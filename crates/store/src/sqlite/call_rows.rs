//! The call log's rows: listing, removing.

use std::sync::Arc;

use playhouse_llm::{CallRecord, Operation, Outcome};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use uuid::Uuid;

use super::failure::Stop;
use super::usage::usage_at;
use crate::durations::milliseconds;
use crate::ids::{CallId, call_id, first_id_at};
use crate::{CallFilter, StoreError};

const MOST_ROWS: u32 = 1_000;
const OUTCOMES: [Outcome; 3] = [Outcome::Ok, Outcome::Error, Outcome::Cancelled];

const COLUMNS: &str = "SELECT id, started_at_us, duration_us, ttft_us, stream, attempts, status, \
     prompt_tokens, completion_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost_usd, \
     outcome, model, model_served, provider, error, finish_reason, request_id, session_id, turn_id, \
     upstream_request_id, run_id, key_id, operation FROM calls";
pub(super) const PRUNE: &str =
    "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE id < ?1 ORDER BY id LIMIT ?2)";

/// Removes the oldest records before an id, up to a number.
pub(super) fn prune(db: &Connection, before: CallId, limit: u32) -> Result<u64, Stop> {
    let removed = db.prepare_cached(PRUNE)?.execute((before, limit))?;
    Ok(removed as u64)
}

/// The records that fit a filter, newest first.
pub(super) fn list(db: &Connection, query: &CallQuery) -> rusqlite::Result<Vec<CallRecord>> {
    let mut statement = db.prepare_cached(&query.sql)?;
    let rows = statement.query_map(params_from_iter(&query.values), record_at)?;
    rows.collect()
}

/// A filter as SQL.
pub(super) struct CallQuery {
    pub(super) sql: String,
    values: Vec<Value>,
}

impl CallQuery {
    /// Writes a filter as SQL.
    pub(super) fn of(filter: &CallFilter) -> Result<Self, StoreError> {
        let mut conditions = Conditions::default();
        conditions.add("request_id = ?", filter.request_id.as_deref().map(text));
        conditions.add("session_id = ?", filter.session_id.as_deref().map(text));
        conditions.add("key_id = ?", filter.scope.key_id().map(|id| text(id)));
        conditions.add("run_id = ?", filter.run_id.as_deref().map(text));
        // The first half is the condition of the index on calls that went wrong.
        let wrong = filter.outcome.filter(|outcome| *outcome != Outcome::Ok);
        conditions.add("outcome <> 'ok' AND outcome = ?", wrong.map(|outcome| text(outcome.as_str())));
        let fine = filter.outcome.filter(|outcome| *outcome == Outcome::Ok);
        conditions.add("+outcome = ?", fine.map(|outcome| text(outcome.as_str())));
        conditions.add("model = ?", filter.model.as_deref().map(text));
        conditions.add("id >= ?", filter.since_us.map(first_id_at).map(id_value));
        conditions.add("id < ?", filter.until_us.map(first_id_at).map(id_value));
        conditions.add("id < ?", filter.before.as_deref().map(call_id).transpose()?.map(id_value));
        conditions.add("id > ?", filter.after.as_deref().map(call_id).transpose()?.map(id_value));
        Ok(conditions.into_query(filter.limit.clamp(1, MOST_ROWS)))
    }
}

#[derive(Default)]
struct Conditions {
    sql: Vec<&'static str>,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, sql: &'static str, value: Option<Value>) {
        if let Some(value) = value {
            self.sql.push(sql);
            self.values.push(value);
        }
    }

    fn into_query(mut self, limit: u32) -> CallQuery {
        let filter =
            if self.sql.is_empty() { String::new() } else { format!(" WHERE {}", self.sql.join(" AND ")) };
        self.values.push(Value::Integer(limit.into()));
        CallQuery { sql: format!("{COLUMNS}{filter} ORDER BY id DESC LIMIT ?"), values: self.values }
    }
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn id_value(id: CallId) -> Value {
    Value::Blob(id.to_vec())
}

fn record_at(row: &Row<'_>) -> rusqlite::Result<CallRecord> {
    let outcome = row.get_ref(14)?.as_str()?;
    let outcome = OUTCOMES.into_iter().find(|known| known.as_str() == outcome);
    Ok(CallRecord {
        id: Arc::from(Uuid::from_bytes(row.get(0)?).to_string()),
        request_id: row.get(20)?,
        session_id: row.get(21)?,
        turn_id: row.get(22)?,
        run_id: row.get(24)?,
        key_id: row.get(25)?,
        started_at_us: row.get(1)?,
        operation: Operation::named(row.get_ref(26)?.as_str()?),
        model: row.get(15)?,
        model_served: row.get(16)?,
        provider: row.get(17)?,
        stream: row.get(4)?,
        // An outcome of a later version is none that went well.
        outcome: outcome.unwrap_or(Outcome::Error),
        status: row.get(6)?,
        error: row.get(18)?,
        finish_reason: row.get(19)?,
        attempts: row.get(5)?,
        ttft_ms: row.get::<_, Option<i64>>(3)?.map(milliseconds),
        duration_ms: milliseconds(row.get(2)?),
        usage: usage_at(row, 7)?,
        cost_usd: row.get(13)?,
        upstream_request_id: row.get(23)?,
    })
}
