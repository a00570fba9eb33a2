//! Lists of call records.

use std::fmt::Write as _;
use std::sync::Arc;

use playhouse_llm::{CallRecord, Operation, Outcome};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::PostgresStore;
use super::failure::unreadable;
use super::text::indexed;
use super::usage::usage_at;
use crate::durations::milliseconds;
use crate::ids::{call_id, first_id_at};
use crate::{CallFilter, StoreError};

const MOST_ROWS: u32 = 1_000;
const OUTCOMES: [Outcome; 3] = [Outcome::Ok, Outcome::Error, Outcome::Cancelled];
const COLUMNS: &str = "\
SELECT id, started_at_us, duration_us, ttft_us, stream, attempts, status, prompt_tokens, completion_tokens,
    total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost_usd, outcome, model, model_served,
    provider, error, finish_reason, request_id, session_id, turn_id, upstream_request_id, run_id, key_id,
    operation
FROM calls";

/// A filter as SQL.
#[derive(Default)]
struct Query {
    conditions: String,
    values: Vec<Value>,
}

enum Value {
    Text(String),
    Id(Uuid),
}

impl PostgresStore {
    /// The records that fit a filter, newest first.
    pub(super) async fn call_list(&self, filter: &CallFilter) -> Result<Vec<CallRecord>, StoreError> {
        let query = Query::of(filter)?;
        let rows = self.long().query_once(&query.sql(filter.limit), &query.params()).await?;
        let records: Result<Vec<_>, Error> = rows.iter().map(record_at).collect();
        records.map_err(|error| unreadable(self.place(), &error))
    }
}

impl Query {
    fn of(filter: &CallFilter) -> Result<Self, StoreError> {
        let id = |bytes| Value::Id(Uuid::from_bytes(bytes));
        let mut query = Self::default();
        query.add("request_id =", text(filter.request_id.as_deref()));
        query.add("session_id =", text(filter.session_id.as_deref()));
        query.add("key_id =", text(filter.scope.key_id().map(|id| &**id)));
        query.add("run_id =", text(filter.run_id.as_deref()));
        query.add("outcome =", text(filter.outcome.map(Outcome::as_str)));
        if filter.outcome.is_some_and(|outcome| outcome != Outcome::Ok) {
            // What the index on calls that went wrong asks for.
            query.conditions.push_str(" AND outcome <> 'ok'");
        }
        query.add("model =", text(filter.model.as_deref()));
        query.add("id >=", filter.since_us.map(first_id_at).map(id));
        query.add("id <", filter.until_us.map(first_id_at).map(id));
        query.add("id <", filter.before.as_deref().map(call_id).transpose()?.map(id));
        query.add("id >", filter.after.as_deref().map(call_id).transpose()?.map(id));
        Ok(query)
    }

    fn add(&mut self, condition: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.values.push(value);
            // Writing to a text does not fail.
            let _ = write!(self.conditions, " AND {condition} ${}", self.values.len());
        }
    }

    fn sql(&self, limit: u32) -> String {
        let limit = limit.clamp(1, MOST_ROWS);
        format!("{COLUMNS} WHERE TRUE{} ORDER BY id DESC LIMIT {limit}", self.conditions)
    }

    fn params(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.values.iter().map(Value::as_param).collect()
    }
}

impl Value {
    fn as_param(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::Text(text) => (text, Type::TEXT),
            Self::Id(id) => (id, Type::UUID),
        }
    }
}

fn text(value: Option<&str>) -> Option<Value> {
    value.map(|value| Value::Text(indexed(value).into_owned()))
}

fn record_at(row: &Row) -> Result<CallRecord, Error> {
    let text = |column| row.try_get::<_, &str>(column).map(Arc::from);
    let maybe = |column| row.try_get::<_, Option<&str>>(column).map(|text| text.map(Arc::from));
    let outcome: &str = row.try_get(14)?;
    let outcome = OUTCOMES.into_iter().find(|known| known.as_str() == outcome);
    let (attempts, status): (i32, Option<i32>) = (row.try_get(5)?, row.try_get(6)?);
    Ok(CallRecord {
        id: Arc::from(row.try_get::<_, Uuid>(0)?.to_string()),
        request_id: text(20)?,
        session_id: maybe(21)?,
        turn_id: maybe(22)?,
        run_id: maybe(24)?,
        key_id: maybe(25)?,
        started_at_us: row.try_get(1)?,
        operation: Operation::named(row.try_get(26)?),
        model: text(15)?,
        model_served: maybe(16)?,
        provider: maybe(17)?,
        stream: row.try_get(4)?,
        // An outcome of a later version is none that went well.
        outcome: outcome.unwrap_or(Outcome::Error),
        status: status.and_then(|status| u16::try_from(status).ok()),
        error: maybe(18)?,
        finish_reason: maybe(19)?,
        attempts: attempts.unsigned_abs(),
        ttft_ms: row.try_get::<_, Option<i64>>(3)?.map(milliseconds),
        duration_ms: milliseconds(row.try_get(2)?),
        usage: usage_at(row, 7)?,
        cost_usd: row.try_get(13)?,
        upstream_request_id: maybe(23)?,
    })
}
