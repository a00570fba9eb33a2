//! Reading one run with all it did.

use std::error::Error;
use std::sync::Arc;

use playhouse_llm::FinishReason;
use tokio_postgres::Row;
use uuid::Uuid;

use super::PostgresStore;
use super::failure::unreadable;
use super::run_list::summary_at;
use super::usage::usage_at;
use crate::durations::milliseconds;
use crate::ids::RunId;
use crate::stored::Stored;
use crate::{RunStep, Scope, StoreError, StoredRun, StoredStep, StoredTool};

/// The columns of a summary, and behind them what was said.
const FIND: &str = "\
SELECT runs.key, runs.id, agent, model, status, resumable, request_id, sessions.id, turn_id, started_at_us,
    resumed_at_us, ended_at_us, (SELECT max(number) FROM run_steps WHERE run = runs.key), reason, error,
    prompt_tokens, completion_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost_usd,
    duration_us, runs.owner, input_json, input, answer
FROM runs LEFT JOIN sessions ON sessions.key = runs.session
WHERE runs.id = $1 AND (runs.session IS NULL OR sessions.key IS NOT NULL)";
const STEPS: &str = "\
SELECT number, at_us, said_json, said, thought, calls, model, finish_reason, prompt_tokens, completion_tokens,
    total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost_usd, duration_us
FROM run_steps WHERE run = (SELECT key FROM runs WHERE runs.id = $1) ORDER BY number";
const TOOLS: &str = "\
SELECT step, call_id, tool, success, output, error, duration_us, ended_at_us
FROM run_tools WHERE run = (SELECT key FROM runs WHERE runs.id = $1) ORDER BY step";

/// What reading a row may come to.
type Read<T> = Result<T, Box<dyn Error + Send + Sync>>;

impl PostgresStore {
    /// A run, if it is there. Its parts are those of one moment: it may go on, or be removed, meanwhile.
    pub(super) async fn find_run(&self, scope: &Scope, id: RunId) -> Result<Option<StoredRun>, StoreError> {
        let sets = self.long().snapshot(&[FIND, STEPS, TOOLS], &[&Uuid::from_bytes(id)]).await?;
        let [run, steps, tools] = sets.as_slice() else { return Ok(None) };
        let Some(run) = run.first() else { return Ok(None) };
        let run = run_of(run, steps, tools).map_err(|error| unreadable(self.place(), &error))?;
        let is_within = scope.key_id().is_none_or(|owner| run.summary.key_id.as_ref() == Some(owner));
        Ok(Some(run).filter(|_| is_within))
    }
}

fn run_of(run: &Row, steps: &[Row], tools: &[Row]) -> Read<StoredRun> {
    let input = Stored { is_json: run.try_get(24)?, content: run.try_get(25)? };
    let tools: Vec<(i32, StoredTool)> = tools.iter().map(tool_at).collect::<Read<_>>()?;
    let mut tools = tools.into_iter().peekable();
    let steps = steps.iter().map(|row| {
        let (number, step) = step_at(row)?;
        let ended = std::iter::from_fn(|| tools.next_if(|(of, _)| *of == number)).map(|(_, tool)| tool);
        let tools = StoredTool::in_order(ended.collect(), &step.calls);
        Ok(StoredStep { step, tools })
    });
    let steps = steps.collect::<Read<_>>()?;
    Ok(StoredRun { summary: summary_at(run)?.1, input: input.into_input()?, answer: run.try_get(26)?, steps })
}

fn step_at(row: &Row) -> Read<(i32, RunStep)> {
    let said = Stored { is_json: row.try_get(2)?, content: row.try_get(3)? };
    let calls: Option<&str> = row.try_get(5)?;
    let finish: Option<&str> = row.try_get(7)?;
    let number: i32 = row.try_get(0)?;
    let step = RunStep {
        number: number.unsigned_abs(),
        at_us: row.try_get(1)?,
        said: said.into_said()?,
        thought: row.try_get(4)?,
        calls: calls.map(serde_json::from_str).transpose()?.unwrap_or_default(),
        model: text(row, 6)?,
        finish_reason: finish.map(FinishReason::named),
        usage: usage_at(row, 8)?,
        cost_usd: row.try_get(14)?,
        duration_ms: milliseconds(row.try_get(15)?),
    };
    Ok((number, step))
}

/// A tool with the number of its step.
fn tool_at(row: &Row) -> Read<(i32, StoredTool)> {
    let tool = StoredTool {
        call_id: text(row, 1)?,
        tool: text(row, 2)?,
        success: row.try_get(3)?,
        output: row.try_get(4)?,
        error: row.try_get(5)?,
        duration_ms: milliseconds(row.try_get(6)?),
        ended_at_us: row.try_get(7)?,
    };
    Ok((row.try_get(0)?, tool))
}

fn text(row: &Row, column: usize) -> Read<Arc<str>> {
    Ok(row.try_get::<_, &str>(column)?.into())
}
