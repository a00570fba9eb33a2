//! The call log's rows: adding and removing, with the sums over them.

use std::borrow::Cow;

use playhouse_llm::CallRecord;
use uuid::Uuid;

use super::PostgresStore;
use super::failure::unreadable;
use super::text::{indexed, kept};
use super::usage::usage_columns;
use crate::StoreError;
use crate::durations::microseconds;
use crate::ids::{CallId, call_id};
use crate::stats::{bucket_of, day_of};

/// Adds a batch in one statement, and what is new of it to the sums: a record that is there already is added to
/// neither. Records and sums are gone through in one order, so that two batches never wait for each other.
const APPEND: &str = "\
WITH added AS (
    INSERT INTO calls (id, started_at_us, duration_us, ttft_us, prompt_tokens, completion_tokens, total_tokens,
        cached_tokens, cache_write_tokens, reasoning_tokens, cost_usd, attempts, status, day, duration_bucket,
        ttft_bucket, stream, outcome, model, model_served, provider, error, finish_reason, request_id, session_id,
        turn_id, upstream_request_id, run_id, key_id, operation)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
        $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::double precision[], $12::integer[],
        $13::integer[], $14::integer[], $15::smallint[], $16::smallint[], $17::boolean[], $18::text[], $19::text[],
        $20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[], $26::text[], $27::text[],
        $28::text[], $29::text[], $30::text[])
    ORDER BY 1
    ON CONFLICT (id) DO NOTHING
    RETURNING *
), days AS (
    INSERT INTO call_days AS sums (day, model, calls, errors, cancelled, prompt_tokens, cached_tokens,
        completion_tokens, reasoning_tokens, cost_usd, ttft_us, duration_us)
    SELECT day, model, count(*), count(*) FILTER (WHERE outcome = 'error'),
        count(*) FILTER (WHERE outcome = 'cancelled'), coalesce(sum(prompt_tokens), 0),
        coalesce(sum(cached_tokens), 0), coalesce(sum(completion_tokens), 0), coalesce(sum(reasoning_tokens), 0),
        coalesce(sum(cost_usd::numeric), 0), coalesce(sum(ttft_us), 0), sum(duration_us)
    FROM added GROUP BY day, model ORDER BY day, model
    ON CONFLICT (day, model) DO UPDATE SET calls = sums.calls + excluded.calls,
        errors = sums.errors + excluded.errors, cancelled = sums.cancelled + excluded.cancelled,
        prompt_tokens = sums.prompt_tokens + excluded.prompt_tokens,
        cached_tokens = sums.cached_tokens + excluded.cached_tokens,
        completion_tokens = sums.completion_tokens + excluded.completion_tokens,
        reasoning_tokens = sums.reasoning_tokens + excluded.reasoning_tokens,
        cost_usd = sums.cost_usd + excluded.cost_usd, ttft_us = sums.ttft_us + excluded.ttft_us,
        duration_us = sums.duration_us + excluded.duration_us
)
INSERT INTO call_times AS times (day, model, kind, bucket, calls)
SELECT day, model, kind, bucket, count(*)
FROM added CROSS JOIN LATERAL (VALUES ('duration', duration_bucket), ('ttft', ttft_bucket)) AS time (kind, bucket)
WHERE bucket IS NOT NULL
GROUP BY day, model, kind, bucket ORDER BY day, model, kind, bucket
ON CONFLICT (day, model, kind, bucket) DO UPDATE SET calls = times.calls + excluded.calls";

/// Removes a step of old records, and takes them out of the sums again.
const PRUNE: &str = "\
WITH old AS MATERIALIZED (
    SELECT id FROM calls WHERE id < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
), gone AS MATERIALIZED (
    DELETE FROM calls USING old WHERE calls.id = old.id RETURNING calls.*
), days AS (
    UPDATE call_days AS sums SET calls = sums.calls - less.calls, errors = sums.errors - less.errors,
        cancelled = sums.cancelled - less.cancelled, prompt_tokens = sums.prompt_tokens - less.prompt_tokens,
        cached_tokens = sums.cached_tokens - less.cached_tokens,
        completion_tokens = sums.completion_tokens - less.completion_tokens,
        reasoning_tokens = sums.reasoning_tokens - less.reasoning_tokens, cost_usd = sums.cost_usd - less.cost_usd,
        ttft_us = sums.ttft_us - less.ttft_us, duration_us = sums.duration_us - less.duration_us
    FROM (
        SELECT day, model, count(*) AS calls, count(*) FILTER (WHERE outcome = 'error') AS errors,
            count(*) FILTER (WHERE outcome = 'cancelled') AS cancelled,
            coalesce(sum(prompt_tokens), 0) AS prompt_tokens, coalesce(sum(cached_tokens), 0) AS cached_tokens,
            coalesce(sum(completion_tokens), 0) AS completion_tokens,
            coalesce(sum(reasoning_tokens), 0) AS reasoning_tokens,
            coalesce(sum(cost_usd::numeric), 0) AS cost_usd, coalesce(sum(ttft_us), 0) AS ttft_us,
            sum(duration_us) AS duration_us
        FROM gone GROUP BY day, model
    ) AS less
    WHERE sums.day = less.day AND sums.model = less.model
), times AS (
    UPDATE call_times AS sums SET calls = sums.calls - less.calls
    FROM (
        SELECT day, model, kind, bucket, count(*) AS calls
        FROM gone CROSS JOIN LATERAL (VALUES ('duration', duration_bucket), ('ttft', ttft_bucket))
            AS time (kind, bucket)
        WHERE bucket IS NOT NULL GROUP BY day, model, kind, bucket
    ) AS less
    WHERE sums.day = less.day AND sums.model = less.model AND sums.kind = less.kind AND sums.bucket = less.bucket
)
SELECT count(*), max(day) FROM gone";
/// What has come to nothing; the day on which records were removed last may still hold some.
const TIDY: &str = "\
WITH days AS (DELETE FROM call_days WHERE day <= $1 AND calls = 0)
DELETE FROM call_times WHERE day <= $1 AND calls = 0";

