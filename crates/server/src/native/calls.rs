//! `/v1/calls`: the call log.

use axum::Json;
use axum::extract::State;
use playhouse_llm::{CallRecord, Error, Outcome};
use playhouse_store::{CallFilter, CallStat, Scope, Spread, StatsBy};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Failure, Params, Who, Within};
use super::{moment, timestamp};
use crate::app::App;
use crate::failure::store_failure;

const MAX_CALLS: u32 = 1000;

/// Which calls to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Only those older than this call: the `next` of the page before.
    #[param(pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    before: Option<String>,
    /// Only those that asked for this model.
    model: Option<String>,
    /// Only those of this conversation.
    session_id: Option<String>,
    /// Only those of this run of an agent.
    run_id: Option<String>,
    /// Only those of this request.
    request_id: Option<String>,
    /// Only those made with this API key; for operators.
    key_id: Option<String>,
    /// Only those that ended so: `ok`, `error` or `cancelled`.
    #[param(value_type = Option<OutcomeName>)]
    outcome: Option<OutcomeName>,
    /// Only those that began then or later (RFC 3339).
    #[param(format = DateTime)]
    since: Option<String>,
    /// Only those that began before then (RFC 3339).
    #[param(format = DateTime)]
    until: Option<String>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OutcomeName {
    /// With a whole answer.
    Ok,
    /// With an error.
    Error,
    /// The caller went away first.
    Cancelled,
}

/// What to sum over.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsParams {
    /// One row a `day`, a `model`, or both.
    by: Option<StatsByName>,
    /// Only calls that began then or later (RFC 3339).
    #[param(format = DateTime)]
    since: Option<String>,
    /// Only calls made with this API key; for operators.
    key_id: Option<String>,
}

/// What a row of sums stands for.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatsByName {
    /// A day (UTC).
    Day,
    /// A model.
    Model,
    /// A model on a day.
    DayAndModel,
}

/// Calls, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallList {
    /// The calls.
    calls: Vec<CallView>,
    /// What to ask `before` for the next page; null on the last.
    next: Option<String>,
}

/// One call to a provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallView {
    /// The call's id.
    id: String,
    /// The request it was made for.
    request_id: String,
    /// The conversation it belongs to, if any.
    session_id: Option<String>,
    /// The turn it answers, if any.
    turn_id: Option<String>,
    /// The run of an agent it is a step of, if any.
    run_id: Option<String>,
    /// The id of the API key it was made with; null for the operators' own.
    key_id: Option<String>,
    /// When it began.
    #[schema(format = DateTime)]
    started_at: String,
    /// What was asked for: `chat` or `embeddings`.
    operation: &'static str,
    /// The model asked for.
    model: String,
    /// The model that answered, as it names itself.
    model_served: Option<String>,
    /// The provider that answered or failed last.
    provider: Option<String>,
    /// Whether a stream was asked for.
    stream: bool,
    /// `ok`, `error` or `cancelled`.
    outcome: &'static str,
    /// The provider's HTTP status.
    status: Option<u16>,
    /// The kind of failure, if it failed.
    error: Option<String>,
    /// Why the model stopped.
    finish_reason: Option<String>,
    /// How often a provider was asked.
    attempts: u32,
    /// From the start to the first output, in milliseconds.
    ttft_ms: Option<f64>,
    /// From the start to the end, in milliseconds.
    duration_ms: f64,
    /// Tokens the model read.
    prompt_tokens: Option<u64>,
    /// Tokens the model wrote.
    completion_tokens: Option<u64>,
    /// All of them.
    total_tokens: Option<u64>,
    /// Those read from the provider's cache.
    cached_tokens: Option<u64>,
    /// Those spent on reasoning.
    reasoning_tokens: Option<u64>,
    /// What it cost in US dollars, where a price is known.
    cost_usd: Option<f64>,
    /// The provider's own id of the request.
    upstream_request_id: Option<String>,
}

/// Sums over calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallStats {
    /// The rows.
    stats: Vec<StatView>,
}

/// Sums over the calls of a day, a model, or both.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatView {
    /// The day (UTC), when it is by day.
    day: Option<String>,
    /// The model, when it is by model.
    model: Option<String>,
    /// How many calls.
    calls: u64,
    /// How many failed.
    errors: u64,
    /// How many were given up by their caller.
    cancelled: u64,
    /// Tokens read.
    prompt_tokens: u64,
    /// Those read from a cache.
    cached_tokens: u64,
    /// Tokens written.
    completion_tokens: u64,
    /// Those spent on reasoning.
    reasoning_tokens: u64,
    /// What they cost in US dollars, as far as prices are known.
    cost_usd: f64,
    /// Milliseconds to the first output.
    ttft_ms: Option<SpreadView>,
    /// Milliseconds from start to end.
    duration_ms: Option<SpreadView>,
}

/// How some times lie.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SpreadView {
    /// The average.
    mean: f64,
    /// Half are at most this.
    p50: f64,
    /// 95 of a hundred are at most this.
    p95: f64,
}

