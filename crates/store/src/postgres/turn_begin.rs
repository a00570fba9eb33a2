//! The statement that begins turns, and what it says of each.

use std::borrow::Cow;
use std::sync::Arc;

use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::PostgresStore;
use super::failure::{Verdict, unreadable};
use super::remembered::{Conversation, PastTurn, Remembered};
use super::text::kept;
use crate::begun::{Begun, ContextTurn};
use crate::draft::NewTurn;
use crate::stored::Stored;

/// How many turns are looked through for those in context; where more than these failed one after the other,
/// the walk goes on in a statement of its own.
const NEAR: i32 = 256;

/// Begins turns in one round trip, each in another session: finds each session or makes it, takes its next
/// number unless a turn runs, and reads the newest turns in context as long as they fit, unless the last one is
/// remembered.
///
/// All parts see what was there when the statement began. What another process does meanwhile is settled by
/// the key of a turn, its session and number: whoever comes second adds nothing, and is told so by the second
/// column, which is empty. Whoever meets others waits for them in one order: keys, then sessions that are
/// there, then new ones, each kind sorted; so two of these never wait for each other.
///
/// Rows are looked up one by one (`LATERAL … LIMIT 1`, `= ANY`), so that no plan for a small table ever reads a
/// large one as a whole.
const BEGIN: &str = "\
WITH asked AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::boolean[],
        $8::text[], $9::text[], $10::uuid[], $11::bytea[], $12::bytea[], $13::bigint[], $14::bigint[], $18::uuid[])
        WITH ORDINALITY AS asked (session_id, owner, id, now_us, tokens, question, question_json,
            model, agent, in_place_of, key_id, key_body, max_messages, max_tokens, remembered, place)
), met AS MATERIALIZED (
    SELECT asked.*, home.key AS known, last.id AS last_id, last.running, coalesce(last.number, 0) + 1 AS number,
        coalesce(last.context, 0) AS context, coalesce(last.is_remembered, FALSE) AS is_remembered
    FROM asked LEFT JOIN LATERAL (
        SELECT key FROM sessions WHERE sessions.id = asked.session_id AND sessions.owner = asked.owner LIMIT 1
    ) AS home ON TRUE LEFT JOIN LATERAL (
        SELECT number, id, state = 'running' AS running,
            CASE WHEN in_context AND id IS DISTINCT FROM asked.in_place_of THEN number ELSE context_before END AS context,
            in_context AND id = asked.remembered AND id IS DISTINCT FROM asked.in_place_of AS is_remembered
        FROM turns WHERE turns.session = home.key ORDER BY number DESC LIMIT 1
    ) AS last ON TRUE
), free AS MATERIALIZED (
    SELECT * FROM met
    WHERE running IS NOT TRUE AND (SELECT number FROM turns WHERE turns.id = met.id LIMIT 1) IS NULL
        AND (key_id IS NULL OR (SELECT began FROM idempotency_keys WHERE idempotency_keys.id = met.key_id
            AND at_us >= $15::bigint AND began <> met.id LIMIT 1) IS NULL)
), claimed AS (
    INSERT INTO idempotency_keys (id, body, began, at_us)
    SELECT key_id, key_body, id, now_us FROM free WHERE key_id IS NOT NULL ORDER BY key_id
    ON CONFLICT (id) DO UPDATE SET body = excluded.body, began = excluded.began, at_us = excluded.at_us
    WHERE idempotency_keys.at_us < $15::bigint OR idempotency_keys.began = excluded.began
    RETURNING began
), entering AS MATERIALIZED (
    SELECT * FROM free WHERE key_id IS NULL OR id IN (SELECT began FROM claimed)
), moving AS MATERIALIZED (
    SELECT known, now_us FROM entering WHERE known IS NOT NULL
), left_out AS (
    UPDATE turns SET in_context = FALSE
    WHERE id = ANY (ARRAY(SELECT last_id FROM entering WHERE last_id = in_place_of))
), touched AS (
    UPDATE sessions SET active_at_us = (SELECT now_us FROM moving WHERE known = sessions.key LIMIT 1)
    WHERE key = ANY (ARRAY(SELECT known FROM moving ORDER BY known)) RETURNING key
), made AS (
    INSERT INTO sessions (id, created_at_us, active_at_us, owner)
    SELECT session_id, now_us, now_us, owner FROM entering WHERE known IS NULL ORDER BY session_id, owner
    ON CONFLICT (id, owner) DO NOTHING RETURNING key, id, owner
), housed AS (
    SELECT entering.*, CASE WHEN known IN (SELECT key FROM touched) THEN known
        ELSE (SELECT key FROM made WHERE made.id = entering.session_id AND made.owner = entering.owner) END AS home
    FROM entering OFFSET 0
), added AS (
    INSERT INTO turns (session, number, id, state, context_before, messages, tokens, started_at_us, question,
        question_json, replica, asked_model, agent)
    SELECT home, number, id, 'running', context, 1, tokens, now_us, question, question_json, $16::uuid, model, agent
    FROM housed WHERE home IS NOT NULL
    ON CONFLICT DO NOTHING RETURNING id
), told AS MATERIALIZED (
    SELECT place, known, context, is_remembered, max_messages, max_tokens,
        CASE WHEN running THEN last_id END AS in_the_way,
        CASE WHEN id IN (SELECT id FROM added) THEN number END AS number
    FROM met
)
SELECT told.place, told.number, in_the_way, is_remembered, past.number, past.context_before, past.messages, past.tokens,
    question_json, answer_json, question, answer
