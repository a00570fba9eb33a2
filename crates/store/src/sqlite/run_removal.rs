//! Removing runs with all they hold.

use rusqlite::{Connection, Params};

use super::failure::Stop;
use crate::ids::RunId;

pub(super) const FIND_OLD: &str =
    "SELECT key FROM runs WHERE id < ?1 AND status <> 'running' ORDER BY id LIMIT ?2";
pub(super) const FIND_OF_SESSION: &str = "SELECT key FROM runs WHERE session = ?1 LIMIT ?2";
pub(super) const REMOVE_TOOLS: &str = "DELETE FROM run_tools WHERE run = ?1";
pub(super) const REMOVE_STEPS: &str = "DELETE FROM run_steps WHERE run = ?1";
const REMOVE_RUN: &str = "DELETE FROM runs WHERE key = ?1";

/// Removes the oldest runs before an id that do not run any more, up to a number.
pub(super) fn prune(db: &Connection, before: RunId, limit: u32) -> Result<u64, Stop> {
    let removed = remove_all(db, FIND_OLD, (before, limit))?;
    Ok(removed as u64)
}

/// Removes some runs of a session, and says how many.
pub(super) fn remove_of_session(db: &Connection, session: i64, limit: u32) -> rusqlite::Result<usize> {
    remove_all(db, FIND_OF_SESSION, (session, limit))
}

/// Removes the runs that a query finds.
fn remove_all(db: &Connection, find: &str, params: impl Params) -> rusqlite::Result<usize> {
    let mut statement = db.prepare_cached(find)?;
    let runs: Vec<i64> = statement.query_map(params, |row| row.get(0))?.collect::<Result<_, _>>()?;
    for run in &runs {
        for removal in [REMOVE_TOOLS, REMOVE_STEPS, REMOVE_RUN] {
            db.prepare_cached(removal)?.execute([run])?;
        }
    }
    Ok(runs.len())
}
