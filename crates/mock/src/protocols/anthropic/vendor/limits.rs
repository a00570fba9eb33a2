//! What Anthropic tells of its rate limits: in headers, and when one is reached
//! (<https://platform.claude.com/docs/en/api/rate-limits>).

use jiff::Timestamp;
use playhouse_llm::Error;

use super::NAME;
use crate::protocols::anthropic::complaint;
use crate::quota::{Budget, Exceeded, Limited, QuotaState};

/// Whose limits they are.
pub(super) const ORGANIZATION: &str = "00000000-0000-4000-8000-000000000000";

/// The refusal of a request for which there is too little left.
pub(super) fn refusal(exceeded: &Exceeded, model: &str) -> Error {
    let what = match exceeded.which {
        Limited::Requests => "requests",
        Limited::Tokens => "input tokens",
    };
    let message = format!(
        "This request would exceed your organization's rate limit of {} {what} per minute (org: {ORGANIZATION}, model: {model}). For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage. Please reduce the prompt length or the maximum tokens requested, or try again later. You may also contact sales at https://www.anthropic.com/contact-sales to discuss your options for a rate limit increase.",
        grouped(exceeded.limit)
    );
    let refused = complaint("anthropic/quota", 429, message).to_error(NAME);
    Error { retry_after: exceeded.retry_after, ..refused }
}

/// `30,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|part| std::str::from_utf8(part).ok()).collect();
    parts.join(",")
}

/// Each limit that there is, what is left of it, and when all of it is back.
pub(super) fn headers(quota: &QuotaState, now: Timestamp) -> Vec<(&'static str, String)> {
    let requests = [
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
    ];
    let tokens = [
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
    ];
    let input = [
        "anthropic-ratelimit-input-tokens-limit",
        "anthropic-ratelimit-input-tokens-remaining",
        "anthropic-ratelimit-input-tokens-reset",
    ];
    let limits = [(requests, quota.requests), (tokens, quota.tokens), (input, quota.tokens)];
    let told =
        limits.into_iter().filter_map(|(names, budget)| Some(names.into_iter().zip(values(budget?, now))));
    told.flatten().collect()
}

fn values(budget: Budget, now: Timestamp) -> [String; 3] {
    // A wait beyond all times is none that anybody is told.
    let reset = now.checked_add(budget.reset).unwrap_or(now);
    let reset = reset.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    [budget.limit.to_string(), budget.remaining.to_string(), reset]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn limits_are_told_with_the_time_they_end() {
        let budget = Budget { limit: 50, remaining: 49, reset: Duration::from_secs(61) };
        let quota = QuotaState { requests: Some(budget), tokens: None };
        let told = headers(&quota, Timestamp::from_second(1_754_352_000).unwrap());
        let expected = [
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2025-08-05T00:01:01Z"),
        ];
        assert_eq!(told, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(
            [0, 50, 999, 1000, 30_000, 2_000_000].map(grouped),
            ["0", "50", "999", "1,000", "30,000", "2,000,000"]
        );
    }
}
