//! Turns: beginning, ending, and the walk that gathers a history.

use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use uuid::Uuid;

use super::failure::Stop;
use super::idempotency_rows as keys;
use super::usage::usage_columns;
use crate::begun::{Begun, ContextTurn};
use crate::draft::{NewTurn, TurnEnd};
use crate::ids::TurnId;
use crate::stored::Stored;
use crate::window::Room;
use crate::{HistoryWindow, StoreError, TurnState};

struct LastTurn {
    number: u32,
    id: TurnId,
    running: bool,
    /// Number of the newest turn in context up to this one; 0 for none.
    context: u32,
    /// The same for the turns before it.
    context_before: u32,
}

pub(super) const FIND_SESSION: &str = "SELECT key FROM sessions WHERE id = ?1 AND owner = ?2";
const TOUCH_SESSION: &str = "UPDATE sessions SET active_at_us = ?2 WHERE key = ?1";
const ADD_SESSION: &str =
    "INSERT INTO sessions (id, created_at_us, active_at_us, owner) VALUES (?1, ?2, ?2, ?3)";
pub(super) const FIND_LAST: &str = "SELECT number, id, state = 'running', iif(in_context, number, context_before), \
     context_before FROM turns WHERE session = ?1 ORDER BY number DESC LIMIT 1";
const ADD_TURN: &str = "INSERT INTO turns (session, number, id, state, context_before, messages, tokens, \
     started_at_us, question, question_json, replica, asked_model, agent) \
     VALUES (?1, ?2, ?3, 'running', ?4, 1, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const LEAVE_CONTEXT: &str = "UPDATE turns SET in_context = 0 WHERE id = ?1";
pub(super) const WALK: &str = "SELECT context_before, messages, tokens, question_json, answer_json, question, answer \
     FROM turns WHERE session = ?1 AND number = ?2";
const FINISH: &str = "UPDATE turns SET state = ?2, in_context = ?3, ended_at_us = ?4, messages = messages + ?5, \
     tokens = tokens + ?6, answer = ?7, answer_json = ?8, model = ?9, finish_reason = ?10, error = ?11, \
     prompt_tokens = ?12, completion_tokens = ?13, total_tokens = ?14, cached_tokens = ?15, \
     cache_write_tokens = ?16, reasoning_tokens = ?17 \
     WHERE id = ?1 AND +state = 'running' AND +replica = ?18";
const FIND_STATE: &str = "SELECT state FROM turns WHERE id = ?1";
const INTERRUPT: &str = "UPDATE turns SET state = 'interrupted' WHERE id = ?1 AND +state = 'running'";

/// Begins a turn. Reads first, so that a refusal leaves nothing to undo.
pub(super) fn begin(db: &Connection, turn: &NewTurn) -> Result<Begun, Stop> {
    turn.idempotency.map_or(Ok(()), |key| keys::check(db, &key))?;
    let known = find_session(db, &turn.session_id, &turn.owner)?;
    let last = known.map(|session| find_last(db, session)).transpose()?.flatten();
    let number = next_number(turn, last.as_ref())?;
    let session = enter_session(db, known, turn)?;
    let context_before = context_before(db, turn, last)?;
    add_turn(db, session, number, context_before, turn)?;
    turn.idempotency.map_or(Ok(()), |key| keys::note(db, &key, turn.id, turn.now_us))?;
    let (context, oversized) = walk(db, session, context_before, turn.window)?;
    Ok(Begun { number, new_session: known.is_none(), context, oversized })
}

/// Ends a turn.
pub(super) fn finish(db: &Connection, end: &TurnEnd) -> Result<(), Stop> {
    if update_ended(db, end)? == 1 {
        return Ok(());
    }
    let turn_id = Arc::from(Uuid::from_bytes(end.id).to_string());
    let state = db.prepare_cached(FIND_STATE)?.query_row([end.id], |row| state_at(row, 0)).optional()?;
    Err(Stop::Refused(match state {
        Some(state) => StoreError::TurnEnded { turn_id, state },
        None => StoreError::TurnNotFound { turn_id },
    }))
}

/// Ends one turn as interrupted, if it is running.
pub(super) fn interrupt(db: &Connection, turn: TurnId) -> rusqlite::Result<()> {
    db.prepare_cached(INTERRUPT)?.execute([turn]).map(drop)
}

/// The key of an owner's session.
pub(super) fn find_session(db: &Connection, id: &str, owner: &str) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached(FIND_SESSION)?.query_row([id, owner], |row| row.get(0)).optional()
}

/// A state in a row.
pub(super) fn state_at(row: &Row<'_>, column: usize) -> rusqlite::Result<TurnState> {
    let name = row.get_ref(column)?.as_str()?;
    TurnState::named(name).ok_or_else(|| unknown_state(column, name))
}