/// A batch as columns.
#[derive(Default)]
struct Columns<'a> {
    ids: Vec<Uuid>,
    started: Vec<i64>,
    durations: Vec<i64>,
    ttfts: Vec<Option<i64>>,
    usages: [Vec<Option<i64>>; 6],
    costs: Vec<Option<f64>>,
    attempts: Vec<i32>,
    statuses: Vec<Option<i32>>,
    days: Vec<i32>,
    duration_buckets: Vec<i16>,
    ttft_buckets: Vec<Option<i16>>,
    streams: Vec<bool>,
    outcomes: Vec<&'static str>,
    operations: Vec<&'static str>,
    models: Vec<Cow<'a, str>>,
    /// Model served, provider, error, finish reason, request, session, turn, upstream's request, run, key.
    texts: [Vec<Option<Cow<'a, str>>>; 10],
}

impl PostgresStore {
    /// Adds records that are not there yet.
    pub(super) async fn append(&self, records: &[CallRecord]) -> Result<(), StoreError> {
        let columns = Columns::of(records)?;
        if records.is_empty() {
            return Ok(());
        }
        let [prompt, completion, total, cached, cache_write, reasoning] = &columns.usages;
        let [served, provider, error, finish, request, session, turn, upstream, run, key] = &columns.texts;
        self.long()
            .execute(
                APPEND,
                &[
                    &columns.ids,
                    &columns.started,
                    &columns.durations,
                    &columns.ttfts,
                    prompt,
                    completion,
                    total,
                    cached,
                    cache_write,
                    reasoning,
                    &columns.costs,
                    &columns.attempts,
                    &columns.statuses,
                    &columns.days,
                    &columns.duration_buckets,
                    &columns.ttft_buckets,
                    &columns.streams,
                    &columns.outcomes,
                    &columns.models,
                    served,
                    provider,
                    error,
                    finish,
                    request,
                    session,
                    turn,
                    upstream,
                    run,
                    key,
                    &columns.operations,
                ],
            )
            .await?;
        Ok(())
    }

    /// Removes the oldest records before an id, up to a number.
    pub(super) async fn prune(&self, before: CallId, limit: u32) -> Result<u64, StoreError> {
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
            [&Uuid::from_bytes(before), &i64::from(limit)];
        let Some(row) = self.long().query_opt(PRUNE, &params).await? else { return Ok(0) };
        let removed =
            row.try_get(0).and_then(|removed: i64| Ok((removed, row.try_get::<_, Option<i32>>(1)?)));
        let (removed, day) = removed.map_err(|error| unreadable(self.place(), &error))?;
        if let Some(day) = day {
            self.long().execute(TIDY, &[&day]).await?;
        }
        Ok(removed.unsigned_abs())
    }
}

impl<'a> Columns<'a> {
    fn of(records: &'a [CallRecord]) -> Result<Self, StoreError> {
        let mut columns = Self::default();
        records.iter().try_for_each(|record| columns.add(record))?;
        Ok(columns)
    }

    fn add(&mut self, record: &'a CallRecord) -> Result<(), StoreError> {
        let (duration, ttft) = (microseconds(record.duration_ms), record.ttft_ms.map(microseconds));
        self.ids.push(Uuid::from_bytes(call_id(&record.id)?));
        self.started.push(record.started_at_us);
        self.durations.push(duration);
        self.ttfts.push(ttft);
        for (column, count) in self.usages.iter_mut().zip(usage_columns(record.usage.as_ref())) {
            column.push(count);
        }
        self.costs.push(record.cost_usd);
        self.attempts.push(i32::try_from(record.attempts).unwrap_or(i32::MAX));
        self.statuses.push(record.status.map(i32::from));
        self.days.push(i32::try_from(day_of(record.started_at_us)).unwrap_or(i32::MAX));
        self.duration_buckets.push(bucket_of(duration) as i16);
        self.ttft_buckets.push(ttft.map(|ttft| bucket_of(ttft) as i16));
        self.streams.push(record.stream);
        self.outcomes.push(record.outcome.as_str());
        self.operations.push(record.operation.as_str());
        self.models.push(indexed(&record.model));
        let texts = [
            record.model_served.as_deref().map(kept),
            record.provider.as_deref().map(kept),
            record.error.as_deref().map(kept),
            record.finish_reason.as_deref().map(kept),
            Some(indexed(&record.request_id)),
            record.session_id.as_deref().map(indexed),
            record.turn_id.as_deref().map(kept),
            record.upstream_request_id.as_deref().map(kept),
            record.run_id.as_deref().map(indexed),
            record.key_id.as_deref().map(indexed),
        ];
        self.texts.iter_mut().zip(texts).for_each(|(column, text)| column.push(text));
        Ok(())
    }
}
