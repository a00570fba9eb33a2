//! Adding to the call log: many rows to a statement, in the order of their ids, with pauses between.

use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use playhouse_llm::CallRecord;
use rusqlite::types::ToSql;
use rusqlite::{CachedStatement, Connection};

use super::failure::Stop;
use super::usage::usage_columns;
use crate::durations::microseconds;
use crate::ids::call_id;

/// How many rows a statement adds, most first. Each execution opens the table and all its indexes, and a row that
/// comes behind the one before is put there without a search: one of twelve costs two thirds of one alone. The texts
/// of more would not fit into the memory that SQLite has at hand.
const ROWS: [usize; 3] = [12, 4, 1];
/// After so many rows the writing thread pauses: a request should not wait for a whole batch.
const UNINTERRUPTED_ROWS: usize = 60;
/// Enough for whoever waits for the processor. A thread that yields while it is busy has it back much later than
/// one that sleeps, and would fall behind.
const PAUSE: Duration = Duration::from_micros(100);

const COLUMNS: [&str; 27] = [
    "id",
    "started_at_us",
    "duration_us",
    "ttft_us",
    "stream",
    "attempts",
    "status",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_usd",
    "outcome",
    "model",
    "model_served",
    "provider",
    "error",
    "finish_reason",
    "request_id",
    "session_id",
    "turn_id",
    "upstream_request_id",
    "run_id",
    "key_id",
    "operation",
];

static ADD: LazyLock<[(usize, String); 3]> = LazyLock::new(|| ROWS.map(|rows| (rows, statement(rows))));

/// Adds records that are not there yet.
pub(super) fn append(db: &Connection, records: &[CallRecord]) -> Result<(), Stop> {
    // Calls end in another order than they begin; rows that are neighbours are cheaper one behind the other.
    let mut ordered: Vec<&CallRecord> = records.iter().collect();
    ordered.sort_by(|one, other| one.id.cmp(&other.id));
    let mut left = &ordered[..];
    let mut added = 0;
    for (rows, sql) in &*ADD {
        if left.len() < *rows {
            continue;
        }
        let mut statement = db.prepare_cached(sql)?;
        while let Some((some, rest)) = left.split_at_checked(*rows) {
            if added >= UNINTERRUPTED_ROWS {
                thread::sleep(PAUSE);
                added = 0;
            }
            add(&mut statement, some)?;
            (left, added) = (rest, added + rows);
        }
    }
    Ok(())
}

fn add(statement: &mut CachedStatement<'_>, records: &[&CallRecord]) -> Result<(), Stop> {
    let mut values = Values { statement, bound: 0 };
    records.iter().try_for_each(|record| values.bind(record))?;
    statement.raw_execute()?;
    Ok(())
}

/// The statement that adds so many rows. What it passes over is there: whatever must not be empty is always bound.
/// Unlike `ON CONFLICT DO NOTHING` it never has to be undone by half, which SQLite would prepare for.
fn statement(rows: usize) -> String {
    let row = format!("({})", ["?"; COLUMNS.len()].join(", "));
    format!("INSERT OR IGNORE INTO calls ({}) VALUES {}", COLUMNS.join(", "), vec![row; rows].join(", "))
}

/// The values of a statement, one after the other.
struct Values<'a, 'db> {
    statement: &'a mut CachedStatement<'db>,
    bound: usize,
}

impl Values<'_, '_> {
    fn bind(&mut self, record: &CallRecord) -> Result<(), Stop> {
        self.put(call_id(&record.id).map_err(Stop::RefusedLate)?)?;
        self.put(record.started_at_us)?;
        self.put(microseconds(record.duration_ms))?;
        self.put(record.ttft_ms.map(microseconds))?;
        self.put(record.stream)?;
        self.put(record.attempts)?;
        self.put(record.status)?;
        usage_columns(record.usage.as_ref()).into_iter().try_for_each(|count| self.put(count))?;
        self.put(record.cost_usd)?;
        self.put(record.outcome.as_str())?;
        self.put(&*record.model)?;
        self.put(record.model_served.as_deref())?;
        self.put(record.provider.as_deref())?;
        self.put(record.error.as_deref())?;
        self.put(record.finish_reason.as_deref())?;
        self.put(&*record.request_id)?;
        self.put(record.session_id.as_deref())?;
        self.put(record.turn_id.as_deref())?;
        self.put(record.upstream_request_id.as_deref())?;
        self.put(record.run_id.as_deref())?;
        self.put(record.key_id.as_deref())?;
        Ok(self.put(record.operation.as_str())?)
    }

    fn put(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.bound += 1;
        self.statement.raw_bind_parameter(self.bound, value)
    }
}