FROM told LEFT JOIN LATERAL (
    SELECT * FROM (
        SELECT number, context_before, question_json, answer_json, question, answer,
            sum(messages) OVER newest_first AS messages, sum(tokens) OVER newest_first AS tokens
        FROM (
            SELECT number, context_before, question_json, answer_json, question, answer,
                least(messages, 2147483647)::integer AS messages, least(tokens, 2147483647)::integer AS tokens
            FROM turns
            WHERE session = told.known AND turns.number <= told.context AND turns.number > told.context - $17::integer
                AND in_context
            ORDER BY turns.number DESC LIMIT greatest(told.max_messages / 2, 1)
        ) AS near
        WINDOW newest_first AS (ORDER BY number DESC ROWS UNBOUNDED PRECEDING)
    ) AS summed
    WHERE (summed.messages <= told.max_messages AND summed.tokens <= told.max_tokens)
        OR summed.number = told.context
) AS past ON told.number IS NOT NULL AND NOT is_remembered";

/// Goes on gathering a history where [`BEGIN`] has left off, newest first.
///
/// Each turn names the one in context before it, so this visits those it takes and one more, however many of
/// the session's turns failed.
const WALK_ON: &str = "\
WITH RECURSIVE walk AS (
    SELECT session, context_before, $3::bigint - messages AS message_room, $4::bigint - tokens AS token_room,
        question_json, answer_json, question, answer
    FROM turns WHERE session = (SELECT session FROM turns WHERE id = $1) AND number = $2
    UNION ALL
    SELECT turns.session, turns.context_before, message_room - messages, token_room - tokens,
        turns.question_json, turns.answer_json, turns.question, turns.answer
    FROM walk CROSS JOIN LATERAL (
        SELECT * FROM turns WHERE turns.session = walk.session AND turns.number = walk.context_before LIMIT 1
    ) AS turns
    WHERE message_room > 0 AND token_room > 0
)
SELECT question_json, answer_json, question, answer FROM walk WHERE message_room >= 0 AND token_room >= 0";

/// What came of an attempt to begin a turn.
pub(super) enum Attempt {
    Begun(Begun),
    /// It has begun, and the walk through its history goes on.
    Walking(Begun, Rest),
    Running(Uuid),
    /// Somebody else was faster, or the id is in use.
    Beaten,
}

/// Where a walk goes on, and what still fits.
pub(super) struct Rest {
    number: i32,
    messages: i64,
    tokens: i64,
}

/// What a statement has said of one turn so far.
#[derive(Default)]
struct Told {
    number: Option<i32>,
    in_the_way: Option<Uuid>,
    is_remembered: bool,
    past: Vec<Past>,
}

/// A turn of the history, with the sums over it and those after it.
struct Past {
    number: i32,
    context_before: i32,
    messages: i64,
    tokens: i64,
    said: ContextTurn,
}

