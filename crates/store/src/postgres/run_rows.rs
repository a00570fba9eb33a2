//! Runs: beginning, taking steps, ending, going on. Each takes one round trip.

use std::sync::Arc;

use tokio_postgres::types::FromSqlOwned;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::PostgresStore;
use super::failure::{away, unreadable};
use super::idempotency_rows::KeyColumns;
use super::link::Params;
use super::text::{indexed, kept, owner};
use super::usage::usage_columns;
use crate::draft::{NewRun, NewStep};
use crate::durations::microseconds;
use crate::ids::RunId;
use crate::run::{INTERRUPTED, RUNNING};
use crate::{FinishRun, IdempotencyKey, Scope, StoreError, ToolEnd};

/// How often something is tried that another process has come in the way of.
const ATTEMPTS: usize = 5;

/// The session is held for as long as this takes, so that it cannot go away in between.
const BEGIN: &str = "\
WITH home AS MATERIALIZED (
    SELECT key FROM sessions WHERE id = $2::text AND owner = $15::text FOR KEY SHARE
), free AS MATERIALIZED (
    SELECT 1 WHERE ($2::text IS NULL OR EXISTS (SELECT FROM home))
        AND NOT EXISTS (SELECT FROM runs WHERE id = $1::uuid)
), claimed AS (
    INSERT INTO idempotency_keys (id, body, began, at_us)
    SELECT $12::bytea, $13::bytea, $1::uuid, $5::bigint FROM free WHERE $12::bytea IS NOT NULL
    ON CONFLICT (id) DO UPDATE SET body = excluded.body, began = excluded.began, at_us = excluded.at_us
    WHERE idempotency_keys.at_us < $14::bigint RETURNING 1
)
INSERT INTO runs (id, session, turn_id, status, resumable, started_at_us, agent, model, request_id, input_json,
    input, replica, owner)
SELECT $1::uuid, (SELECT key FROM home), $3::uuid, 'running', $4::boolean, $5::bigint, $6::text, $7::text,
    $8::text, $9::boolean, $10::text, $11::uuid, $15::text
FROM free WHERE $12::bytea IS NULL OR EXISTS (SELECT FROM claimed)
ON CONFLICT (id) DO NOTHING";
const HAS_SESSION: &str = "SELECT EXISTS (SELECT FROM sessions WHERE id = $1 AND owner = $2)";

/// A run of a session that has been deleted is gone, though its row may be there for a moment.
const FIND: &str = "\
SELECT status, resumable FROM runs
WHERE id = $1 AND ($2::text IS NULL OR owner = $2) AND (session IS NULL OR EXISTS (SELECT FROM sessions WHERE key = runs.session))";

