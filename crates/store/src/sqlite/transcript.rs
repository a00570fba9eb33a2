//! Reading conversations.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::failure::store_error;
use super::turns::state_at;
use super::usage::usage_at;
use crate::cursor::{page_limit, session_cursor, session_page};
use crate::ids::TurnId;
use crate::scope::key_of;
use crate::stored::Stored;
use crate::turn_row::{Backwards, TurnRow};
use crate::{MessagePage, Page, SessionDetail, SessionPage, SessionSummary, StoreError, Turn, TurnState};

pub(super) const LIST: &str = "SELECT id, created_at_us, active_at_us, key, \
     (SELECT max(number) FROM turns WHERE session = sessions.key), owner \
     FROM sessions WHERE (active_at_us, key) < (?1, ?2) ORDER BY active_at_us DESC, key DESC LIMIT ?3";
pub(super) const LIST_OF_OWNER: &str = "SELECT id, created_at_us, active_at_us, key, \
     (SELECT max(number) FROM turns WHERE session = sessions.key), owner \
     FROM sessions WHERE owner = ?4 AND (active_at_us, key) < (?1, ?2) \
     ORDER BY active_at_us DESC, key DESC LIMIT ?3";
pub(super) const FIND: &str = "SELECT id, created_at_us, active_at_us, key, \
     (SELECT max(number) FROM turns WHERE session = sessions.key), owner \
     FROM sessions WHERE id = ?1 AND (?2 IS NULL OR owner = ?2) \
     ORDER BY owner LIMIT 1";
pub(super) const TURNS_BACKWARDS: &str = "SELECT number, id, state, started_at_us, ended_at_us, \
     question_json, answer_json, question, answer \
     FROM turns WHERE session = ?1 AND number <= ?2 ORDER BY number DESC";
pub(super) const FIND_TURN: &str = "SELECT number, turns.id, state, started_at_us, ended_at_us, \
     question_json, answer_json, question, answer, sessions.id, model, finish_reason, error, prompt_tokens, \
     completion_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, asked_model, agent \
     FROM turns JOIN sessions ON sessions.key = turns.session \
     WHERE turns.id = ?1 AND (?2 IS NULL OR sessions.owner = ?2)";

/// A reader of one database.
pub(super) struct Reader<'db> {
    db: &'db Connection,
    path: &'db Path,
}

impl<'db> Reader<'db> {
    /// Reads over this connection; `path` is for error texts.
    pub(super) fn new(db: &'db Connection, path: &'db Path) -> Self {
        Self { db, path }
    }

    /// A page of sessions, of one owner where one is named.
    pub(super) fn list(&self, owner: Option<&str>, page: &Page) -> Result<SessionPage, StoreError> {
        let (active_at_us, key) = session_cursor(page.after.as_deref())?;
        let limit = page_limit(page);
        let found = self.summaries(owner, (active_at_us, key), limit + 1);
        Ok(session_page(found.map_err(|error| store_error(self.path, &error))?, limit))
    }

    /// A session with some of its messages.
    pub(super) fn session(
        &self,
        id: &str,
        owner: Option<&str>,
        page: MessagePage,
    ) -> Result<Option<SessionDetail>, StoreError> {
        let found = self
            .db
            .prepare_cached(FIND)
            .and_then(|mut statement| statement.query_row((id, owner), summary_row).optional());
        let found = found.map_err(|error| store_error(self.path, &error))?;
        found.map(|(key, summary)| self.with_messages(key, summary, page)).transpose()
    }

    /// A turn.
    pub(super) fn turn(&self, id: TurnId, owner: Option<&str>) -> Result<Option<Turn>, StoreError> {
        let found = self.db.prepare_cached(FIND_TURN).and_then(|mut statement| {
            let row =
                statement.query_row((id, owner), |row| Ok((turn_row(row)?, turn_without_messages(row)?)));
            row.optional()
        });
        let found = found.map_err(|error| store_error(self.path, &error))?;
        let Some((row, turn)) = found else { return Ok(None) };
        let (id, number, state) = (Arc::clone(&row.id), row.number, row.state);
        let messages = row.into_messages().map_err(|error| unreadable(self.path, &error))?;
        Ok(Some(Turn { id, number, state, messages, ..turn }))
    }

    fn summaries(
        &self,
        owner: Option<&str>,
        (active_at_us, key): (i64, i64),
        limit: usize,
    ) -> rusqlite::Result<Vec<(i64, SessionSummary)>> {
        let limit = limit as i64;
        match owner {
            None => {
                let mut statement = self.db.prepare_cached(LIST)?;
                statement.query_map(params![active_at_us, key, limit], summary_row)?.collect()
            }
            Some(owner) => {
                let mut statement = self.db.prepare_cached(LIST_OF_OWNER)?;
                statement.query_map(params![active_at_us, key, limit, owner], summary_row)?.collect()
            }
        }
    }

    fn with_messages(
        &self,
        key: i64,
        summary: SessionSummary,
        page: MessagePage,
    ) -> Result<SessionDetail, StoreError> {
        let fail = |error: rusqlite::Error| store_error(self.path, &error);
        let mut backwards = Backwards::new(page);
        let mut statement = self.db.prepare_cached(TURNS_BACKWARDS).map_err(fail)?;
        let mut rows = statement.query((key, backwards.newest_turn())).map_err(fail)?;
        while backwards.wants_more() {
            let Some(row) = rows.next().map_err(fail)? else { break };
            let added = backwards.add(turn_row(row).map_err(fail)?);
            added.map_err(|error| unreadable(self.path, &error))?;
        }
        Ok(backwards.into_detail(summary))
    }
}

/// The content of a turn cannot be read back.
pub(super) fn unreadable(path: &Path, error: &serde_json::Error) -> StoreError {
    let reason = format!("a message in '{}' is unreadable: {error}; restore a backup", path.display());
    StoreError::Failed { reason: reason.into() }
}

fn summary_row(row: &Row<'_>) -> rusqlite::Result<(i64, SessionSummary)> {
    let summary = SessionSummary {
        id: row.get(0)?,
        created_at_us: row.get(1)?,
        active_at_us: row.get(2)?,
        turns: row.get::<_, Option<u32>>(4)?.unwrap_or_default(),
        key_id: key_of(row.get(5)?),
    };
    Ok((row.get(3)?, summary))
}

fn turn_row(row: &Row<'_>) -> rusqlite::Result<TurnRow> {
    let answer_is_json = row.get(6)?;
    let answer: Option<String> = row.get(8)?;
    Ok(TurnRow {
        number: row.get(0)?,
        id: Uuid::from_bytes(row.get(1)?).to_string().into(),
        state: state_at(row, 2)?,
        started_at_us: row.get(3)?,
        ended_at_us: row.get(4)?,
        question: Stored { content: row.get(7)?, is_json: row.get(5)? },
        answer: answer.map(|content| Stored { content, is_json: answer_is_json }),
    })
}

fn turn_without_messages(row: &Row<'_>) -> rusqlite::Result<Turn> {
    Ok(Turn {
        id: Arc::default(),
        session_id: row.get(9)?,
        number: 0,
        state: TurnState::Running,
        started_at_us: row.get(3)?,
        ended_at_us: row.get(4)?,
        model: row.get(10)?,
        finish_reason: row.get(11)?,
        error: row.get(12)?,
        usage: usage_at(row, 13)?,
        asked_model: row.get(19)?,
        agent: row.get(20)?,
        messages: Vec::new(),
    })
}