/// Turns as columns.
#[derive(Default)]
struct Columns<'a> {
    sessions: Vec<&'a str>,
    owners: Vec<&'a str>,
    ids: Vec<Uuid>,
    now_us: Vec<i64>,
    tokens: Vec<i64>,
    questions: Vec<&'a str>,
    question_json: Vec<bool>,
    models: Vec<Option<Cow<'a, str>>>,
    agents: Vec<Option<Cow<'a, str>>>,
    in_place_of: Vec<Option<Uuid>>,
    keys: Vec<Option<&'a [u8]>>,
    key_bodies: Vec<Option<&'a [u8]>>,
    max_messages: Vec<i64>,
    max_tokens: Vec<i64>,
    remembered: Vec<Option<Uuid>>,
    /// What is older than this is forgotten. Where the turns differ, more counts as known; they are then tried
    /// one by one.
    keys_since_us: i64,
}

impl PostgresStore {
    /// Tries to begin turns of different sessions, with different ids and idempotency keys.
    pub(super) async fn try_begin(&self, turns: &[NewTurn]) -> Result<Vec<Attempt>, Verdict> {
        let remembered: Vec<_> = turns.iter().map(|turn| self.inner.remembered.of(turn)).collect();
        let columns = Columns::of(turns, &remembered);
        let rows = self
            .short()
            .query_judged(
                BEGIN,
                &[
                    &columns.sessions,
                    &columns.owners,
                    &columns.ids,
                    &columns.now_us,
                    &columns.tokens,
                    &columns.questions,
                    &columns.question_json,
                    &columns.models,
                    &columns.agents,
                    &columns.in_place_of,
                    &columns.keys,
                    &columns.key_bodies,
                    &columns.max_messages,
                    &columns.max_tokens,
                    &columns.keys_since_us,
                    &self.replica(),
                    &NEAR,
                    &columns.remembered,
                ],
            )
            .await?;
        let told =
            told(&rows, turns).map_err(|error| Verdict::Connection(unreadable(self.place(), &error)))?;
        let turns = turns.iter().zip(remembered);
        let memory = &self.inner.remembered;
        let attempt =
            |(told, (turn, known)): (Told, (_, Option<_>))| told.into_attempt(turn, known.as_deref(), memory);
        Ok(told.into_iter().zip(turns).map(attempt).collect())
    }

    /// Gathers the rest of a history.
    pub(super) async fn walk_on(
        &self,
        turn: &NewTurn,
        mut begun: Begun,
        rest: &Rest,
    ) -> Result<Begun, crate::StoreError> {
        let id = Uuid::from_bytes(turn.id);
        let rows = self.short().query(WALK_ON, &[&id, &rest.number, &rest.messages, &rest.tokens]).await?;
        let said: Result<Vec<_>, _> = rows.iter().map(|row| said_at(row, 0)).collect();
        begun.context.extend(said.map_err(|error| unreadable(self.place(), &error))?);
        Ok(begun)
    }
}

impl<'a> Columns<'a> {
    fn of(turns: &'a [NewTurn], remembered: &[Option<Arc<Conversation>>]) -> Self {
        let mut columns = Self::default();
        let last =
            |known: &Option<Arc<Conversation>>| known.as_ref().map(|known| Uuid::from_bytes(known.last));
        columns.remembered = remembered.iter().map(last).collect();
        turns.iter().for_each(|turn| columns.add(turn));
        let since_us = turns.iter().filter_map(|turn| turn.idempotency).map(|key| key.since_us);
        columns.keys_since_us = since_us.min().unwrap_or_default();
        columns
    }

    fn add(&mut self, turn: &'a NewTurn) {
        self.sessions.push(&turn.session_id);
        self.owners.push(&turn.owner);
        self.ids.push(Uuid::from_bytes(turn.id));
        self.now_us.push(turn.now_us);
        self.tokens.push(turn.tokens.into());
        self.questions.push(&turn.question.content);
        self.question_json.push(turn.question.is_json);
        self.models.push(turn.model.as_deref().map(kept));
        self.agents.push(turn.agent.as_deref().map(kept));
        self.in_place_of.push(turn.in_place_of.map(Uuid::from_bytes));
        let key = turn.idempotency.as_ref();
        self.keys.push(key.map(|key| &key.id[..]));
        self.key_bodies.push(key.map(|key| &key.body[..]));
        self.max_messages.push(turn.window.max_messages.into());
        self.max_tokens.push(turn.window.max_tokens.into());
    }
}

