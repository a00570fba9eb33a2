//! What Anthropic says when it refuses with a status, where nobody says why.

use playhouse_llm::Error;

use super::NAME;
use crate::protocols::anthropic::complaint;

/// The refusal with this status.
pub(super) fn of_status(status: u16) -> Error {
    complaint("anthropic/fault", status, words(status)).to_error(NAME)
}

/// The class of a refusal with this status (<https://platform.claude.com/docs/en/api/errors>).
pub(in crate::protocols::anthropic) fn class_of(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

fn words(status: u16) -> &'static str {
    match status {
        401 => "invalid x-api-key",
        402 => {
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."
        }
        403 => "Request not allowed",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Request exceeds the maximum size",
        429 => "This request would exceed your account's rate limit. Please try again later.",
        504 => "Request timed out",
        529 => "Overloaded",
        400..=499 => "Invalid request",
        _ => "Internal server error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_words_and_keeps_itself() {
        for status in [400, 401, 402, 403, 404, 405, 408, 409, 413, 418, 422, 429, 500, 502, 503, 504, 529] {
            let error = of_status(status);
            assert_eq!(error.upstream_status(), Some(status));
            assert!(!error.message.is_empty(), "{status}");
        }
    }
}
