//! The call log: records of calls to providers, and what can be asked about them.

use std::sync::Arc;

use async_trait::async_trait;
use playhouse_llm::{CallRecord, Outcome};
use serde::{Deserialize, Serialize};

use crate::{Scope, StoreError};

/// The call log.
#[async_trait]
pub trait Calls: Send + Sync {
    /// Adds records. One whose id is there already is left as it is, so that a batch may be sent twice.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when a record's id is no UUID; none of the batch is stored then.
    async fn append_calls(&self, records: Arc<[CallRecord]>) -> Result<(), StoreError>;

    /// The records that fit a filter, newest first.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when the filter's `before` or `after` is no UUID.
    async fn list_calls(&self, filter: CallFilter) -> Result<Vec<CallRecord>, StoreError>;

    /// Sums over the records within a scope that began at `since_us` (Unix microseconds) or later; over all for `None`.
    ///
    /// Days come newest first, and within a day the models by their number of calls.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn call_stats(
        &self,
        scope: &Scope,
        by: StatsBy,
        since_us: Option<i64>,
    ) -> Result<Vec<CallStat>, StoreError>;

    /// Removes up to `limit` of the oldest records that began before `before_us` (Unix microseconds), and
    /// says how many.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn prune_calls(&self, before_us: i64, limit: u32) -> Result<u64, StoreError>;
}

/// Which call records are wanted. An empty filter takes the newest 100.
///
/// Times are compared by the millisecond that a record's id holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFilter {
    /// Only those within this scope.
    pub scope: Scope,
    /// Only those that asked for this model.
    pub model: Option<Arc<str>>,
    /// Only those of this session.
    pub session_id: Option<Arc<str>>,
    /// Only those of this run.
    pub run_id: Option<Arc<str>>,
    /// Only those of this request.
    pub request_id: Option<Arc<str>>,
    /// Only those that ended so.
    pub outcome: Option<Outcome>,
    /// Only those that began then or later, in Unix microseconds.
    pub since_us: Option<i64>,
    /// Only those that began before then, in Unix microseconds.
    pub until_us: Option<i64>,
    /// Only those older than this id: the last of the page before.
    pub before: Option<Arc<str>>,
    /// Only those newer than this id: the first of what has been seen.
    pub after: Option<Arc<str>>,
    /// How many at most, 1 to 1,000.
    pub limit: u32,
}

impl Default for CallFilter {
    fn default() -> Self {
        Self {
            scope: Scope::Everything,
            model: None,
            session_id: None,
            run_id: None,
            request_id: None,
            outcome: None,
            since_us: None,
            until_us: None,
            before: None,
            after: None,
            limit: 100,
        }
    }
}

/// What sums are taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatsBy {
    /// One row a day (UTC).
    #[default]
    Day,
    /// One row a model.
    Model,
    /// One row for each model of each day.
    DayAndModel,
}

/// Sums over some calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CallStat {
    /// The day (`2026-11-05`, UTC), when it is by day.
    pub day: Option<String>,
    /// The model asked for, when it is by model. There is a bound of some thousand rows; models beyond it
    /// are summed up as `(other)`.
    pub model: Option<Arc<str>>,
    /// How many calls.
    pub calls: u64,
    /// How many of them ended with an error.
    pub errors: u64,
    /// How many of them their caller left.
    pub cancelled: u64,
    /// Tokens of the prompts.
    pub prompt_tokens: u64,
    /// Those of them that came from a vendor's cache.
    pub cached_tokens: u64,
    /// Tokens of the answers.
    pub completion_tokens: u64,
    /// Those of them that were spent on reasoning.
    pub reasoning_tokens: u64,
    /// What the calls cost, as far as prices are known.
    pub cost_usd: f64,
    /// Time to the first output of the calls that had one; `None` where none had.
    pub ttft_ms: Option<Spread>,
    /// Time from start to end.
    pub duration_ms: Option<Spread>,
}

/// How some times lie. The percentiles are exact to about five in a hundred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// The average.
    pub mean: f64,
    /// Half of them are at most this.
    pub p50: f64,
    /// 95 of a hundred are at most this.
    pub p95: f64,
}