impl From<OutcomeName> for Outcome {
    fn from(name: OutcomeName) -> Self {
        match name {
            OutcomeName::Ok => Self::Ok,
            OutcomeName::Error => Self::Error,
            OutcomeName::Cancelled => Self::Cancelled,
        }
    }
}

impl From<StatsByName> for StatsBy {
    fn from(name: StatsByName) -> Self {
        match name {
            StatsByName::Day => Self::Day,
            StatsByName::Model => Self::Model,
            StatsByName::DayAndModel => Self::DayAndModel,
        }
    }
}

impl From<&CallRecord> for CallView {
    fn from(record: &CallRecord) -> Self {
        let text = |value: &Option<std::sync::Arc<str>>| value.as_deref().map(str::to_owned);
        let usage = record.usage.as_ref();
        Self {
            id: record.id.to_string(),
            request_id: record.request_id.to_string(),
            session_id: text(&record.session_id),
            turn_id: text(&record.turn_id),
            run_id: text(&record.run_id),
            key_id: text(&record.key_id),
            started_at: timestamp(record.started_at_us),
            operation: record.operation.as_str(),
            model: record.model.to_string(),
            model_served: text(&record.model_served),
            provider: text(&record.provider),
            stream: record.stream,
            outcome: record.outcome.as_str(),
            status: record.status,
            error: text(&record.error),
            finish_reason: text(&record.finish_reason),
            attempts: record.attempts,
            ttft_ms: record.ttft_ms,
            duration_ms: record.duration_ms,
            prompt_tokens: usage.map(|usage| usage.prompt_tokens),
            completion_tokens: usage.map(|usage| usage.completion_tokens),
            total_tokens: usage.map(|usage| usage.total_tokens),
            cached_tokens: usage.and_then(|usage| usage.cached_tokens),
            reasoning_tokens: usage.and_then(|usage| usage.reasoning_tokens),
            cost_usd: record.cost_usd,
            upstream_request_id: text(&record.upstream_request_id),
        }
    }
}

impl From<CallStat> for StatView {
    fn from(stat: CallStat) -> Self {
        Self {
            day: stat.day,
            model: stat.model.as_deref().map(str::to_owned),
            calls: stat.calls,
            errors: stat.errors,
            cancelled: stat.cancelled,
            prompt_tokens: stat.prompt_tokens,
            cached_tokens: stat.cached_tokens,
            completion_tokens: stat.completion_tokens,
            reasoning_tokens: stat.reasoning_tokens,
            cost_usd: stat.cost_usd,
            ttft_ms: stat.ttft_ms.map(SpreadView::from),
            duration_ms: stat.duration_ms.map(SpreadView::from),
        }
    }
}

impl From<Spread> for SpreadView {
    fn from(spread: Spread) -> Self {
        Self { mean: spread.mean, p50: spread.p50, p95: spread.p95 }
    }
}

/// List calls, newest first.
#[utoipa::path(
    get,
    path = "/v1/calls",
    operation_id = "list_calls",
    tag = "calls",
    params(ListParams),
    responses((status = 200, body = CallList), (status = "default", response = crate::ops::docs::ProblemResponse)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Who(identity): Who,
    within: Within,
    Params(mut params): Params<ListParams>,
) -> Result<Json<CallList>, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let scope = within.narrowed(params.key_id.take()).map_err(refuse)?;
    let filter = filter(scope, params).map_err(refuse)?;
    let limit = filter.limit as usize;
    let records = app.store().list_calls(filter).await.map_err(|error| refuse(store_failure(&error)))?;
    let next = records.last().filter(|_| records.len() == limit).map(|record| record.id.to_string());
    Ok(Json(CallList { calls: records.iter().map(CallView::from).collect(), next }))
}

/// Sum calls up.
#[utoipa::path(
    get,
    path = "/v1/calls/stats",
    operation_id = "call_stats",
    tag = "calls",
    params(StatsParams),
    responses((status = 200, body = CallStats), (status = "default", response = crate::ops::docs::ProblemResponse)),
)]
pub(crate) async fn stats(
    State(app): State<App>,
    Who(identity): Who,
    within: Within,
    Params(params): Params<StatsParams>,
) -> Result<Json<CallStats>, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let since_us = moment("since", params.since.as_deref()).map_err(refuse)?;
    let by = params.by.map(StatsBy::from).unwrap_or_default();
    let scope = within.narrowed(params.key_id).map_err(refuse)?;
    let stats =
        app.store().call_stats(&scope, by, since_us).await.map_err(|error| refuse(store_failure(&error)))?;
    Ok(Json(CallStats { stats: stats.into_iter().map(StatView::from).collect() }))
}

fn filter(scope: Scope, params: ListParams) -> Result<CallFilter, Error> {
    Ok(CallFilter {
        scope,
        limit: super::limit(params.limit, 100, MAX_CALLS)?,
        since_us: moment("since", params.since.as_deref())?,
        until_us: moment("until", params.until.as_deref())?,
        before: params.before.map(Into::into),
        model: params.model.map(Into::into),
        session_id: params.session_id.map(Into::into),
        run_id: params.run_id.map(Into::into),
        request_id: params.request_id.map(Into::into),
        outcome: params.outcome.map(Outcome::from),
        after: None,
    })
}
