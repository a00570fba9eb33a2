//! How much may be asked in a minute.

use schemars::JsonSchema;
use serde::Deserialize;

/// A vendor's limits, with its headers on every answer and its refusal beyond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// Requests in a minute.
    pub requests_per_minute: Option<u32>,
    /// Tokens in a minute, of requests and answers.
    pub tokens_per_minute: Option<u64>,
}
