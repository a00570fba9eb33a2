//! What OpenAI tells of its rate limits: in headers, and when one is reached.

use std::time::Duration;

use playhouse_llm::Error;

use super::NAME;
use crate::protocols::openai::strict::complaint::Complaint;
use crate::quota::{Exceeded, Limited, QuotaState};

/// The refusal of a request for which there is too little left.
pub(super) fn refusal(exceeded: &Exceeded, model: &str) -> Error {
    let (what, short) = match exceeded.which {
        Limited::Requests => ("requests", "RPM"),
        Limited::Tokens => ("tokens", "TPM"),
    };
    let Exceeded { limit, used, requested, retry_after, .. } = exceeded;
    let of = format!("for {model} in organization org-playhouse on {what} per min ({short}): Limit {limit}");
    let reached = match retry_after {
        Some(wait) => format!(
            "Rate limit reached {of}, Used {used}, Requested {requested}. Please try again in {}.",
            duration(*wait)
        ),
        None => format!(
            "Request too large {of}, Requested {requested}. The input or output tokens must be reduced in order to run successfully."
        ),
    };
    let message = format!("{reached} Visit https://platform.openai.com/account/rate-limits to learn more.");
    let refused = Complaint::new(message).status(429).class(what).code("rate_limit_exceeded");
    Error { retry_after: *retry_after, ..refused.under("openai/quota").to_error(NAME) }
}

/// Each limit that there is, what is left of it, and until when.
pub(super) fn headers(quota: &QuotaState) -> Vec<(&'static str, String)> {
    let requests =
        ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"];
    let tokens = ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"];
    let limits = [(requests, quota.requests), (tokens, quota.tokens)];
    let told = limits.into_iter().filter_map(|(names, budget)| Some((names, budget?)));
    told.flat_map(|([limit, remaining, reset], budget)| {
        [
            (limit, budget.limit.to_string()),
            (remaining, budget.remaining.to_string()),
            (reset, duration(budget.reset)),
        ]
    })
    .collect()
}

/// `6m0s`, `51.174s`, `12ms`, `0s`.
pub(super) fn duration(time: Duration) -> String {
    let millis = time.as_millis();
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    let fraction = match format!(".{:03}", millis % 1000).trim_end_matches('0') {
        "." => String::new(),
        digits => digits.to_owned(),
    };
    match (hours, minutes) {
        (0, 0) if (1..1000).contains(&millis) => format!("{millis}ms"),
        (0, 0) => format!("{seconds}{fraction}s"),
        (0, _) => format!("{minutes}m{seconds}{fraction}s"),
        _ => format!("{hours}h{minutes}m{seconds}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::Budget;

    #[test]
    fn durations_are_written_as_recorded() {
        let cases: [(u64, &str); 9] = [
            (0, "0s"),
            (2, "2ms"),
            (120, "120ms"),
            (1000, "1s"),
            (51_174, "51.174s"),
            (8_640, "8.64s"),
            (360_000, "6m0s"),
            (86_410, "1m26.41s"),
            (3_600_000, "1h0m0s"),
        ];
        for (millis, written) in cases {
            assert_eq!(duration(Duration::from_millis(millis)), written);
        }
    }

    #[test]
    fn only_limits_that_there_are_are_told() {
        let budget = Budget { limit: 500, remaining: 499, reset: Duration::from_millis(120) };
        let told = headers(&QuotaState { requests: Some(budget), tokens: None });
        let expected = [
            ("x-ratelimit-limit-requests", "500".to_owned()),
            ("x-ratelimit-remaining-requests", "499".to_owned()),
            ("x-ratelimit-reset-requests", "120ms".to_owned()),
        ];
        assert_eq!(told, expected);
    }
}