/// The run is held while something is added, so that it cannot end in between.
const ADD_STEP: &str = "\
WITH run AS MATERIALIZED (
    SELECT key, status, replica FROM runs
    WHERE id = $1::uuid AND (session IS NULL OR EXISTS (SELECT FROM sessions WHERE key = runs.session))
    FOR SHARE OF runs
), next AS MATERIALIZED (
    SELECT coalesce(max(number), 0) + 1 AS number FROM run_steps WHERE run = (SELECT key FROM run)
), added AS (
    INSERT INTO run_steps (run, number, at_us, duration_us, prompt_tokens, completion_tokens, total_tokens,
        cached_tokens, cache_write_tokens, reasoning_tokens, cost_usd, model, finish_reason, said_json, said,
        thought, calls)
    SELECT run.key, next.number, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::bigint, $8::bigint,
        $9::bigint, $10::bigint, $11::double precision, $12::text, $13::text, $14::boolean, $15::text, $16::text,
        $17::text
    FROM run CROSS JOIN next WHERE run.status = 'running' AND run.replica = $18::uuid AND next.number = $2::integer
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT status, EXISTS (SELECT FROM added), next.number, replica FROM run CROSS JOIN next";
const END_TOOL: &str = "\
WITH run AS MATERIALIZED (
    SELECT key, status, replica FROM runs
    WHERE id = $1::uuid AND (session IS NULL OR EXISTS (SELECT FROM sessions WHERE key = runs.session))
    FOR SHARE OF runs
), step AS MATERIALIZED (
    SELECT number FROM run_steps WHERE run = (SELECT key FROM run) AND number = $2::integer
), added AS (
    INSERT INTO run_tools (run, step, call_id, ended_at_us, duration_us, success, tool, output, error)
    SELECT run.key, step.number, $3::text, $4::bigint, $5::bigint, $6::boolean, $7::text, $8::text, $9::text
    FROM run CROSS JOIN step WHERE run.status = 'running' AND run.replica = $10::uuid
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT status, EXISTS (SELECT FROM added), EXISTS (SELECT FROM step), replica FROM run";
const FINISH: &str = "\
UPDATE runs SET status = $2, ended_at_us = $3, duration_us = $4, prompt_tokens = $5, completion_tokens = $6,
    total_tokens = $7, cached_tokens = $8, cache_write_tokens = $9, reasoning_tokens = $10, cost_usd = $11,
    error = $12, reason = $13, answer = $14
WHERE id = $1 AND status = 'running' AND replica = $15
    AND (session IS NULL OR EXISTS (SELECT FROM sessions WHERE key = runs.session))";
/// The run is held while its key is claimed, so that a claimed key always has it go on.
const RESUME: &str = "\
WITH free AS MATERIALIZED (
    SELECT key FROM runs WHERE id = $1::uuid AND status = 'interrupted' AND resumable
        AND ($7::text IS NULL OR owner = $7::text)
        AND (session IS NULL OR EXISTS (SELECT FROM sessions WHERE key = runs.session))
    FOR UPDATE OF runs
), claimed AS (
    INSERT INTO idempotency_keys (id, body, began, at_us)
    SELECT $4::bytea, $5::bytea, $1::uuid, $2::bigint FROM free WHERE $4::bytea IS NOT NULL
    ON CONFLICT (id) DO UPDATE SET body = excluded.body, began = excluded.began, at_us = excluded.at_us
    WHERE idempotency_keys.at_us < $6::bigint RETURNING 1
)
UPDATE runs SET status = 'running', resumed_at_us = $2::bigint, ended_at_us = NULL, duration_us = NULL,
    prompt_tokens = NULL, completion_tokens = NULL, total_tokens = NULL, cached_tokens = NULL,
    cache_write_tokens = NULL, reasoning_tokens = NULL, cost_usd = NULL, error = NULL, reason = NULL,
    answer = NULL, replica = $3::uuid
WHERE key = (SELECT key FROM free) AND ($4::bytea IS NULL OR EXISTS (SELECT FROM claimed))";
/// Only for whom it began or went on: another may have it run by now.
const INTERRUPT: &str = "\
UPDATE runs SET status = 'interrupted'
WHERE id = $1 AND status = 'running' AND resumed_at_us IS NOT DISTINCT FROM $2";

/// Where a run stands.
struct Standing {
    status: String,
    resumable: bool,
}

/// What came of adding something to a run.
struct Addition<T> {
    status: String,
    added: bool,
    /// What it hangs on.
    place: T,
    /// Who runs the run, or ran it.
    replica: Option<Uuid>,
}

impl PostgresStore {
    /// Begins a run.
    pub(super) async fn begin_new_run(&self, run: &NewRun) -> Result<(), StoreError> {
        let key = KeyColumns::of(run.idempotency.as_ref());
        let added = self
            .short()
            .execute(
                BEGIN,
                &[
                    &Uuid::from_bytes(run.id),
                    &run.session_id.as_deref().map(kept),
                    &run.turn_id.map(Uuid::from_bytes),
                    &run.resumable,
                    &run.now_us,
                    &indexed(&run.agent),
                    &kept(&run.model),
                    &kept(&run.request_id),
                    &run.input.is_json,
                    &run.input.content,
                    &self.replica(),
                    &key.id,
                    &key.body,
                    &key.since_us,
                    &&*run.owner,
                ],
            )
            .await?;
        match added {
            0 => Err(self.why_not_begun(run).await?),
            _ => Ok(()),
        }
    }

