//! Runs of agents in SQLite.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use rusqlite::Connection;

use super::SqliteStore;
use super::failure::{Stop, store_error};
use super::run_list::{self, RunQuery};
use super::run_reader::RunReader;
use super::unheard::{Abandoned, Unheard};
use super::{run_removal, run_rows};
use crate::draft::{check_ending, new_run, new_step};
use crate::ids::{RunId, first_id_at, known_run};
use crate::{
    BeginRun, FinishRun, IdempotencyKey, RunFilter, RunPage, RunStep, Runs, Scope, StoreError, StoredRun,
    ToolEnd,
};

#[async_trait]
impl Runs for SqliteStore {
    async fn begin_run(&self, begin: BeginRun) -> Result<(), StoreError> {
        let run = new_run(begin, self.replica)?;
        let unheard = self.have_run(run.id, move |db| run_rows::begin(db, &run)).await?;
        unheard.heard();
        Ok(())
    }

    async fn add_step(&self, run_id: &str, step: RunStep) -> Result<(), StoreError> {
        let run = known_run(run_id)?;
        let step = new_step(step)?;
        let replica = self.replica;
        self.write(move |db| run_rows::add_step(db, replica, run, &step)).await
    }

    async fn end_tool(&self, run_id: &str, step: u32, end: ToolEnd) -> Result<(), StoreError> {
        let run = known_run(run_id)?;
        let replica = self.replica;
        self.write(move |db| run_rows::end_tool(db, replica, run, step, &end)).await
    }

    async fn finish_run(&self, finish: FinishRun) -> Result<(), StoreError> {
        let run = known_run(&finish.run_id)?;
        check_ending(&finish.status)?;
        let replica = self.replica;
        self.write(move |db| run_rows::finish(db, replica, run, &finish)).await
    }

    async fn resume_run(
        &self,
        scope: &Scope,
        run_id: &str,
        idempotency: Option<IdempotencyKey>,
        now_us: i64,
    ) -> Result<StoredRun, StoreError> {
        let run = known_run(run_id)?;
        let (replica, owner) = (self.replica, scope.owner());
        let claim =
            move |db: &Connection| run_rows::resume(db, replica, run, owner.as_deref(), idempotency, now_us);
        let unheard = self.have_run(run, claim).await?;
        // Nobody else writes to it now; should it be unreadable, it is interrupted again.
        let found = self
            .run(scope, run_id)
            .await?
            .ok_or_else(|| StoreError::RunNotFound { run_id: run_id.into() })?;
        unheard.heard();
        Ok(found)
    }

    async fn run(&self, scope: &Scope, run_id: &str) -> Result<Option<StoredRun>, StoreError> {
        let Ok(run) = known_run(run_id) else { return Ok(None) };
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

#[cfg(test)]
mod tests;
