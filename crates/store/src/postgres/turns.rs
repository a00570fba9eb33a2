//! Turns: beginning, ending, and the walk that gathers a history.

use std::sync::Arc;

use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::PostgresStore;
use super::failure::{away, unreadable};
use super::idempotency_rows::KeyColumns;
use super::text::kept;
use super::usage::usage_columns;
use crate::begun::{Begun, ContextTurn};
use crate::draft::{NewTurn, TurnEnd};
use crate::ids::TurnId;
use crate::stored::Stored;
use crate::{StoreError, TurnState};

/// How often a beginning is tried that others have come in the way of: a session that is deleted and begun
/// anew meanwhile, a turn that ends in the moment it is found running.
const ATTEMPTS: usize = 5;

/// Begins a turn in one round trip: finds the session or makes it, takes its next number unless a turn runs,
/// and walks back through the turns in context while they fit.
///
/// All parts see what was there when the statement began. What another process does meanwhile is settled by
/// the key of a turn, its session and number: whoever comes second adds nothing, and is told so by the first
/// column, which is empty.
const BEGIN: &str = "\
WITH RECURSIVE known AS MATERIALIZED (
    SELECT key FROM sessions WHERE id = $1::text AND owner = $16::text
), last AS MATERIALIZED (
    SELECT number, id, state = 'running' AS running,
        CASE WHEN in_context AND id IS DISTINCT FROM $12::uuid THEN number ELSE context_before END AS context
    FROM turns WHERE session = (SELECT key FROM known) ORDER BY number DESC LIMIT 1
), free AS MATERIALIZED (
    SELECT coalesce((SELECT number FROM last), 0) + 1 AS number, coalesce((SELECT context FROM last), 0) AS context
    WHERE NOT EXISTS (SELECT FROM last WHERE running) AND NOT EXISTS (SELECT FROM turns WHERE id = $2::uuid)
        AND NOT EXISTS (SELECT FROM idempotency_keys
            WHERE id = $13::bytea AND at_us >= $15::bigint AND began <> $2::uuid)
), claimed AS (
    INSERT INTO idempotency_keys (id, body, began, at_us)
    SELECT $13::bytea, $14::bytea, $2::uuid, $3::bigint FROM free WHERE $13::bytea IS NOT NULL
    ON CONFLICT (id) DO UPDATE SET body = excluded.body, began = excluded.began, at_us = excluded.at_us
    WHERE idempotency_keys.at_us < $15::bigint OR idempotency_keys.began = excluded.began
    RETURNING 1
), entering AS MATERIALIZED (
    SELECT number, context FROM free WHERE $13::bytea IS NULL OR EXISTS (SELECT FROM claimed)
), left_out AS (
    UPDATE turns SET in_context = FALSE
    WHERE id = (SELECT id FROM last WHERE id = $12::uuid) AND EXISTS (SELECT FROM entering)
), touched AS (
    UPDATE sessions SET active_at_us = $3::bigint
    WHERE key = (SELECT key FROM known) AND EXISTS (SELECT FROM entering) RETURNING key
), made AS (
    INSERT INTO sessions (id, created_at_us, active_at_us, owner)
    SELECT $1::text, $3::bigint, $3::bigint, $16::text FROM entering WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (id, owner) DO NOTHING RETURNING key
), added AS (
    INSERT INTO turns (session, number, id, state, context_before, messages, tokens, started_at_us, question,
        question_json, replica, asked_model, agent)
    SELECT entered.key, entering.number, $2::uuid, 'running', entering.context, 1, $4::bigint, $3::bigint,
        $5::text, $6::boolean, $9::uuid, $10::text, $11::text
    FROM entering CROSS JOIN (SELECT key FROM touched UNION ALL SELECT key FROM made) AS entered
    ON CONFLICT DO NOTHING RETURNING number
), walk AS (
    SELECT number, context_before, $7::bigint - messages AS message_room, $8::bigint - tokens AS token_room, TRUE AS newest,
        question_json, answer_json, question, answer
    FROM turns WHERE session = (SELECT key FROM known) AND number = (SELECT context FROM entering)
    UNION ALL
    SELECT turns.number, turns.context_before, message_room - messages, token_room - tokens, FALSE,
        turns.question_json, turns.answer_json, turns.question, turns.answer
    FROM walk JOIN turns ON turns.session = (SELECT key FROM known) AND turns.number = walk.context_before
    WHERE message_room > 0 AND token_room > 0
)
SELECT (SELECT number FROM added), (SELECT id FROM last WHERE running),
    message_room < 0 OR token_room < 0, question_json, answer_json, question, answer