    async fn why_not_begun(&self, run: &NewRun) -> Result<StoreError, StoreError> {
        let id = Uuid::from_bytes(run.id);
        self.check_key(run.idempotency.as_ref(), Some(id)).await?;
        self.release_key(run.idempotency.as_ref(), id).await?;
        if let Some(session_id) = &run.session_id {
            let found = self.short().query_opt(HAS_SESSION, &[&kept(session_id), &&*run.owner]).await?;
            if !found.map_or(Ok(false), |row| self.readable(row.try_get(0)))? {
                return Ok(StoreError::SessionNotFound { session_id: Arc::clone(session_id) });
            }
        }
        Ok(StoreError::invalid(format!("run id '{}' has been used before", name_of(run.id))))
    }

    /// Adds a step to a running run.
    pub(super) async fn add_new_step(&self, id: RunId, step: &NewStep) -> Result<(), StoreError> {
        let [prompt, completion, total, cached, cache_write, reasoning] = usage_columns(step.usage.as_ref());
        let found = self
            .short()
            .query_opt(
                ADD_STEP,
                &[
                    &Uuid::from_bytes(id),
                    &number(step.number),
                    &step.at_us,
                    &microseconds(step.duration_ms),
                    &prompt,
                    &completion,
                    &total,
                    &cached,
                    &cache_write,
                    &reasoning,
                    &step.cost_usd,
                    &kept(&step.model),
                    &step.finish_reason.as_ref().map(|reason| kept(reason.as_str())),
                    &step.said.is_json,
                    &step.said.content,
                    &step.thought.as_deref().map(kept),
                    &step.calls,
                    &self.replica(),
                ],
            )
            .await?;
        let addition = self.running(id, found.map(|row| Addition::<i32>::of(&row)))?;
        if addition.added {
            return Ok(());
        }
        // Where another step came first, that one's number was the next.
        let (number, next) = (i64::from(step.number), i64::from(addition.place));
        let next = if number == next { next + 1 } else { next };
        let id = name_of(id);
        Err(StoreError::invalid(format!(
            "step {number} cannot be added to run '{id}': its next step is {next}"
        )))
    }

    /// Adds what came of a tool to a step of a running run.
    pub(super) async fn end_run_tool(&self, id: RunId, step: u32, end: &ToolEnd) -> Result<(), StoreError> {
        let found = self
            .short()
            .query_opt(
                END_TOOL,
                &[
                    &Uuid::from_bytes(id),
                    &number(step),
                    &indexed(&end.call_id),
                    &end.now_us,
                    &microseconds(end.duration_ms),
                    &end.success,
                    &kept(&end.tool),
                    &kept(&end.output),
                    &end.error.as_deref().map(kept),
                    &self.replica(),
                ],
            )
            .await?;
        let addition = self.running(id, found.map(|row| Addition::<bool>::of(&row)))?;
        let (call, id) = (&end.call_id, name_of(id));
        match (addition.added, addition.place) {
            (true, _) => Ok(()),
            (false, true) => Err(StoreError::invalid(format!(
                "tool call '{call}' of step {step} of run '{id}' has ended before"
            ))),
            (false, false) => Err(StoreError::invalid(format!(
                "run '{id}' has no step {step}: add the step before its tools run"
            ))),
        }
    }

    /// Ends a running run.
    pub(super) async fn finish_running(&self, id: RunId, end: &FinishRun) -> Result<(), StoreError> {
        let [prompt, completion, total, cached, cache_write, reasoning] = usage_columns(Some(&end.usage));
        let touched = self
            .short()
            .execute(
                FINISH,
                &[
                    &Uuid::from_bytes(id),
                    &indexed(&end.status),
                    &end.now_us,
                    &microseconds(end.duration_ms),
                    &prompt,
                    &completion,
                    &total,
                    &cached,
                    &cache_write,
                    &reasoning,
                    &end.cost_usd,
                    &end.error.as_deref().map(kept),
                    &end.reason.as_deref().map(kept),
                    &end.answer.as_deref().map(kept),
                    &self.replica(),
                ],
            )
            .await?;
        if touched > 0 {
            return Ok(());
        }
        let run_id = name_of(id);
        match self.standing(&Scope::Everything, id).await? {
            Some(Standing { status, .. }) if status == RUNNING => Err(StoreError::LeaseLost { id: run_id }),
            Some(Standing { status, .. }) => Err(StoreError::RunEnded { run_id, status: status.into() }),
            None => Err(StoreError::RunNotFound { run_id }),
        }
    }

