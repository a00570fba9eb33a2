//! Runs: beginning, taking steps, ending, going on.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::failure::Stop;
use super::idempotency_rows as keys;
use super::turns::find_session;
use super::usage::usage_columns;
use crate::draft::{NewRun, NewStep};
use crate::durations::microseconds;
use crate::ids::RunId;
use crate::run::{INTERRUPTED, RUNNING};
use crate::{FinishRun, IdempotencyKey, ReplicaId, StoreError, ToolEnd};

/// Where a run stands.
struct Standing {
    key: i64,
    status: String,
    resumable: bool,
    /// Who runs it, or ran it.
    replica: Option<[u8; 16]>,
}

const BEGIN: &str = "INSERT INTO runs (id, session, turn_id, status, resumable, started_at_us, agent, model, \
     request_id, input_json, input, owner, replica) \
     VALUES (?1, ?2, ?3, 'running', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
     ON CONFLICT DO NOTHING";
/// A run of a session that has been deleted is gone, though its row may be there for a moment.
pub(super) const FIND: &str = "SELECT runs.key, status, resumable, replica \
     FROM runs LEFT JOIN sessions ON sessions.key = runs.session \
     WHERE runs.id = ?1 AND (runs.session IS NULL OR sessions.key IS NOT NULL) \
     AND (?2 IS NULL OR runs.owner = ?2)";
pub(super) const LAST_STEP: &str = "SELECT max(number) FROM run_steps WHERE run = ?1";
pub(super) const ADD_STEP: &str = "INSERT INTO run_steps (run, number, at_us, duration_us, prompt_tokens, \
     completion_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost_usd, model, \
     finish_reason, said_json, said, thought, calls) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
pub(super) const FIND_STEP: &str = "SELECT 1 FROM run_steps WHERE run = ?1 AND number = ?2";
pub(super) const END_TOOL: &str = "INSERT INTO run_tools (run, step, call_id, ended_at_us, duration_us, success, tool, \
     output, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";
pub(super) const FINISH: &str = "UPDATE runs SET status = ?2, ended_at_us = ?3, duration_us = ?4, \
     prompt_tokens = ?5, completion_tokens = ?6, total_tokens = ?7, cached_tokens = ?8, \
     cache_write_tokens = ?9, reasoning_tokens = ?10, cost_usd = ?11, error = ?12, reason = ?13, answer = ?14 \
     WHERE key = ?1";
pub(super) const RESUME: &str = "UPDATE runs SET status = 'running', resumed_at_us = ?2, ended_at_us = NULL, \
     duration_us = NULL, prompt_tokens = NULL, completion_tokens = NULL, total_tokens = NULL, \
     cached_tokens = NULL, cache_write_tokens = NULL, reasoning_tokens = NULL, cost_usd = NULL, error = NULL, \
     reason = NULL, answer = NULL, replica = ?3 WHERE key = ?1";
pub(super) const INTERRUPT: &str =
    "UPDATE runs SET status = 'interrupted' WHERE id = ?1 AND +status = 'running'";

/// Begins a run. Reads first, so that a refusal leaves nothing to undo.
pub(super) fn begin(db: &Connection, run: &NewRun) -> Result<(), Stop> {
    run.idempotency.map_or(Ok(()), |key| keys::check(db, &key))?;
    let session = run.session_id.as_ref().map(|id| session_key(db, id, &run.owner)).transpose()?;
    let added = db.prepare_cached(BEGIN)?.execute(params![
        run.id,
        session,
        run.turn_id,
        run.resumable,
        run.now_us,
        run.agent,
        run.model,
        run.request_id,
        run.input.is_json,
        run.input.content,
        run.owner,
        run.replica.bytes(),
    ])?;
    match added {
        1 => Ok(run.idempotency.map_or(Ok(()), |key| keys::note(db, &key, run.id, run.now_us))?),
        _ => Err(refused(format!("run id '{}' has been used before", name_of(run.id)))),
    }
}

/// Adds a step to a running run.
pub(super) fn add_step(db: &Connection, replica: ReplicaId, id: RunId, step: &NewStep) -> Result<(), Stop> {
    let run = find_running(db, replica, id)?;
    let last: Option<u32> = db.prepare_cached(LAST_STEP)?.query_row([run], |row| row.get(0))?;
    let next = last.map_or(1, |last| last.saturating_add(1));
    if step.number != next {
        let (number, id) = (step.number, name_of(id));
        return Err(refused(format!("step {number} cannot be added to run '{id}': its next step is {next}")));
    }
    insert_step(db, run, step)?;
    Ok(())
}

