//! What OpenAI says when it refuses with a status, where nobody says why.

use playhouse_llm::Error;

use super::NAME;
use crate::protocols::Violation;
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::unparsable;

/// The refusal with this status.
pub(super) fn of_status(status: u16) -> Error {
    violation(status).to_error(NAME)
}

fn violation(status: u16) -> Violation {
    if status == 400 {
        return unparsable();
    }
    let (class, code, message) = words(status);
    let complaint = Complaint::new(message).status(status).class(class);
    code.map_or_else(|| complaint.clone(), |code| complaint.clone().code(code)).under("openai/fault")
}

const INVALID: &str = "invalid_request_error";
const SERVER: &str = "server_error";

/// The class, the code and the sentence.
fn words(status: u16) -> (&'static str, Option<&'static str>, &'static str) {
    match status {
        401 => (
            INVALID,
            Some("invalid_api_key"),
            "Incorrect API key provided: sk-****. You can find your API key at https://platform.openai.com/account/api-keys.",
        ),
        403 => (
            "request_forbidden",
            Some("unsupported_country_region_territory"),
            "Country, region, or territory not supported",
        ),
        404 => {
            (INVALID, Some("model_not_found"), "The model does not exist or you do not have access to it.")
        }
        405 => (
            INVALID,
            Some("method_not_supported"),
            "Not allowed to use this method here. (HINT: Perhaps you meant to use a different HTTP method?)",
        ),
        408 => (SERVER, None, "Request timed out."),
        409 => (INVALID, None, "The resource was updated by another request. Please try again."),
        413 => (SERVER, None, "Maximum content size limit (26214400) exceeded"),
        415 => (
            INVALID,
            Some("unsupported_content_type"),
            "Unsupported content type. This API method only accepts 'application/json' requests. Please try again with a supported content type.",
        ),
        422 => (INVALID, None, "Unable to process the request despite the format being correct."),
        429 => (
            "requests",
            Some("rate_limit_exceeded"),
            "Rate limit reached for requests. Visit https://platform.openai.com/account/rate-limits to learn more.",
        ),
        502 => ("cf_bad_gateway", None, "Bad gateway."),
        503 | 529 => (
            SERVER,
            None,
            "That model is currently overloaded with other requests. You can retry your request, or contact us through our help center at help.openai.com if the error persists.",
        ),
        504 => ("cf_gateway_timeout", None, "Gateway timeout."),
        500..=599 => (
            SERVER,
            None,
            "The server had an error while processing your request. Sorry about that! You can retry your request, or contact us through our help center at help.openai.com if the error persists.",
        ),
        _ => (INVALID, None, "The request is refused."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_words_and_keeps_itself() {
        for status in [400, 401, 403, 404, 405, 408, 409, 413, 415, 418, 422, 429, 500, 502, 503, 504, 529] {
            let error = of_status(status);
            assert_eq!(error.upstream_status(), Some(status));
            assert!(!error.message.is_empty(), "{status}");
        }
    }
}
