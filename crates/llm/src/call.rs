//! The record of one call: what was asked, who answered, what it took.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Operation, Usage};

/// What is kept of one call to a provider. Never holds a prompt, an answer or a credential.
///
/// It is read back from what earlier and later versions have written: a field that is added later is an
/// `Option` or has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The call's id: a UUIDv7, so that ids sort by time.
    pub id: Arc<str>,
    /// The request it was made for.
    pub request_id: Arc<str>,
    /// The conversation it belongs to, if any.
    pub session_id: Option<Arc<str>>,
    /// The turn it answers, if any.
    pub turn_id: Option<Arc<str>>,
    /// The run of an agent it is a step of, if any.
    pub run_id: Option<Arc<str>>,
    /// The id of the API key it was made with, if that is a stored one; never the key.
    pub key_id: Option<Arc<str>>,
    /// When it began, in Unix microseconds.
    pub started_at_us: i64,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Operation::is_usual")]
    pub operation: Operation,
    /// The model the caller asked for.
    pub model: Arc<str>,
    /// The model that answered, as it names itself.
    pub model_served: Option<Arc<str>>,
    /// The provider that answered or failed last.
    pub provider: Option<Arc<str>>,
    /// Whether the caller asked for a stream.
    pub stream: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// The upstream's HTTP status, where there was one.
    pub status: Option<u16>,
    /// The kind of failure, if it failed ([`ErrorKind::as_str`](crate::ErrorKind::as_str)).
    pub error: Option<Arc<str>>,
    /// Why the model stopped.
    pub finish_reason: Option<Arc<str>>,
    /// How often a provider was asked.
    pub attempts: u32,
    /// From the start to the first output, in milliseconds.
    pub ttft_ms: Option<f64>,
    /// From the start to the end, in milliseconds.
    pub duration_ms: f64,
    /// Token counts, where the upstream sent them.
    pub usage: Option<Usage>,
    /// What it cost, where a price is known.
    pub cost_usd: Option<f64>,
    /// The upstream's own id of the request.
    pub upstream_request_id: Option<Arc<str>>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// With a whole answer.
    Ok,
    /// With an error, before or within the answer.
    Error,
    /// The caller went away first.
    Cancelled,
}

impl Outcome {
    /// The name in logs, records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
        }
    }
}