FROM (SELECT) AS one LEFT JOIN walk ON newest OR (message_room >= 0 AND token_room >= 0)
ORDER BY walk.number DESC";

/// Why nothing was added: the turn that runs in the session, and whether the id is in use.
const IN_THE_WAY: &str = "\
SELECT (SELECT id FROM turns WHERE session = (SELECT key FROM sessions WHERE sessions.id = $1 AND owner = $3)
        AND state = 'running' ORDER BY number DESC LIMIT 1),
    EXISTS (SELECT FROM turns WHERE id = $2)";

const FINISH: &str = "\
UPDATE turns SET state = $2, in_context = $3, ended_at_us = $4, messages = messages + $5, tokens = tokens + $6,
    answer = $7, answer_json = $8, model = $9, finish_reason = $10, error = $11, prompt_tokens = $12,
    completion_tokens = $13, total_tokens = $14, cached_tokens = $15, cache_write_tokens = $16,
    reasoning_tokens = $17
WHERE id = $1 AND state = 'running' AND replica = $18";
const FIND_STATE: &str = "SELECT state FROM turns WHERE id = $1";
const INTERRUPT: &str = "UPDATE turns SET state = 'interrupted' WHERE id = $1 AND state = 'running'";

/// What came of an attempt to begin a turn.
enum Attempt {
    Begun(Begun),
    Running(Uuid),
    /// Somebody else was faster, or the id is in use.
    Beaten,
}

impl PostgresStore {
    /// Begins a turn.
    pub(super) async fn begin(&self, turn: &NewTurn) -> Result<Begun, StoreError> {
        let id = Uuid::from_bytes(turn.id);
        let begun = self.begin_in_the_end(turn, id).await;
        if matches!(&begun, Err(refusal) if !refusal.is_unavailable()) {
            self.release_key(turn.idempotency.as_ref(), id).await?;
        }
        begun
    }

    async fn begin_in_the_end(&self, turn: &NewTurn, id: Uuid) -> Result<Begun, StoreError> {
        for _ in 0..ATTEMPTS {
            let running_turn = match self.try_begin(turn).await? {
                Attempt::Begun(begun) => return Ok(begun),
                Attempt::Running(other) => Some(other),
                Attempt::Beaten => None,
            };
            self.check_key(turn.idempotency.as_ref(), Some(id)).await?;
            match running_turn {
                Some(other) => return Err(running(turn, other)),
                None => self.look_in_the_way(turn).await?,
            }
        }
        let session = &turn.session_id;
        Err(away(self.place(), &format!("session '{session}' is begun and deleted too often at a time")))
    }

    async fn try_begin(&self, turn: &NewTurn) -> Result<Attempt, StoreError> {
        let (id, window) = (Uuid::from_bytes(turn.id), turn.window);
        let key = KeyColumns::of(turn.idempotency.as_ref());
        let rows = self
            .short()
            .query(
                BEGIN,
                &[
                    &&*turn.session_id,
                    &id,
                    &turn.now_us,
                    &i64::from(turn.tokens),
                    &turn.question.content,
                    &turn.question.is_json,
                    &i64::from(window.max_messages),
                    &i64::from(window.max_tokens),
                    &self.replica(),
                    &turn.model.as_deref().map(kept),
                    &turn.agent.as_deref().map(kept),
                    &turn.in_place_of.map(Uuid::from_bytes),
                    &key.id,
                    &key.body,
                    &key.since_us,
                    &&*turn.owner,
                ],
            )
            .await?;
        attempt(&rows).map_err(|error| unreadable(self.place(), &error))
    }

