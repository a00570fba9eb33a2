//! Lists of runs.

use std::sync::Arc;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::PostgresStore;
use super::failure::unreadable;
use super::text::indexed;
use super::usage::usage_at;
use crate::cursor::{page_limit, run_cursor, run_page};
use crate::durations::milliseconds;
use crate::scope::key_of;
use crate::{RunFilter, RunPage, RunSummary, StoreError};

/// A run of a session that has been deleted is gone, though its row may be there for a moment.
const SUMMARIES: &str = "\
SELECT runs.key, runs.id, agent, model, status, resumable, request_id, sessions.id, turn_id, started_at_us,
    resumed_at_us, ended_at_us, (SELECT max(number) FROM run_steps WHERE run = runs.key), reason, error,
    prompt_tokens, completion_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost_usd,
    duration_us, runs.owner
FROM runs LEFT JOIN sessions ON sessions.key = runs.session
WHERE (runs.session IS NULL OR sessions.key IS NOT NULL) AND runs.key < $1";

impl PostgresStore {
    /// A page of runs.
    pub(super) async fn run_page(&self, filter: &RunFilter) -> Result<RunPage, StoreError> {
        let (before, limit) = (run_cursor(filter.page.after.as_deref())?, page_limit(&filter.page));
        // Of several sessions the one that an operator is shown; the owner, where one is named, is the run's too.
        let owner = filter.scope.owner();
        let session = match owner {
            None => "runs.session = (SELECT key FROM sessions WHERE sessions.id = {} ORDER BY owner LIMIT 1)",
            // The owner is the first of the texts.
            Some(_) => "runs.session = (SELECT key FROM sessions WHERE sessions.id = {} AND owner = $2)",
        };
        let conditions = [
            ("runs.owner = {}", &owner),
            (session, &filter.session_id),
            ("agent = {}", &filter.agent),
            ("status = {}", &filter.status),
        ];
        let mut sql = SUMMARIES.to_owned();
        let mut texts = Vec::new();
        for (condition, value) in conditions {
            let Some(value) = value else { continue };
            texts.push(indexed(value));
            let condition = condition.replace("{}", &format!("${}", texts.len() + 1));
            sql.push_str(&format!(" AND {condition}"));
        }
        // One more than wanted tells whether there is a next page.
        sql.push_str(&format!(" ORDER BY runs.key DESC LIMIT {}", limit + 1));
        let mut params: Vec<(&(dyn ToSql + Sync), Type)> = vec![(&before, Type::INT8)];
        params.extend(texts.iter().map(|text| (text as &(dyn ToSql + Sync), Type::TEXT)));
        let rows = self.long().query_once(&sql, &params).await?;
        let found: Result<Vec<_>, Error> = rows.iter().map(summary_at).collect();
        Ok(run_page(found.map_err(|error| unreadable(self.place(), &error))?, limit))
    }
}

/// The key and the summary in a row that begins with the columns of [`SUMMARIES`].
pub(super) fn summary_at(row: &Row) -> Result<(i64, RunSummary), Error> {
    let text = |column| row.try_get::<_, &str>(column).map(Arc::from);
    let maybe = |column| row.try_get::<_, Option<&str>>(column).map(|text| text.map(Arc::from));
    let steps: Option<i32> = row.try_get(12)?;
    let summary = RunSummary {
        id: row.try_get::<_, Uuid>(1)?.to_string().into(),
        agent: text(2)?,
        model: text(3)?,
        status: text(4)?,
        resumable: row.try_get(5)?,
        request_id: text(6)?,
        session_id: maybe(7)?,
        turn_id: row.try_get::<_, Option<Uuid>>(8)?.map(|id| id.to_string().into()),
        started_at_us: row.try_get(9)?,
        resumed_at_us: row.try_get(10)?,
        ended_at_us: row.try_get(11)?,
        step_count: steps.unwrap_or_default().unsigned_abs(),
        reason: row.try_get(13)?,
        error: maybe(14)?,
        usage: usage_at(row, 15)?,
        cost_usd: row.try_get(21)?,
        duration_ms: row.try_get::<_, Option<i64>>(22)?.map(milliseconds),
        key_id: key_of(text(23)?),
    };
    Ok((row.try_get(0)?, summary))
}