fn unknown_state(column: usize, name: &str) -> rusqlite::Error {
    let cause = StoreError::invalid(format!("'{name}' is no state of a turn"));
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(cause))
}

fn find_last(db: &Connection, session: i64) -> rusqlite::Result<Option<LastTurn>> {
    let mut statement = db.prepare_cached(FIND_LAST)?;
    let last = statement.query_row([session], |row| {
        Ok(LastTurn {
            number: row.get(0)?,
            id: row.get(1)?,
            running: row.get(2)?,
            context: row.get(3)?,
            context_before: row.get(4)?,
        })
    });
    last.optional()
}

fn next_number(turn: &NewTurn, last: Option<&LastTurn>) -> Result<u32, StoreError> {
    match last {
        Some(last) if last.running => Err(StoreError::TurnRunning {
            session_id: Arc::clone(&turn.session_id),
            turn_id: Uuid::from_bytes(last.id).to_string().into(),
        }),
        Some(last) => Ok(last.number.saturating_add(1)),
        None => Ok(1),
    }
}

/// Number of the newest turn that the new one sees. The turn in whose place it comes is not seen any more.
fn context_before(db: &Connection, turn: &NewTurn, last: Option<LastTurn>) -> rusqlite::Result<u32> {
    match last {
        Some(last) if turn.in_place_of == Some(last.id) => {
            db.prepare_cached(LEAVE_CONTEXT)?.execute([last.id])?;
            Ok(last.context_before)
        }
        last => Ok(last.map_or(0, |last| last.context)),
    }
}

fn enter_session(db: &Connection, known: Option<i64>, turn: &NewTurn) -> rusqlite::Result<i64> {
    match known {
        Some(session) => {
            db.prepare_cached(TOUCH_SESSION)?.execute(params![session, turn.now_us])?;
            Ok(session)
        }
        None => db.prepare_cached(ADD_SESSION)?.insert(params![turn.session_id, turn.now_us, turn.owner]),
    }
}

fn add_turn(
    db: &Connection,
    session: i64,
    number: u32,
    context_before: u32,
    turn: &NewTurn,
) -> Result<(), Stop> {
    let added = db.prepare_cached(ADD_TURN)?.execute(params![
        session,
        number,
        turn.id,
        context_before,
        turn.tokens,
        turn.now_us,
        turn.question.content,
        turn.question.is_json,
        turn.replica.bytes(),
        turn.model,
        turn.agent,
    ]);
    match added {
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            let id = Uuid::from_bytes(turn.id);
            Err(Stop::RefusedLate(StoreError::invalid(format!("turn id '{id}' has been used before"))))
        }
        Err(error) => Err(Stop::Failed(error)),
    }
}

/// Gathers the newest turns in context that fit, newest first.
///
/// Each turn names the one in context before it, so the walk visits those it takes and one more,
/// however long the session is and however many of its turns failed.
fn walk(
    db: &Connection,
    session: i64,
    newest: u32,
    window: HistoryWindow,
) -> rusqlite::Result<(Vec<ContextTurn>, bool)> {
    let mut room = Room::of(window);
    let mut context = Vec::new();
    let mut number = newest;
    let mut statement = db.prepare_cached(WALK)?;
    while number != 0 {
        let mut rows = statement.query((session, number))?;
        let Some(row) = rows.next()? else { break };
        let fits = room.take(row.get(1)?, row.get(2)?);
        if !fits && !context.is_empty() {
            break;
        }
        context.push(context_turn(row)?);
        if !fits {
            return Ok((context, true));
        }
        number = row.get(0)?;
    }
    Ok((context, false))
}

fn context_turn(row: &Row<'_>) -> rusqlite::Result<ContextTurn> {
    Ok(ContextTurn {
        question: Stored { content: row.get(5)?, is_json: row.get(3)? },
        answer: Stored { content: row.get(6)?, is_json: row.get(4)? },
    })
}

fn update_ended(db: &Connection, end: &TurnEnd) -> rusqlite::Result<usize> {
    let [prompt, completion, total, cached, cache_write, reasoning] = usage_columns(end.usage.as_ref());
    db.prepare_cached(FINISH)?.execute(params![
        end.id,
        end.state.as_str(),
        end.in_context,
        end.now_us,
        end.messages,
        end.tokens,
        end.answer.as_ref().map(|answer| &answer.content),
        end.answer.as_ref().is_some_and(|answer| answer.is_json),
        end.model,
        end.finish_reason,
        end.error,
        prompt,
        completion,
        total,
        cached,
        cache_write,
        reasoning,
        end.replica.bytes(),
    ])
}

#[cfg(test)]
mod tests;
