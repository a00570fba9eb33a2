//! Removing sessions, in small steps so that a long one does not hold up other writes.

use std::borrow::Cow;

use super::PostgresStore;
use super::failure::unreadable;
use super::text::{kept, owner};
use crate::{Scope, StoreError};

/// How many turns are removed in one go.
const STEP: i64 = 500;
/// How many runs are removed in one go: each holds steps and tools.
const RUN_STEP: i64 = 20;

const REMOVE: &str = "\
WITH found AS MATERIALIZED (
    SELECT key FROM sessions WHERE id = $1 AND ($2::text IS NULL OR owner = $2) ORDER BY owner LIMIT 1
), gone AS (DELETE FROM sessions WHERE key IN (SELECT key FROM found) RETURNING key)
INSERT INTO deleted_sessions (key) SELECT key FROM gone RETURNING key";
const FIND_DELETED: &str = "SELECT key FROM deleted_sessions LIMIT 1";
/// Several processes may remove the same: each skips what another has in hand.
const SWEEP: &str = "\
WITH old_turns AS MATERIALIZED (
    SELECT number FROM turns WHERE session = $1 ORDER BY number LIMIT $2 FOR UPDATE SKIP LOCKED
), removed_turns AS (
    DELETE FROM turns WHERE session = $1 AND number IN (SELECT number FROM old_turns) RETURNING 1
), old_runs AS MATERIALIZED (
    SELECT key FROM runs WHERE session = $1 ORDER BY key LIMIT $3 FOR UPDATE SKIP LOCKED
), removed_tools AS (
    DELETE FROM run_tools WHERE run IN (SELECT key FROM old_runs)
), removed_steps AS (
    DELETE FROM run_steps WHERE run IN (SELECT key FROM old_runs)
), removed_runs AS (
    DELETE FROM runs WHERE key IN (SELECT key FROM old_runs) RETURNING 1
)
SELECT (SELECT count(*) FROM removed_turns) + (SELECT count(*) FROM removed_runs)";
const FORGET: &str = "\
DELETE FROM deleted_sessions WHERE key = $1
    AND NOT EXISTS (SELECT FROM turns WHERE session = $1) AND NOT EXISTS (SELECT FROM runs WHERE session = $1)";

impl PostgresStore {
    /// Takes a session out of sight, then removes its turns and runs; `false` when there is none.
    ///
    /// What is begun goes on when the caller leaves; what a process that dies leaves, the next one that opens
    /// the database finishes.
    pub(super) async fn remove_session(&self, scope: &Scope, id: &str) -> Result<bool, StoreError> {
        let store = self.clone();
        let (id, owner) = (kept(id).into_owned(), owner(scope).map(Cow::into_owned));
        let removal = tokio::spawn(async move {
            let Some(row) = store.short().query_opt(REMOVE, &[&id, &owner]).await? else { return Ok(false) };
            store.sweep(number_at(&store, &row)?).await?;
            Ok(true)
        });
        removal.await.unwrap_or_else(|_| Err(StoreError::unavailable("the store is being closed")))
    }

    /// Removes what processes that died in the middle have left.
    pub(super) async fn sweep_all(&self) -> Result<(), StoreError> {
        while let Some(row) = self.long().query_opt(FIND_DELETED, &[]).await? {
            self.sweep(number_at(self, &row)?).await?;
        }
        Ok(())
    }

    /// Removes the turns and runs of a session that is out of sight.
    async fn sweep(&self, session: i64) -> Result<(), StoreError> {
        while self.sweep_some(session).await? > 0 {}
        // Nothing to forget when another process is at it, or was faster.
        self.long().execute(FORGET, &[&session]).await.map(drop)
    }

    async fn sweep_some(&self, session: i64) -> Result<i64, StoreError> {
        let row = self.long().query_opt(SWEEP, &[&session, &STEP, &RUN_STEP]).await?;
        row.map_or(Ok(0), |row| number_at(self, &row))
    }
}

fn number_at(store: &PostgresStore, row: &tokio_postgres::Row) -> Result<i64, StoreError> {
    row.try_get(0).map_err(|error| unreadable(store.place(), &error))
}