/// Adds what came of a tool to a step of a running run.
pub(super) fn end_tool(
    db: &Connection,
    replica: ReplicaId,
    id: RunId,
    step: u32,
    end: &ToolEnd,
) -> Result<(), Stop> {
    let run = find_running(db, replica, id)?;
    if !db.prepare_cached(FIND_STEP)?.exists((run, step))? {
        let id = name_of(id);
        return Err(refused(format!("run '{id}' has no step {step}: add the step before its tools run")));
    }
    let added = db.prepare_cached(END_TOOL)?.execute(params![
        run,
        step,
        end.call_id,
        end.now_us,
        microseconds(end.duration_ms),
        end.success,
        end.tool,
        end.output,
        end.error,
    ])?;
    match added {
        1 => Ok(()),
        _ => {
            let (call, id) = (&end.call_id, name_of(id));
            Err(refused(format!("tool call '{call}' of step {step} of run '{id}' has ended before")))
        }
    }
}

/// Ends a running run.
pub(super) fn finish(db: &Connection, replica: ReplicaId, id: RunId, end: &FinishRun) -> Result<(), Stop> {
    let run = find_running(db, replica, id)?;
    let [prompt, completion, total, cached, cache_write, reasoning] = usage_columns(Some(&end.usage));
    db.prepare_cached(FINISH)?.execute(params![
        run,
        end.status,
        end.now_us,
        microseconds(end.duration_ms),
        prompt,
        completion,
        total,
        cached,
        cache_write,
        reasoning,
        end.cost_usd,
        end.error,
        end.reason,
        end.answer,
    ])?;
    Ok(())
}

/// Has an interrupted run run again, for this replica.
pub(super) fn resume(
    db: &Connection,
    replica: ReplicaId,
    id: RunId,
    owner: Option<&str>,
    idempotency: Option<IdempotencyKey>,
    now_us: i64,
) -> Result<(), Stop> {
    idempotency.map_or(Ok(()), |key| keys::check(db, &key))?;
    let Standing { key, status, resumable, .. } = find(db, id, owner)?;
    let run_id = name_of(id);
    match &*status {
        INTERRUPTED if resumable => {
            db.prepare_cached(RESUME)?.execute((key, now_us, replica.bytes()))?;
            Ok(idempotency.map_or(Ok(()), |key| keys::note(db, &key, id, now_us))?)
        }
        INTERRUPTED => Err(StoreError::RunNotResumable { run_id }.into()),
        RUNNING => Err(StoreError::RunRunning { run_id }.into()),
        _ => Err(StoreError::RunEnded { run_id, status: status.into() }.into()),
    }
}

/// Ends one run as interrupted, if it is running.
pub(super) fn interrupt(db: &Connection, run: RunId) -> rusqlite::Result<()> {
    db.prepare_cached(INTERRUPT)?.execute([run]).map(drop)
}

fn session_key(db: &Connection, session_id: &Arc<str>, owner: &str) -> Result<i64, Stop> {
    let found = find_session(db, session_id, owner)?;
    Ok(found.ok_or_else(|| StoreError::SessionNotFound { session_id: Arc::clone(session_id) })?)
}

fn find(db: &Connection, id: RunId, owner: Option<&str>) -> Result<Standing, Stop> {
    let found = db.prepare_cached(FIND)?.query_row((id, owner), standing_at).optional()?;
    Ok(found.ok_or_else(|| StoreError::RunNotFound { run_id: name_of(id) })?)
}

fn standing_at(row: &Row<'_>) -> rusqlite::Result<Standing> {
    Ok(Standing { key: row.get(0)?, status: row.get(1)?, resumable: row.get(2)?, replica: row.get(3)? })
}

/// The key of a run that this replica runs.
fn find_running(db: &Connection, by: ReplicaId, id: RunId) -> Result<i64, Stop> {
    let Standing { key, status, replica, .. } = find(db, id, None)?;
    match &*status {
        RUNNING if replica == Some(by.bytes()) => Ok(key),
        RUNNING => Err(StoreError::LeaseLost { id: name_of(id) }.into()),
        _ => Err(StoreError::RunEnded { run_id: name_of(id), status: status.into() }.into()),
    }
}

fn insert_step(db: &Connection, run: i64, step: &NewStep) -> rusqlite::Result<()> {
    let [prompt, completion, total, cached, cache_write, reasoning] = usage_columns(step.usage.as_ref());
    let added = db.prepare_cached(ADD_STEP)?.execute(params![
        run,
        step.number,
        step.at_us,
        microseconds(step.duration_ms),
        prompt,
        completion,
        total,
        cached,
        cache_write,
        reasoning,
        step.cost_usd,
        step.model,
        step.finish_reason.as_ref().map(playhouse_llm::FinishReason::as_str),
        step.said.is_json,
        step.said.content,
        step.thought,
        step.calls,
    ]);
    added.map(drop)
}

fn name_of(id: RunId) -> Arc<str> {
    Uuid::from_bytes(id).to_string().into()
}

fn refused(reason: String) -> Stop {
    Stop::Refused(StoreError::invalid(reason))
}
