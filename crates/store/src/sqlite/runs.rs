//! Runs of agents in SQLite.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use rusqlite::Connection;

use super::SqliteStore;
use super::call_rows::first_id_at;
use super::failure::{Stop, store_error};
use super::run_list::{self, RunQuery};
use super::run_reader::RunReader;
use super::run_removal;
use super::run_rows::{self, NewRun, NewStep, RunId, run_id};
use super::sessions::unstorable;
use super::turns::turn_id;
use super::unheard::{Abandoned, Unheard};
use crate::run::RUNNING;
use crate::scope::owner_of;
use crate::stored::Stored;
use crate::{BeginRun, FinishRun, RunFilter, RunPage, RunStep, Runs, Scope, StoreError, StoredRun, ToolEnd};

#[async_trait]
impl Runs for SqliteStore {
    async fn begin_run(&self, begin: BeginRun) -> Result<(), StoreError> {
        let run = new_run(begin)?;
        let unheard = self.have_run(run.id, move |db| run_rows::begin(db, &run)).await?;
        unheard.heard();
        Ok(())
    }

    async fn add_step(&self, run_id: &str, step: RunStep) -> Result<(), StoreError> {
        let run = known_id(run_id)?;
        let step = new_step(step)?;
        self.write(move |db| run_rows::add_step(db, run, &step)).await
    }

    async fn end_tool(&self, run_id: &str, step: u32, end: ToolEnd) -> Result<(), StoreError> {
        let run = known_id(run_id)?;
        self.write(move |db| run_rows::end_tool(db, run, step, &end)).await
    }

    async fn finish_run(&self, finish: FinishRun) -> Result<(), StoreError> {
        let run = known_id(&finish.run_id)?;
        check_ending(&finish.status)?;
        self.write(move |db| run_rows::finish(db, run, &finish)).await
    }

    async fn resume_run(&self, scope: &Scope, run_id: &str, now_us: i64) -> Result<StoredRun, StoreError> {
        let run = known_id(run_id)?;
        let owner = scope.owner();
        let resume = move |db: &Connection| run_rows::resume(db, run, owner.as_deref(), now_us);
        let unheard = self.have_run(run, resume).await?;
        // Nobody else writes to it now; should it be unreadable, it is interrupted again.
        let found = self.run(scope, run_id).await?.ok_or_else(|| not_found(run_id))?;
        unheard.heard();
        Ok(found)
    }

    async fn run(&self, scope: &Scope, run_id: &str) -> Result<Option<StoredRun>, StoreError> {
        let Ok(run) = known_id(run_id) else { return Ok(None) };
        let owner = scope.owner();
        self.read(move |db, path| RunReader::new(db, path).run(run, owner.as_deref())).await
    }

    async fn list_runs(&self, filter: RunFilter) -> Result<RunPage, StoreError> {
        let query = RunQuery::of(&filter)?;
        self.read(move |db, path| run_list::list(db, &query).map_err(|error| store_error(path, &error))).await
    }

    async fn prune_runs(&self, before_us: i64, limit: u32) -> Result<u64, StoreError> {
        let before = first_id_at(before_us);
        self.write(move |db| run_removal::prune(db, before, limit)).await
    }
}

impl SqliteStore {
    /// Has a run run for this caller, and watches over it until the caller has heard of it.
    async fn have_run<F>(&self, id: RunId, mut work: F) -> Result<Unheard<'_>, StoreError>
    where
        F: FnMut(&Connection) -> Result<(), Stop> + Send + 'static,
    {
        let writer = self.writer()?;
        let taken = Arc::new(AtomicBool::new(false));
        let unheard = Unheard::new(writer, Abandoned::Run { id, taken: Arc::clone(&taken) });
        let outcome = writer.write(move |db| {
            let outcome = work(db);
            taken.store(outcome.is_ok(), Ordering::Relaxed);
            outcome
        });
        match outcome.await {
            Ok(()) => Ok(unheard),
            Err(refusal) => {
                unheard.heard();
                Err(refusal)
            }
        }
    }
}

/// The bytes of an id that a run should have; an id of another form is no run's.
fn known_id(id: &str) -> Result<RunId, StoreError> {
    run_id(id).map_err(|_| not_found(id))
}

fn not_found(run_id: &str) -> StoreError {
    StoreError::RunNotFound { run_id: run_id.into() }
}

fn new_run(begin: BeginRun) -> Result<NewRun, StoreError> {
    if begin.turn_id.is_some() && begin.session_id.is_none() {
        return Err(StoreError::invalid(
            "a run that answers a turn belongs to a session: name the session too",
        ));
    }
    Ok(NewRun {
        owner: owner_of(begin.key_id.as_ref()),
        id: run_id(&begin.run_id)?,
        turn_id: begin.turn_id.as_deref().map(turn_id).transpose()?,
        session_id: begin.session_id,
        agent: begin.agent,
        model: begin.model,
        input: Stored::input(begin.input).map_err(|error| unstorable(&error))?,
        resumable: begin.resumable,
        request_id: begin.request_id,
        now_us: begin.now_us,
    })
}

fn new_step(step: RunStep) -> Result<NewStep, StoreError> {
    let calls = Some(step.calls).filter(|calls| !calls.is_empty());
    let calls = calls.map(|calls| serde_json::to_string(&calls)).transpose();
    Ok(NewStep {
        number: step.number,
        at_us: step.at_us,
        said: Stored::said(step.said).map_err(|error| unstorable(&error))?,
        thought: step.thought,
        calls: calls.map_err(|error| unstorable(&error))?,
        model: step.model,
        finish_reason: step.finish_reason,
        usage: step.usage,
        cost_usd: step.cost_usd,
        duration_ms: step.duration_ms,
    })
}

fn check_ending(status: &str) -> Result<(), StoreError> {
    match status {
        "" => Err(StoreError::invalid("a run ends with a status: name it, such as 'completed'")),
        RUNNING => Err(StoreError::invalid("a run cannot end as 'running': name how it ended")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
