//! What each replica has under way, and what becomes of it when the replica is dead.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Params};
use uuid::Uuid;

use super::failure::Stop;
use crate::ids::{TurnId, turn_id};
use crate::{Lost, ReplicaId, Standing, StoreError};

const FIND: &str = "SELECT beats FROM replicas WHERE id = ?1";
const BEAT: &str = "INSERT INTO replicas (id, beats) VALUES (?1, 1) \
     ON CONFLICT (id) DO UPDATE SET beats = beats + 1";
/// One that has something under way and never beat is watched like the others.
pub(super) const ENTER_SILENT: &str = "INSERT INTO replicas (id, beats) \
     SELECT DISTINCT replica, 0 FROM turns WHERE state = 'running' AND replica > x'' \
     UNION SELECT DISTINCT replica, 0 FROM runs WHERE status = 'running' AND replica > x'' \
     UNION SELECT DISTINCT replica, 0 FROM responses WHERE status = 'in_progress' AND replica > x'' \
     ON CONFLICT (id) DO NOTHING";
const LIST: &str = "SELECT id, beats FROM replicas WHERE id <> ?1";
const FORGET: &str = "DELETE FROM replicas WHERE id = ?1";
const FORGET_ALL: &str = "DELETE FROM replicas";
/// A turn is interrupted with the text that was kept of it; it costs what
/// [`estimate_tokens`](crate::estimate_tokens) says.
const AS_INTERRUPTED: &str = "UPDATE turns SET state = 'interrupted', in_context = answer IS NOT NULL, \
     messages = messages + (answer IS NOT NULL), \
     tokens = tokens + iif(answer IS NULL, 0, 4 + (octet_length(answer) + 3) / 4)";
pub(super) const INTERRUPT_TURNS: &str =
    "key IN (SELECT key FROM turns WHERE state = 'running' AND replica = ?1 LIMIT ?2) RETURNING id";
pub(super) const INTERRUPT_RUNS: &str = "UPDATE runs SET status = 'interrupted' WHERE key IN \
     (SELECT key FROM runs WHERE status = 'running' AND replica = ?1 LIMIT ?2) RETURNING id";
pub(super) const INTERRUPT_ALL_RUNS: &str = "UPDATE runs SET status = 'interrupted' WHERE status = 'running'";
pub(super) const FAIL_RESPONSES: &str = "UPDATE responses SET status = 'failed' WHERE key IN \
     (SELECT key FROM responses WHERE status = 'in_progress' AND replica = ?1 LIMIT ?2) RETURNING id";
pub(super) const FAIL_ALL_RESPONSES: &str =
    "UPDATE responses SET status = 'failed' WHERE status = 'in_progress'";
pub(super) const SAVE: &str =
    "UPDATE turns SET answer = ?2 WHERE id = ?1 AND +state = 'running' AND +replica = ?3";

/// Counts a replica's beats up; `false` when it was not there.
pub(super) fn beat(db: &Connection, replica: ReplicaId) -> Result<bool, Stop> {
    let was_there = db.prepare_cached(FIND)?.exists([replica.bytes()])?;
    db.prepare_cached(BEAT)?.execute([replica.bytes()])?;
    Ok(was_there)
}

/// The replicas other than this one.
pub(super) fn others(db: &Connection, replica: ReplicaId) -> Result<Vec<Standing>, Stop> {
    db.prepare_cached(ENTER_SILENT)?.execute([])?;
    let mut statement = db.prepare_cached(LIST)?;
    let rows = statement.query_map([replica.bytes()], |row| {
        Ok(Standing { replica: ReplicaId::from_bytes(row.get(0)?), beats: row.get(1)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Buries a replica that has not beaten since.
pub(super) fn bury(db: &Connection, dead: Standing, limit: u32) -> Result<Lost, Stop> {
    let id = dead.replica.bytes();
    let beats: Option<i64> = db.prepare_cached(FIND)?.query_row([id], |row| row.get(0)).optional()?;
    if beats != Some(dead.beats) {
        return Ok(Lost::default());
    }
    Ok(interrupt(db, dead.replica, limit)?)
}

/// Ends what a replica has under way, and forgets it once nothing is left.
pub(super) fn interrupt(db: &Connection, replica: ReplicaId, limit: u32) -> rusqlite::Result<Lost> {
    let id = replica.bytes();
    let turns = ids(db, &interrupt_turns(), (id, limit))?;
    let runs = ids(db, INTERRUPT_RUNS, (id, limit))?;
    let responses = ids(db, FAIL_RESPONSES, (id, limit))?;
    let is_all = [&turns, &runs, &responses].iter().all(|ended| ended.len() < limit as usize);
    if is_all {
        db.prepare_cached(FORGET)?.execute([id])?;
    }
    Ok(Lost { turns, runs, responses })
}

/// Ends everything that is under way, and forgets all replicas.
pub(super) fn bury_all(db: &Connection) -> rusqlite::Result<()> {
    db.execute(&interrupt_all_turns(), [])?;
    db.execute(INTERRUPT_ALL_RUNS, [])?;
    db.execute(FAIL_ALL_RESPONSES, [])?;
    db.execute(FORGET_ALL, []).map(drop)
}

/// Keeps what has been said so far.
pub(super) fn save(db: &Connection, replica: ReplicaId, said: &[(TurnId, String)]) -> Result<(), Stop> {
    let mut statement = db.prepare_cached(SAVE)?;
    for (turn, text) in said {
        statement.execute((turn, text, replica.bytes()))?;
    }
    Ok(())
}

/// The statement that ends a replica's turns.
pub(super) fn interrupt_turns() -> String {
    format!("{AS_INTERRUPTED} WHERE {INTERRUPT_TURNS}")
}

/// The statement that ends all turns.
pub(super) fn interrupt_all_turns() -> String {
    format!("{AS_INTERRUPTED} WHERE state = 'running'")
}

fn ids(db: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<Vec<Arc<str>>> {
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| Ok(Uuid::from_bytes(row.get(0)?).to_string().into()))?;
    rows.collect()
}

/// What is to be kept, by the bytes of the turns' ids.
///
/// # Errors
/// [`StoreError::Invalid`] when one of them is no UUID.
pub(super) fn by_bytes(said: &[crate::Said]) -> Result<Vec<(TurnId, String)>, StoreError> {
    said.iter().map(|said| Ok((turn_id(&said.turn_id)?, said.text.clone()))).collect()
}
