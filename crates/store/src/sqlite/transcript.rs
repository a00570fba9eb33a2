//! Reading conversations.

use std::path::Path;
use std::sync::Arc;

use playhouse_llm::Message;
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::failure::store_error;
use super::turns::{TurnId, state_at};
use super::usage::usage_at;
use crate::scope::key_of;
use crate::stored::Stored;
use crate::{
    MessagePage, Page, SessionDetail, SessionMessage, SessionPage, SessionSummary, StoreError, Turn,
    TurnState,
};

const LARGEST_PAGE: u32 = 100;
const MOST_MESSAGES: u32 = 1_000;
/// A message's position is its turn's number and, in the lowest bits, its place in the turn.
const PLACE_BITS: u32 = 20;

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
     completion_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens \
     FROM turns JOIN sessions ON sessions.key = turns.session \
     WHERE turns.id = ?1 AND (?2 IS NULL OR sessions.owner = ?2)";

/// A reader of one database.
pub(super) struct Reader<'db> {
    db: &'db Connection,
    path: &'db Path,
}

/// A turn's columns that every reading needs.
struct TurnRow {
    number: u32,
    id: Arc<str>,
    state: TurnState,
    started_at_us: i64,
    ended_at_us: Option<i64>,
    question: Stored,
    answer: Option<Stored>,
}

impl<'db> Reader<'db> {
    /// Reads over this connection; `path` is for error texts.
    pub(super) fn new(db: &'db Connection, path: &'db Path) -> Self {
        Self { db, path }
    }

    /// A page of sessions, of one owner where one is named.
    pub(super) fn list(&self, owner: Option<&str>, page: &Page) -> Result<SessionPage, StoreError> {
        let (active_at_us, key) = cursor(page.after.as_deref())?;
        let limit = page.limit.clamp(1, LARGEST_PAGE);
        // One more than wanted tells whether there is a next page.
        let found = self.summaries(owner, (active_at_us, key), limit + 1);
        let mut found = found.map_err(|error| store_error(self.path, &error))?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|(key, last)| format!("{}-{key}", last.active_at_us));
        Ok(SessionPage { sessions: found.into_iter().map(|(_, summary)| summary).collect(), next })
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
        let messages = self.messages(row)?;
        Ok(Some(Turn { id, number, state, messages, ..turn }))
    }

    fn summaries(
        &self,
        owner: Option<&str>,
        (active_at_us, key): (i64, i64),
        limit: u32,
    ) -> rusqlite::Result<Vec<(i64, SessionSummary)>> {
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
        let limit = page.limit.clamp(1, MOST_MESSAGES) as usize;
        let before = page.before.unwrap_or(u64::MAX);
        // One more than wanted tells whether there are older ones.
        let mut newest_first = self.messages_before(key, before, limit + 1)?;
        let more = newest_first.len() > limit;
        newest_first.truncate(limit);
        let before = newest_first.last().filter(|_| more).map(|oldest| oldest.position);
        newest_first.reverse();
        Ok(SessionDetail { summary, messages: newest_first, before })
    }

    fn messages_before(
        &self,
        key: i64,
        before: u64,
        limit: usize,
    ) -> Result<Vec<SessionMessage>, StoreError> {
        let fail = |error: rusqlite::Error| store_error(self.path, &error);
        let newest = (before >> PLACE_BITS).min(u32::MAX.into());
        let mut statement = self.db.prepare_cached(TURNS_BACKWARDS).map_err(fail)?;
        let mut rows = statement.query((key, newest as i64)).map_err(fail)?;
        let mut found = Vec::new();
        while found.len() < limit {
            let Some(row) = rows.next().map_err(fail)? else { break };
            let messages = self.positioned(turn_row(row).map_err(fail)?)?;
            found.extend(messages.into_iter().rev().filter(|message| message.position < before));
        }
        Ok(found)
    }

    fn positioned(&self, row: TurnRow) -> Result<Vec<SessionMessage>, StoreError> {
        let first = u64::from(row.number) << PLACE_BITS;
        let (turn_id, turn_state) = (Arc::clone(&row.id), row.state);
        let (started_at_us, ended_at_us) = (row.started_at_us, row.ended_at_us);
        let messages = (first..).zip(self.messages(row)?).map(|(position, message)| SessionMessage {
            position,
            turn_id: Arc::clone(&turn_id),
            turn_state,
            at_us: if position == first { Some(started_at_us) } else { ended_at_us },
            message,
        });
        Ok(messages.collect())
    }

    fn messages(&self, row: TurnRow) -> Result<Vec<Message>, StoreError> {
        let damaged = |error: serde_json::Error| unreadable(self.path, &error);
        let mut messages = vec![row.question.into_question().map_err(damaged)?];
        if let Some(answer) = row.answer {
            messages.extend(answer.into_answer().map_err(damaged)?);
        }
        Ok(messages)
    }
}

/// The content of a turn cannot be read back.
pub(super) fn unreadable(path: &Path, error: &serde_json::Error) -> StoreError {
    let reason = format!("a message in '{}' is unreadable: {error}; restore a backup", path.display());
    StoreError::Failed { reason: reason.into() }
}

/// Where a page of sessions begins: before every session there can be, or where the last one ended.
fn cursor(after: Option<&str>) -> Result<(i64, i64), StoreError> {
    let Some(after) = after else { return Ok((i64::MAX, i64::MAX)) };
    let parsed = after.rsplit_once('-').and_then(|(us, key)| Some((us.parse().ok()?, key.parse().ok()?)));
    parsed.ok_or_else(|| {
        StoreError::invalid(format!("'{after}' is no cursor: pass on the 'next' of the page before as it is"))
    })
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
        messages: Vec::new(),
    })
}
