//! How Anthropic behaves on all of its protocols.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use playhouse_llm::Error;
use playhouse_wire::{AnthropicMessages, Codec};
use serde_json::json;

use super::complaint;
use crate::protocols::{Vendor, Violation};
use crate::quota::{Budget, Exceeded, Limited, QuotaState};

/// Anthropic.
#[derive(Clone, Copy, Debug)]
pub struct Anthropic;

pub(super) const NAME: &str = "anthropic";
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

impl Vendor for Anthropic {
    fn name(&self) -> &'static str {
        NAME
    }

    fn check_headers(&self, headers: &HeaderMap, known_keys: &[String]) -> Option<Violation> {
        let key = self.api_key(headers);
        if key.is_none() {
            return Some(complaint("anthropic/api-key-there", 401, "x-api-key header is required"));
        }
        let is_known = |key: &str| known_keys.is_empty() || known_keys.iter().any(|known| known == key);
        if !key.is_some_and(is_known) {
            return Some(complaint("anthropic/api-key-known", 401, "invalid x-api-key"));
        }
        let has_version = headers.contains_key("anthropic-version");
        let missing = || complaint("anthropic/version", 400, "anthropic-version: header is required");
        (!has_version).then(missing)
    }

    /// Where Anthropic's own clients put it, or as a bearer token.
    fn api_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let text = |value: &'a HeaderValue| value.to_str().ok();
        let bearer = || text(headers.get(header::AUTHORIZATION)?)?.strip_prefix("Bearer ");
        let key = headers.get("x-api-key").and_then(text).or_else(bearer)?.trim();
        (!key.is_empty()).then_some(key)
    }

    fn wrong_method(&self, _method: &Method, _path: &str) -> Violation {
        complaint("anthropic/method", 405, "Method Not Allowed")
    }

    fn refusal(&self, status: u16) -> Error {
        complaint("anthropic/fault", status, words(status)).to_error(NAME)
    }

    fn over_quota(&self, exceeded: &Exceeded, model: &str) -> Error {
        let what = match exceeded.which {
            Limited::Requests => "requests",
            Limited::Tokens => "input tokens",
        };
        let message = format!(
            "This request would exceed your organization's rate limit of {} {what} per minute (model: {model}).",
            exceeded.limit
        );
        let refused = complaint("anthropic/quota", 429, message).to_error(NAME);
        Error { retry_after: exceeded.retry_after, ..refused }
    }

    fn error_body(&self, error: &Error, status: u16, request_id: &str) -> Bytes {
        let own = error.upstream.as_ref().filter(|own| &*own.provider == NAME && own.body.is_none());
        match own.and_then(|own| own.class.as_deref()) {
            Some(class) => {
                let told = json!({ "type": class, "message": error.message });
                json!({ "type": "error", "error": told, "request_id": request_id }).to_string().into()
            }
            None => AnthropicMessages.write_error(error, status, request_id),
        }
    }

    fn add_headers(&self, request_id: &str, headers: &mut HeaderMap) {
        headers.extend(HeaderValue::from_str(request_id).map(|id| (REQUEST_ID, id)));
    }

    fn call_id_prefix(&self) -> &'static str {
        "toolu_"
    }

    fn quota_headers(&self, quota: &QuotaState) -> Vec<(&'static str, String)> {
        let requests = ["anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining"];
        let tokens = ["anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining"];
        let told = |names: [&'static str; 2], budget: Option<Budget>| {
            budget.map(|budget| {
                [(names[0], budget.limit.to_string()), (names[1], budget.remaining.to_string())]
            })
        };
        [told(requests, quota.requests), told(tokens, quota.tokens)].into_iter().flatten().flatten().collect()
    }
}

/// The class of a refusal with this status (<https://docs.anthropic.com/en/api/errors>).
pub(super) fn class_of(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

/// What Anthropic says with a status where nobody says why.
fn words(status: u16) -> &'static str {
    match status {
        401 => "invalid x-api-key",
        403 => "Request not allowed",
        404 => "Not Found",
        413 => "Request exceeds the maximum size",
        429 => "This request would exceed your account's rate limit. Please try again later.",
        529 => "Overloaded",
        400..=499 => "Invalid request",
        _ => "Internal server error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(field).collect()
    }

    #[test]
    fn key_and_version_must_be_there() {
        let (key, version) = (("x-api-key", "sk-1"), ("anthropic-version", "2023-06-01"));
        let refused = |fields: &[_], known: &[String]| {
            Anthropic
                .check_headers(&headers(fields), known)
                .map(|violation| (violation.status, violation.class))
        };
        let known = ["sk-1".to_owned()];
        assert_eq!(refused(&[key, version], &known), None);
        assert_eq!(refused(&[("authorization", "Bearer sk-1"), version], &known), None);
        assert_eq!(refused(&[version], &known), Some((401, "authentication_error")));
        assert_eq!(refused(&[("x-api-key", "sk-2"), version], &known), Some((401, "authentication_error")));
        assert_eq!(refused(&[key], &known), Some((400, "invalid_request_error")));
    }

    #[test]
    fn a_refusal_has_anthropics_body() {
        let refusal = Anthropic.refusal(529);
        assert_eq!(
            Anthropic.error_body(&refusal, 529, "req_1"),
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#
        );
    }
}