/// What the rows say of each turn. They come in any order.
fn told(rows: &[Row], turns: &[NewTurn]) -> Result<Vec<Told>, Error> {
    let mut told: Vec<Told> = turns.iter().map(|_| Told::default()).collect();
    for row in rows {
        let place = usize::try_from(row.try_get::<_, i64>(0)?).unwrap_or_default();
        if let Some(told) = place.checked_sub(1).and_then(|place| told.get_mut(place)) {
            told.take_in(row)?;
        }
    }
    Ok(told)
}

impl Told {
    fn take_in(&mut self, row: &Row) -> Result<(), Error> {
        (self.number, self.in_the_way, self.is_remembered) =
            (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        // Nothing more where there is no history.
        if let Some(number) = row.try_get(4)? {
            let (context_before, messages, tokens) = (row.try_get(5)?, row.try_get(6)?, row.try_get(7)?);
            self.past.push(Past { number, context_before, messages, tokens, said: said_at(row, 8)? });
        }
        Ok(())
    }

    fn into_attempt(self, turn: &NewTurn, known: Option<&Conversation>, memory: &Remembered) -> Attempt {
        let number = match (self.number, self.in_the_way) {
            (Some(number), _) => number,
            (None, Some(other)) => return Attempt::Running(other),
            (None, None) => return Attempt::Beaten,
        };
        let (past, oversized, rest) = match known.filter(|_| self.is_remembered) {
            Some(known) => {
                let (past, oversized) = known.seen();
                (past, oversized, None)
            }
            None => self.read(turn),
        };
        let context = past.iter().map(|past| past.said.clone()).collect();
        let begun = Begun { number: number.unsigned_abs(), new_session: number == 1, context, oversized };
        if let Some(rest) = rest {
            return Attempt::Walking(begun, rest);
        }
        memory.began(turn, past);
        Attempt::Begun(begun)
    }

    /// The history that was read, newest first, whether the only turn in it is too large for the window, and what
    /// is still to be read.
    fn read(mut self, turn: &NewTurn) -> (Vec<Arc<PastTurn>>, bool, Option<Rest>) {
        self.past.sort_unstable_by_key(|past| std::cmp::Reverse(past.number));
        let (messages, tokens) = (i64::from(turn.window.max_messages), i64::from(turn.window.max_tokens));
        let room = |past: &Past| (messages - past.messages, tokens - past.tokens);
        let reach = self.past.first().map_or(0, |newest| newest.number - NEAR);
        let oversized =
            self.past.first().map(room).is_some_and(|(messages, tokens)| messages < 0 || tokens < 0);
        let rest = self.past.last().filter(|past| past.context_before > 0 && past.context_before <= reach);
        let rest = rest.map(|past| (past.context_before, room(past)));
        let rest = rest.filter(|(_, (messages, tokens))| *messages > 0 && *tokens > 0);
        let rest = rest.map(|(number, (messages, tokens))| Rest { number, messages, tokens });
        (each_apart(self.past), oversized, rest)
    }
}

/// The turns with what each takes, where the sums over them are known.
fn each_apart(newest_first: Vec<Past>) -> Vec<Arc<PastTurn>> {
    let (mut messages, mut tokens) = (0, 0);
    let apart = |past: Past| {
        let part = |sum: i64, before: i64| u32::try_from(sum - before).unwrap_or(u32::MAX);
        let turn = PastTurn {
            messages: part(past.messages, messages),
            tokens: part(past.tokens, tokens),
            said: past.said,
        };
        (messages, tokens) = (past.messages, past.tokens);
        Arc::new(turn)
    };
    newest_first.into_iter().map(apart).collect()
}

/// What was said in a turn, in four columns from this one.
fn said_at(row: &Row, column: usize) -> Result<ContextTurn, Error> {
    Ok(ContextTurn {
        question: Stored { content: row.try_get(column + 2)?, is_json: row.try_get(column)? },
        answer: Stored { content: row.try_get(column + 3)?, is_json: row.try_get(column + 1)? },
    })
}
