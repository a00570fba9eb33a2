//! How Anthropic tells a caller what is left of its limits.

use playhouse_llm::{RateLimit, RateLimits};

/// The headers of a response. When all is there again is a time of day here, and this crate knows none: it
/// is left to `retry-after`.
pub(super) fn headers(limits: &RateLimits) -> Vec<(&'static str, String)> {
    let requests = ["anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining"];
    let tokens = ["anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining"];
    let told = |names: [&'static str; 2], limit: Option<RateLimit>| {
        let values = limit.map(|limit| [limit.limit.to_string(), limit.remaining.to_string()]);
        values.into_iter().flat_map(move |values| names.into_iter().zip(values))
    };
    told(requests, limits.requests).chain(told(tokens, limits.tokens)).collect()
}
