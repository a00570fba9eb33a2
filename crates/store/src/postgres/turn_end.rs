//! The statement that ends turns.

use std::borrow::Cow;

use uuid::Uuid;

use super::PostgresStore;
use super::failure::{Verdict, unreadable};
use super::text::kept;
use super::usage::usage_columns;
use crate::draft::TurnEnd;
use crate::ids::TurnId;

/// Ends those of the turns that this replica runs, and says which.
///
/// What runs is compared in a way that no index serves: a turn is found by its id, however small the table was
/// when the plan was made.
const END: &str = "\
WITH ended AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],
        $8::boolean[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[],
        $15::bigint[], $16::bigint[], $17::bigint[])
        AS ended (id, state, in_context, now_us, messages, tokens, answer, answer_json, model, finish_reason, error,
            prompt_tokens, completion_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens)
)
UPDATE turns SET (state, in_context, ended_at_us, messages, tokens, answer, answer_json, model, finish_reason, error,
    prompt_tokens, completion_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens) = (
    SELECT ended.state, ended.in_context, ended.now_us, turns.messages + ended.messages, turns.tokens + ended.tokens,
        ended.answer, ended.answer_json, ended.model, ended.finish_reason, ended.error, ended.prompt_tokens,
        ended.completion_tokens, ended.total_tokens, ended.cached_tokens, ended.cache_write_tokens,
        ended.reasoning_tokens
    FROM ended WHERE ended.id = turns.id LIMIT 1)
WHERE id = ANY ($1::uuid[]) AND state IS NOT DISTINCT FROM 'running' AND replica IS NOT DISTINCT FROM $18::uuid
RETURNING id";

/// Ends as columns.
#[derive(Default)]
struct Columns<'a> {
    ids: Vec<Uuid>,
    states: Vec<&'static str>,
    in_context: Vec<bool>,
    now_us: Vec<i64>,
    messages: Vec<i64>,
    tokens: Vec<i64>,
    answers: Vec<Option<&'a str>>,
    answer_json: Vec<bool>,
    /// Model, finish reason, error.
    texts: [Vec<Option<Cow<'a, str>>>; 3],
    usages: [Vec<Option<i64>>; 6],
}

impl PostgresStore {
    /// Tries to end different turns, and says which have ended.
    pub(super) async fn try_end(&self, ends: &[TurnEnd]) -> Result<Vec<TurnId>, Verdict> {
        let columns = Columns::of(ends);
        let [prompt, completion, total, cached, cache_write, reasoning] = &columns.usages;
        let [model, finish_reason, error] = &columns.texts;
        let rows = self
            .short()
            .query_judged(
                END,
                &[
                    &columns.ids,
                    &columns.states,
                    &columns.in_context,
                    &columns.now_us,
                    &columns.messages,
                    &columns.tokens,
                    &columns.answers,
                    &columns.answer_json,
                    model,
                    finish_reason,
                    error,
                    prompt,
                    completion,
                    total,
                    cached,
                    cache_write,
                    reasoning,
                    &self.replica(),
                ],
            )
            .await?;
        let ids: Result<Vec<_>, _> = rows.iter().map(|row| row.try_get(0).map(Uuid::into_bytes)).collect();
        ids.map_err(|error| Verdict::Connection(unreadable(self.place(), &error)))
    }
}

impl<'a> Columns<'a> {
    fn of(ends: &'a [TurnEnd]) -> Self {
        let mut columns = Self::default();
        ends.iter().for_each(|end| columns.add(end));
        columns
    }

    fn add(&mut self, end: &'a TurnEnd) {
        self.ids.push(Uuid::from_bytes(end.id));
        self.states.push(end.state.as_str());
        self.in_context.push(end.in_context);
        self.now_us.push(end.now_us);
        self.messages.push(end.messages.into());
        self.tokens.push(end.tokens.into());
        self.answers.push(end.answer.as_ref().map(|answer| &*answer.content));
        self.answer_json.push(end.answer.as_ref().is_some_and(|answer| answer.is_json));
        let texts = [&end.model, &end.finish_reason, &end.error];
        for (column, text) in self.texts.iter_mut().zip(texts) {
            column.push(text.as_deref().map(kept));
        }
        for (column, count) in self.usages.iter_mut().zip(usage_columns(end.usage.as_ref())) {
            column.push(count);
        }
    }
}
