//! Lists of runs.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use uuid::Uuid;

use super::usage::usage_at;
use crate::cursor::{page_limit, run_cursor, run_page};
use crate::durations::milliseconds;
use crate::scope::key_of;
use crate::{RunFilter, RunPage, RunSummary, StoreError};

/// A run of a session that has been deleted is gone, though its row may be there for a moment.
pub(super) const SUMMARIES: &str = "SELECT runs.key, runs.id, agent, model, status, resumable, request_id, \
     sessions.id, turn_id, started_at_us, resumed_at_us, ended_at_us, \
     (SELECT max(number) FROM run_steps WHERE run = runs.key), reason, error, prompt_tokens, \
     completion_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost_usd, \
     duration_us, runs.owner FROM runs LEFT JOIN sessions ON sessions.key = runs.session \
     WHERE (runs.session IS NULL OR sessions.key IS NOT NULL)";

/// A filter as SQL.
pub(super) struct RunQuery {
    pub(super) sql: String,
    values: Vec<Value>,
    limit: usize,
}

impl RunQuery {
    /// Writes a filter as SQL.
    pub(super) fn of(filter: &RunFilter) -> Result<Self, StoreError> {
        let limit = page_limit(&filter.page);
        let mut query = Self { sql: SUMMARIES.to_owned(), values: Vec::new(), limit };
        query.add("runs.key < ?", Some(run_cursor(filter.page.after.as_deref())?.into()));
        let owner = filter.scope.owner();
        query.add_session(filter.session_id.as_deref(), owner.as_deref());
        // A session holds fewer runs than a key has, and a key fewer than an agent or a status, so theirs are
        // the indexes to use.
        let in_session = filter.session_id.is_some();
        let in_some = in_session || owner.is_some();
        let owned = if in_session { "+runs.owner = ?" } else { "runs.owner = ?" };
        query.add(owned, text(owner.as_deref()));
        query.add(if in_some { "+agent = ?" } else { "agent = ?" }, text(filter.agent.as_deref()));
        query.add(if in_some { "+status = ?" } else { "status = ?" }, text(filter.status.as_deref()));
        query.sql.push_str(" ORDER BY runs.key DESC LIMIT ?");
        // One more than wanted tells whether there is a next page.
        query.values.push(Value::Integer(limit as i64 + 1));
        Ok(query)
    }

    /// The session that its owner means, or of several the one that an operator is shown.
    fn add_session(&mut self, id: Option<&str>, owner: Option<&str>) {
        let Some(id) = id else { return };
        self.sql.push_str(" AND runs.session = (SELECT key FROM sessions WHERE id = ?");
        self.values.push(Value::Text(id.to_owned()));
        self.add("sessions.owner = ?", text(owner));
        self.sql.push_str(" ORDER BY sessions.owner LIMIT 1)");
    }

    fn add(&mut self, condition: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.sql.push_str(" AND ");
            self.sql.push_str(condition);
            self.values.push(value);
        }
    }
}

/// A page of runs.
pub(super) fn list(db: &Connection, query: &RunQuery) -> rusqlite::Result<RunPage> {
    let mut statement = db.prepare_cached(&query.sql)?;
    let rows = statement.query_map(params_from_iter(&query.values), summary_at)?;
    Ok(run_page(rows.collect::<Result<_, _>>()?, query.limit))
}

/// The key and the summary in a row of [`SUMMARIES`].
pub(super) fn summary_at(row: &Row<'_>) -> rusqlite::Result<(i64, RunSummary)> {
    let turn_id: Option<[u8; 16]> = row.get(8)?;
    let summary = RunSummary {
        id: Uuid::from_bytes(row.get(1)?).to_string().into(),
        agent: row.get(2)?,
        model: row.get(3)?,
        status: row.get(4)?,
        resumable: row.get(5)?,
        request_id: row.get(6)?,
        session_id: row.get(7)?,
        turn_id: turn_id.map(|id| Uuid::from_bytes(id).to_string().into()),
        started_at_us: row.get(9)?,
        resumed_at_us: row.get(10)?,
        ended_at_us: row.get(11)?,
        step_count: row.get::<_, Option<u32>>(12)?.unwrap_or_default(),
        reason: row.get(13)?,
        error: row.get(14)?,
        usage: usage_at(row, 15)?,
        cost_usd: row.get(21)?,
        duration_ms: row.get::<_, Option<i64>>(22)?.map(milliseconds),
        key_id: key_of(row.get(23)?),
    };
    Ok((row.get(0)?, summary))
}

fn text(value: Option<&str>) -> Option<Value> {
    value.map(|value| Value::Text(value.to_owned()))
}