    /// Has an interrupted run run again.
    pub(super) async fn resume_interrupted(
        &self,
        scope: &Scope,
        id: RunId,
        idempotency: Option<&IdempotencyKey>,
        now_us: i64,
    ) -> Result<(), StoreError> {
        let (run_id, key, owner) = (name_of(id), KeyColumns::of(idempotency), owner(scope));
        for _ in 0..ATTEMPTS {
            let run = Uuid::from_bytes(id);
            let params: Params<'_> =
                &[&run, &now_us, &self.replica(), &key.id, &key.body, &key.since_us, &owner];
            if self.short().execute(RESUME, params).await? > 0 {
                return Ok(());
            }
            self.check_key(idempotency, None).await?;
            let Some(Standing { status, resumable }) = self.standing(scope, id).await? else {
                return Err(StoreError::RunNotFound { run_id });
            };
            match &*status {
                // It was cut off in this very moment.
                INTERRUPTED if resumable => {}
                INTERRUPTED => return Err(StoreError::RunNotResumable { run_id }),
                RUNNING => return Err(StoreError::RunRunning { run_id }),
                _ => return Err(StoreError::RunEnded { run_id, status: status.into() }),
            }
        }
        Err(away(self.place(), &format!("run '{run_id}' is resumed and cut off too often at a time")))
    }

    /// Ends a run as interrupted, if it runs since it was begun, or resumed at this moment.
    pub(super) async fn interrupt_run(
        &self,
        run: RunId,
        resumed_at_us: Option<i64>,
    ) -> Result<(), StoreError> {
        self.short().execute(INTERRUPT, &[&Uuid::from_bytes(run), &resumed_at_us]).await.map(drop)
    }

    async fn standing(&self, scope: &Scope, id: RunId) -> Result<Option<Standing>, StoreError> {
        let found = self.short().query_opt(FIND, &[&Uuid::from_bytes(id), &owner(scope)]).await?;
        let standing = found.map(|row| Ok(Standing { status: row.try_get(0)?, resumable: row.try_get(1)? }));
        self.readable(standing.transpose())
    }

    /// What came of adding to a run, if there is such a run and it runs.
    fn running<T>(
        &self,
        id: RunId,
        found: Option<Result<Addition<T>, Error>>,
    ) -> Result<Addition<T>, StoreError> {
        let run_id = name_of(id);
        match self.readable(found.transpose())? {
            None => Err(StoreError::RunNotFound { run_id }),
            Some(Addition { status, replica, .. })
                if status == RUNNING && replica != Some(self.replica()) =>
            {
                Err(StoreError::LeaseLost { id: run_id })
            }
            Some(addition) if addition.status == RUNNING => Ok(addition),
            Some(Addition { status, .. }) => Err(StoreError::RunEnded { run_id, status: status.into() }),
        }
    }

    fn readable<T>(&self, read: Result<T, Error>) -> Result<T, StoreError> {
        read.map_err(|error| unreadable(self.place(), &error))
    }
}

impl<T: FromSqlOwned> Addition<T> {
    fn of(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            status: row.try_get(0)?,
            added: row.try_get(1)?,
            place: row.try_get(2)?,
            replica: row.try_get(3)?,
        })
    }
}

fn name_of(id: RunId) -> Arc<str> {
    Uuid::from_bytes(id).to_string().into()
}

/// A number of a step; one that no step can have stays one.
fn number(step: u32) -> i32 {
    i32::try_from(step).unwrap_or(i32::MAX)
}