    /// Whether a turn runs or the id is in use; if neither, the way is free again.
    async fn look_in_the_way(&self, turn: &NewTurn) -> Result<(), StoreError> {
        let id = Uuid::from_bytes(turn.id);
        let row = self.short().query_opt(IN_THE_WAY, &[&&*turn.session_id, &id, &&*turn.owner]).await?;
        let found = row.map_or(Ok((None, false)), |row| Ok((row.try_get(0)?, row.try_get(1)?)));
        match found.map_err(|error: Error| unreadable(self.place(), &error))? {
            (Some(other), _) => Err(running(turn, other)),
            (None, true) => Err(StoreError::invalid(format!("turn id '{id}' has been used before"))),
            (None, false) => Ok(()),
        }
    }

    /// Ends a turn.
    pub(super) async fn finish(&self, end: &TurnEnd) -> Result<(), StoreError> {
        let [prompt, completion, total, cached, cache_write, reasoning] = usage_columns(end.usage.as_ref());
        let touched = self
            .short()
            .execute(
                FINISH,
                &[
                    &Uuid::from_bytes(end.id),
                    &end.state.as_str(),
                    &end.in_context,
                    &end.now_us,
                    &i64::from(end.messages),
                    &i64::from(end.tokens),
                    &end.answer.as_ref().map(|answer| &answer.content),
                    &end.answer.as_ref().is_some_and(|answer| answer.is_json),
                    &end.model.as_deref().map(kept),
                    &end.finish_reason.as_deref().map(kept),
                    &end.error.as_deref().map(kept),
                    &prompt,
                    &completion,
                    &total,
                    &cached,
                    &cache_write,
                    &reasoning,
                    &Uuid::from_bytes(end.replica.bytes()),
                ],
            )
            .await?;
        match touched {
            0 => Err(self.why_not_finished(end.id).await?),
            _ => Ok(()),
        }
    }

    async fn why_not_finished(&self, turn: TurnId) -> Result<StoreError, StoreError> {
        let id = Uuid::from_bytes(turn);
        let found = self.short().query_opt(FIND_STATE, &[&id]).await?;
        let state = found.map(|row| state_at(&row, 0)).transpose();
        let turn_id = id.to_string().into();
        Ok(match state.map_err(|error| unreadable(self.place(), &error))? {
            Some(state) => StoreError::TurnEnded { turn_id, state },
            None => StoreError::TurnNotFound { turn_id },
        })
    }

    /// Ends one turn as interrupted, if it is running.
    pub(super) async fn interrupt_turn(&self, turn: TurnId) -> Result<(), StoreError> {
        self.short().execute(INTERRUPT, &[&Uuid::from_bytes(turn)]).await.map(drop)
    }
}

/// A state in a row.
pub(super) fn state_at(
    row: &Row,
    column: usize,
) -> Result<TurnState, Box<dyn std::error::Error + Send + Sync>> {
    let name: &str = row.try_get(column)?;
    TurnState::named(name).ok_or_else(|| format!("'{name}' is no state of a turn").into())
}

fn running(turn: &NewTurn, other: Uuid) -> StoreError {
    let session_id = Arc::clone(&turn.session_id);
    StoreError::TurnRunning { session_id, turn_id: other.to_string().into() }
}

fn attempt(rows: &[Row]) -> Result<Attempt, Error> {
    let Some(first) = rows.first() else { return Ok(Attempt::Beaten) };
    let (number, other): (Option<i32>, Option<Uuid>) = (first.try_get(0)?, first.try_get(1)?);
    match (number, other) {
        (Some(number), _) => Ok(Attempt::Begun(begun(number, rows)?)),
        (None, Some(other)) => Ok(Attempt::Running(other)),
        (None, None) => Ok(Attempt::Beaten),
    }
}

fn begun(number: i32, rows: &[Row]) -> Result<Begun, Error> {
    let mut context = Vec::with_capacity(rows.len());
    let mut oversized = false;
    for row in rows {
        // Nothing but the number where there is no history.
        let Some(question) = row.try_get(5)? else { break };
        oversized |= row.try_get::<_, Option<bool>>(2)?.unwrap_or_default();
        context.push(ContextTurn {
            question: Stored { content: question, is_json: row.try_get(3)? },
            answer: Stored { content: row.try_get(6)?, is_json: row.try_get(4)? },
        });
    }
    Ok(Begun { number: number.unsigned_abs(), new_session: number == 1, context, oversized })
}
