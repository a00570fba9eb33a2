//! Reading conversations.

use std::error::Error;
use std::sync::Arc;

use tokio_postgres::Row;
use uuid::Uuid;

use super::PostgresStore;
use super::failure::unreadable;
use super::text::{kept, owner};
use super::turns::state_at;
use super::usage::usage_at;
use crate::cursor::{page_limit, session_cursor, session_page};
use crate::ids::TurnId;
use crate::scope::key_of;
use crate::stored::Stored;
use crate::turn_row::{Backwards, TurnRow};
use crate::{MessagePage, Page, Scope, SessionDetail, SessionPage, SessionSummary, StoreError, Turn};

const LIST: &str = "\
SELECT key, id, created_at_us, active_at_us,
    (SELECT number FROM turns WHERE session = sessions.key ORDER BY number DESC LIMIT 1), owner
FROM sessions WHERE (active_at_us, key) < ($1, $2) ORDER BY active_at_us DESC, key DESC LIMIT $3";
const LIST_OF_OWNER: &str = "\
SELECT key, id, created_at_us, active_at_us,
    (SELECT number FROM turns WHERE session = sessions.key ORDER BY number DESC LIMIT 1), owner
FROM sessions WHERE owner = $4 AND (active_at_us, key) < ($1, $2)
ORDER BY active_at_us DESC, key DESC LIMIT $3";
const FIND: &str = "\
SELECT key, id, created_at_us, active_at_us,
    (SELECT number FROM turns WHERE session = sessions.key ORDER BY number DESC LIMIT 1), owner
FROM sessions WHERE id = $1 AND ($2::text IS NULL OR owner = $2) ORDER BY owner LIMIT 1";
const TURNS_BACKWARDS: &str = "\
SELECT number, id, state, started_at_us, ended_at_us, question_json, answer_json, question, answer
FROM turns WHERE session = (SELECT key FROM sessions WHERE key = $1) AND number <= $2
ORDER BY number DESC LIMIT $3";
const FIND_TURN: &str = "\
SELECT number, turns.id, state, started_at_us, ended_at_us, question_json, answer_json, question, answer,
    sessions.id, model, finish_reason, error, prompt_tokens, completion_tokens, total_tokens, cached_tokens,
    cache_write_tokens, reasoning_tokens, asked_model, agent
FROM turns JOIN sessions ON sessions.key = turns.session
WHERE turns.id = $1 AND ($2::text IS NULL OR sessions.owner = $2)";

/// What reading a row may come to.
type Read<T> = Result<T, Box<dyn Error + Send + Sync>>;

impl PostgresStore {
    /// A page of sessions.
    pub(super) async fn session_page(&self, scope: &Scope, page: &Page) -> Result<SessionPage, StoreError> {
        let (active_at_us, key) = session_cursor(page.after.as_deref())?;
        let limit = page_limit(page);
        let most = limit as i64 + 1;
        let rows = match owner(scope) {
            None => self.long().query(LIST, &[&active_at_us, &key, &most]).await?,
            Some(owner) => self.long().query(LIST_OF_OWNER, &[&active_at_us, &key, &most, &owner]).await?,
        };
        let found: Read<Vec<_>> = rows.iter().map(summary_at).collect();
        Ok(session_page(found.map_err(|error| unreadable(self.place(), &error))?, limit))
    }

    /// A session with some of its messages.
    pub(super) async fn session_detail(
        &self,
        scope: &Scope,
        id: &str,
        page: MessagePage,
    ) -> Result<Option<SessionDetail>, StoreError> {
        let id = kept(id);
        let found = self.long().query_opt(FIND, &[&id, &owner(scope)]).await?;
        let Some(found) = found else { return Ok(None) };
        let (key, summary) = summary_at(&found).map_err(|error| unreadable(self.place(), &error))?;
        let mut backwards = Backwards::new(page);
        let newest = i32::try_from(backwards.newest_turn()).unwrap_or(i32::MAX);
        let most = backwards.most_turns() as i64;
        let turns = self.long().query(TURNS_BACKWARDS, &[&key, &newest, &most]).await?;
        let fill = || -> Read<SessionDetail> {
            for row in turns.iter() {
                if !backwards.wants_more() {
                    break;
                }
                backwards.add(turn_row(row)?)?;
            }
            Ok(backwards.into_detail(summary))
        };
        fill().map(Some).map_err(|error| unreadable(self.place(), &error))
    }

    /// A turn.
    pub(super) async fn find_turn(&self, scope: &Scope, id: TurnId) -> Result<Option<Turn>, StoreError> {
        let found = self.long().query_opt(FIND_TURN, &[&Uuid::from_bytes(id), &owner(scope)]).await?;
        let turn = found.map(|row| turn_at(&row)).transpose();
        turn.map_err(|error| unreadable(self.place(), &error))
    }
}

/// The key and the summary in a row.
fn summary_at(row: &Row) -> Read<(i64, SessionSummary)> {
    let turns: Option<i32> = row.try_get(4)?;
    let summary = SessionSummary {
        id: row.try_get::<_, &str>(1)?.into(),
        created_at_us: row.try_get(2)?,
        active_at_us: row.try_get(3)?,
        turns: turns.unwrap_or_default().unsigned_abs(),
        key_id: key_of(row.try_get::<_, &str>(5)?.into()),
    };
    Ok((row.try_get(0)?, summary))
}

fn turn_row(row: &Row) -> Read<TurnRow> {
    let answer_is_json = row.try_get(6)?;
    let answer: Option<String> = row.try_get(8)?;
    Ok(TurnRow {
        number: row.try_get::<_, i32>(0)?.unsigned_abs(),
        id: row.try_get::<_, Uuid>(1)?.to_string().into(),
        state: state_at(row, 2)?,
        started_at_us: row.try_get(3)?,
        ended_at_us: row.try_get(4)?,
        question: Stored { content: row.try_get(7)?, is_json: row.try_get(5)? },
        answer: answer.map(|content| Stored { content, is_json: answer_is_json }),
    })
}

fn turn_at(row: &Row) -> Read<Turn> {
    let text = |column| row.try_get::<_, Option<&str>>(column).map(|text| text.map(Arc::from));
    let columns = turn_row(row)?;
    Ok(Turn {
        id: Arc::clone(&columns.id),
        session_id: row.try_get::<_, &str>(9)?.into(),
        number: columns.number,
        state: columns.state,
        started_at_us: columns.started_at_us,
        ended_at_us: columns.ended_at_us,
        model: text(10)?,
        finish_reason: text(11)?,
        error: text(12)?,
        usage: usage_at(row, 13)?,
        asked_model: text(19)?,
        agent: text(20)?,
        messages: columns.into_messages()?,
    })
}
