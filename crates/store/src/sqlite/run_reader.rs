//! Reading one run with all it did.

use std::path::Path;

use playhouse_llm::{FinishReason, Message};
use rusqlite::{Connection, OptionalExtension, Row};

use super::failure::store_error;
use super::run_list::{SUMMARIES, summary_at};
use super::transcript::unreadable;
use super::usage::usage_at;
use crate::durations::milliseconds;
use crate::ids::RunId;
use crate::stored::Stored;
use crate::{RunStep, RunSummary, StoreError, StoredRun, StoredStep, StoredTool};

const OWNED: &str = "(?2 IS NULL OR runs.owner = ?2)";
pub(super) const TEXTS: &str = "SELECT input_json, input, answer FROM runs WHERE key = ?1";
pub(super) const STEPS: &str = "SELECT number, at_us, said_json, said, thought, calls, model, finish_reason, \
     prompt_tokens, completion_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, \
     cost_usd, duration_us FROM run_steps WHERE run = ?1 ORDER BY number";
pub(super) const TOOLS: &str = "SELECT step, call_id, tool, success, output, error, duration_us, ended_at_us \
     FROM run_tools WHERE run = ?1 ORDER BY step";

/// A reader of runs in one database.
pub(super) struct RunReader<'db> {
    db: &'db Connection,
    path: &'db Path,
}

impl<'db> RunReader<'db> {
    /// Reads over this connection; `path` is for error texts.
    pub(super) fn new(db: &'db Connection, path: &'db Path) -> Self {
        Self { db, path }
    }

    /// A run, if it is there, and this owner's where one is named.
    pub(super) fn run(&self, id: RunId, owner: Option<&str>) -> Result<Option<StoredRun>, StoreError> {
        let fail = |error: rusqlite::Error| store_error(self.path, &error);
        // Its parts are those of one moment: a run may go on, or be removed, while it is read.
        let _moment = self.db.unchecked_transaction().map_err(fail)?;
        let Some((key, summary)) = self.summary(id, owner).map_err(fail)? else { return Ok(None) };
        let (input, answer) = self.texts(key).map_err(fail)?;
        let input = input.into_input().map_err(|error| unreadable(self.path, &error))?;
        let steps = self.steps(key)?;
        Ok(Some(StoredRun { summary, input, answer, steps }))
    }

    fn summary(&self, id: RunId, owner: Option<&str>) -> rusqlite::Result<Option<(i64, RunSummary)>> {
        let mut statement = self.db.prepare_cached(&format!("{SUMMARIES} AND runs.id = ?1 AND {OWNED}"))?;
        statement.query_row((id, owner), summary_at).optional()
    }

    fn texts(&self, run: i64) -> rusqlite::Result<(Stored, Option<String>)> {
        let mut statement = self.db.prepare_cached(TEXTS)?;
        statement
            .query_row([run], |row| Ok((Stored { is_json: row.get(0)?, content: row.get(1)? }, row.get(2)?)))
    }

    fn steps(&self, run: i64) -> Result<Vec<StoredStep>, StoreError> {
        let fail = |error: rusqlite::Error| store_error(self.path, &error);
        let tools = self.tools(run).map_err(fail)?;
        let mut tools = tools.into_iter().peekable();
        let mut statement = self.db.prepare_cached(STEPS).map_err(fail)?;
        let mut rows = statement.query([run]).map_err(fail)?;
        let mut steps = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            let step = self.step(row)?;
            let ended = std::iter::from_fn(|| tools.next_if(|(number, _)| *number == step.number));
            let tools = StoredTool::in_order(ended.map(|(_, tool)| tool).collect(), &step.calls);
            steps.push(StoredStep { step, tools });
        }
        Ok(steps)
    }

    fn step(&self, row: &Row<'_>) -> Result<RunStep, StoreError> {
        let (step, said, calls) = step_at(row).map_err(|error| store_error(self.path, &error))?;
        let damaged = |error: serde_json::Error| unreadable(self.path, &error);
        let calls = calls.as_deref().map(serde_json::from_str).transpose().map_err(damaged)?;
        let said = said.into_said().map_err(damaged)?;
        Ok(RunStep { said, calls: calls.unwrap_or_default(), ..step })
    }

    /// The tools that have ended, each with the number of its step.
    fn tools(&self, run: i64) -> rusqlite::Result<Vec<(u32, StoredTool)>> {
        let mut statement = self.db.prepare_cached(TOOLS)?;
        let rows = statement.query_map([run], |row| Ok((row.get(0)?, tool_at(row)?)))?;
        rows.collect()
    }
}

/// A step without what it said and called, which may be JSON that is still to be read.
fn step_at(row: &Row<'_>) -> rusqlite::Result<(RunStep, Stored, Option<String>)> {
    let said = Stored { is_json: row.get(2)?, content: row.get(3)? };
    let finish: Option<String> = row.get(7)?;
    let step = RunStep {
        number: row.get(0)?,
        at_us: row.get(1)?,
        said: Message::assistant(""),
        thought: row.get(4)?,
        calls: Vec::new(),
        model: row.get(6)?,
        finish_reason: finish.as_deref().map(FinishReason::named),
        usage: usage_at(row, 8)?,
        cost_usd: row.get(14)?,
        duration_ms: milliseconds(row.get(15)?),
    };
    Ok((step, said, row.get(5)?))
}

fn tool_at(row: &Row<'_>) -> rusqlite::Result<StoredTool> {
    Ok(StoredTool {
        call_id: row.get(1)?,
        tool: row.get(2)?,
        success: row.get(3)?,
        output: row.get(4)?,
        error: row.get(5)?,
        duration_ms: milliseconds(row.get(6)?),
        ended_at_us: row.get(7)?,
    })
}
