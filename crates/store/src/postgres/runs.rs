//! Runs of agents in PostgreSQL.

use async_trait::async_trait;
use uuid::Uuid;

use super::PostgresStore;
use super::unheard::{Begun, begin_watched};
use crate::draft::{check_ending, new_run, new_step};
use crate::ids::{first_id_at, known_run};
use crate::{
    BeginRun, FinishRun, IdempotencyKey, RunFilter, RunPage, RunStep, Runs, Scope, StoreError, StoredRun,
    ToolEnd,
};

const PRUNE: &str = "\
WITH old AS MATERIALIZED (
    SELECT key FROM runs WHERE id < $1 AND status <> 'running' ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
), removed_tools AS (
    DELETE FROM run_tools WHERE run IN (SELECT key FROM old)
), removed_steps AS (
    DELETE FROM run_steps WHERE run IN (SELECT key FROM old)
)
DELETE FROM runs WHERE key IN (SELECT key FROM old)";

#[async_trait]
impl Runs for PostgresStore {
    async fn begin_run(&self, begin: BeginRun) -> Result<(), StoreError> {
        let run = new_run(begin, self.replica)?;
        let (store, begun) = (self.clone(), Begun::Run(run.id, None));
        let beginning = async move { store.begin_new_run(&run).await };
        let ((), unheard) = begin_watched(self, begun, beginning).await?;
        unheard.heard();
        Ok(())
    }

    async fn add_step(&self, run_id: &str, step: RunStep) -> Result<(), StoreError> {
        let run = known_run(run_id)?;
        self.add_new_step(run, &new_step(step)?).await
    }

    async fn end_tool(&self, run_id: &str, step: u32, end: ToolEnd) -> Result<(), StoreError> {
        self.end_run_tool(known_run(run_id)?, step, &end).await
    }

    async fn finish_run(&self, finish: FinishRun) -> Result<(), StoreError> {
        let run = known_run(&finish.run_id)?;
        check_ending(&finish.status)?;
        self.finish_running(run, &finish).await
    }

    async fn resume_run(
        &self,
        scope: &Scope,
        run_id: &str,
        idempotency: Option<IdempotencyKey>,
        now_us: i64,
    ) -> Result<StoredRun, StoreError> {
        let run = known_run(run_id)?;
        let (store, within) = (self.clone(), scope.clone());
        let resuming =
            async move { store.resume_interrupted(&within, run, idempotency.as_ref(), now_us).await };
        let ((), unheard) = begin_watched(self, Begun::Run(run, Some(now_us)), resuming).await?;
        // Nobody else writes to it now; should it be unreadable, it is interrupted again.
        let found = self.find_run(scope, run).await?;
        let found = found.ok_or_else(|| StoreError::RunNotFound { run_id: run_id.into() })?;
        unheard.heard();
        Ok(found)
    }

    async fn run(&self, scope: &Scope, run_id: &str) -> Result<Option<StoredRun>, StoreError> {
        let Ok(run) = known_run(run_id) else { return Ok(None) };
        self.find_run(scope, run).await
    }

    async fn list_runs(&self, filter: RunFilter) -> Result<RunPage, StoreError> {
        self.run_page(&filter).await
    }

    async fn prune_runs(&self, before_us: i64, limit: u32) -> Result<u64, StoreError> {
        let before = Uuid::from_bytes(first_id_at(before_us));
        self.long().execute(PRUNE, &[&before, &i64::from(limit)]).await
    }
}
