//! How OpenAI tells a caller what is left of its limits.

use std::time::Duration;

use playhouse_llm::{RateLimit, RateLimits};

/// The headers of a response.
pub(super) fn headers(limits: &RateLimits) -> Vec<(&'static str, String)> {
    let requests =
        ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"];
    let tokens = ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"];
    let told = |names: [&'static str; 3], limit: Option<RateLimit>| {
        let values =
            limit.map(|limit| [limit.limit.to_string(), limit.remaining.to_string(), span(limit.reset)]);
        values.into_iter().flat_map(move |values| names.into_iter().zip(values))
    };
    told(requests, limits.requests).chain(told(tokens, limits.tokens)).collect()
}

/// A time as OpenAI writes it: `12ms`, `1s`, `6m0s`, `1h0m0s`.
fn span(time: Duration) -> String {
    let milliseconds = time.as_micros().div_ceil(1000);
    if milliseconds < 1000 {
        return format!("{milliseconds}ms");
    }
    // Rounded up: a caller must not come back too early.
    let seconds = milliseconds.div_ceil(1000);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_vendor_does() {
        for (milliseconds, text) in
            [(0, "0ms"), (12, "12ms"), (1_000, "1s"), (1_001, "2s"), (360_000, "6m0s"), (3_661_000, "1h1m1s")]
        {
            assert_eq!(span(Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn only_what_is_limited_is_told() {
        let minute = Duration::from_secs(60);
        let limit =
            RateLimit { limit: 100, remaining: 42, reset: Duration::from_millis(600), window: minute };
        let told = headers(&RateLimits { requests: None, tokens: Some(limit) });
        let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, &**value)).collect();
        let expected = [
            ("x-ratelimit-limit-tokens", "100"),
            ("x-ratelimit-remaining-tokens", "42"),
            ("x-ratelimit-reset-tokens", "600ms"),
        ];
        assert_eq!(told, expected);
    }
}
