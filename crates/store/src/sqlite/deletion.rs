//! Removing sessions, in small steps so that a long one does not hold up other writes.

use rusqlite::{Connection, OptionalExtension};

use super::failure::Stop;
use super::run_removal;

/// How many turns are removed in one go.
const STEP: i64 = 500;
/// How many runs are removed in one go: each holds steps and tools.
const RUN_STEP: u32 = 20;

/// Of several, the operators' own, whose owner is empty.
pub(super) const FIND_SESSION: &str = "SELECT key FROM sessions WHERE id = ?1 AND (?2 IS NULL OR owner = ?2) \
     ORDER BY owner LIMIT 1";
const REMOVE_SESSION: &str = "DELETE FROM sessions WHERE key = ?1";
const NOTE_DELETED: &str = "INSERT INTO deleted_sessions (key) VALUES (?1)";
const FIND_DELETED: &str = "SELECT key FROM deleted_sessions LIMIT 1";
pub(super) const REMOVE_TURNS: &str =
    "DELETE FROM turns WHERE key IN (SELECT key FROM turns WHERE session = ?1 LIMIT ?2)";
const FORGET_DELETED: &str = "DELETE FROM deleted_sessions WHERE key = ?1";

/// Takes a session out of sight; its turns and runs follow with [`sweep`]. `false` when there is none.
pub(super) fn remove_session(db: &Connection, id: &str, owner: Option<&str>) -> Result<bool, Stop> {
    let found =
        db.prepare_cached(FIND_SESSION)?.query_row((id, owner), |row| row.get::<_, i64>(0)).optional()?;
    let Some(session) = found else { return Ok(false) };
    db.prepare_cached(REMOVE_SESSION)?.execute([session])?;
    db.prepare_cached(NOTE_DELETED)?.execute([session])?;
    Ok(true)
}

/// Removes some turns or runs of a deleted session. `false` once none are left.
pub(super) fn sweep(db: &Connection) -> rusqlite::Result<bool> {
    let session = db.prepare_cached(FIND_DELETED)?.query_row([], |row| row.get::<_, i64>(0)).optional()?;
    let Some(session) = session else { return Ok(false) };
    let removed = db.prepare_cached(REMOVE_TURNS)?.execute([session, STEP])?;
    if removed < STEP as usize && run_removal::remove_of_session(db, session, RUN_STEP)? < RUN_STEP as usize {
        db.prepare_cached(FORGET_DELETED)?.execute([session])?;
    }
    Ok(true)
}

/// Removes what a process that died in the middle has left.
pub(super) fn sweep_all(db: &Connection) -> rusqlite::Result<()> {
    while sweep(db)? {}
    Ok(())
}
