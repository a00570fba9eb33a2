//! Who asks, and in which version of the API: what the headers of a request say.

use http::{HeaderMap, HeaderValue, header};

use crate::protocols::Violation;
use crate::protocols::anthropic::complaint;

/// The versions there are (<https://platform.claude.com/docs/en/api/versioning>).
const VERSIONS: [&str; 2] = ["2023-06-01", "2023-01-01"];

const VERSION: &str = "anthropic-version";
const BETA: &str = "anthropic-beta";

/// Whether a request is meant for Anthropic: by the headers of its clients, or by a path like those
/// under which others offer it.
pub(super) fn is_addressed(path: &str, headers: &HeaderMap) -> bool {
    [VERSION, BETA, "x-api-key"].iter().any(|name| headers.contains_key(*name))
        || path.contains("/anthropic/")
}

/// Refuses what lacks a key or a version, or has a wrong one.
pub(super) fn check(headers: &HeaderMap, known_keys: &[String]) -> Option<Violation> {
    key(headers, known_keys).or_else(|| version(headers)).or_else(|| trials(headers))
}

/// Where Anthropic's own clients put it, or as a bearer token.
pub(super) fn api_key(headers: &HeaderMap) -> Option<&str> {
    let key = headers.get("x-api-key").and_then(text).or_else(|| bearer(headers))?.trim();
    (!key.is_empty()).then_some(key)
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION).and_then(text)?.strip_prefix("Bearer ")
}

fn key(headers: &HeaderMap, known_keys: &[String]) -> Option<Violation> {
    let Some(key) = api_key(headers) else {
        return Some(complaint("anthropic/api-key-there", 401, "x-api-key header is required"));
    };
    let is_known = known_keys.is_empty() || known_keys.iter().any(|known| known == key);
    let words = if headers.contains_key("x-api-key") { "invalid x-api-key" } else { "Invalid bearer token" };
    (!is_known).then(|| complaint("anthropic/api-key-known", 401, words))
}

fn version(headers: &HeaderMap) -> Option<Violation> {
    let Some(said) = headers.get(VERSION) else {
        return Some(complaint("anthropic/version", 400, format!("{VERSION}: header is required")));
    };
    let said = text(said).unwrap_or("?").trim();
    // Nobody has shown the words.
    let unknown = || {
        let message = format!(
            r#"{VERSION}: "{said}" is not a valid version. Please see our docs https://docs.claude.com/en/api/versioning"#
        );
        complaint("anthropic/version-known", 400, message)
    };
    (!VERSIONS.contains(&said)).then(unknown)
}

/// What is in trial comes and goes faster than lists of it; but all of it is named with a date
/// (<https://platform.claude.com/docs/en/api/beta-headers>).
fn trials(headers: &HeaderMap) -> Option<Violation> {
    let said = headers.get_all(BETA).iter().filter_map(text).flat_map(|value| value.split(','));
    let strange: Vec<String> = said
        .map(str::trim)
        .filter(|name| !name.is_empty() && !ends_with_a_date(name))
        .map(|name| format!("`{name}`"))
        .collect();
    let unexpected = || {
        let message = format!(
            "Unexpected value(s) {} for the `{BETA}` header. Please consult our documentation at platform.claude.com/docs or try again without the header.",
            strange.join(", ")
        );
        complaint("anthropic/beta", 400, message)
    };
    (!strange.is_empty()).then(unexpected)
}

/// `-2025-08-07` or `-20250807`.
fn ends_with_a_date(name: &str) -> bool {
    let digits: String = name.chars().rev().filter(|letter| *letter != '-').take(8).collect();
    digits.len() == 8 && digits.chars().all(|letter| letter.is_ascii_digit()) && name.len() > 9
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(field).collect()
    }

    const KEY: (&str, &str) = ("x-api-key", "sk-1");
    const NOW: (&str, &str) = (VERSION, "2023-06-01");

    #[test]
    fn key_and_version_must_be_there() {
        let refused = |fields: &[_], known: &[String]| {
            check(&headers(fields), known).map(|violation| (violation.status, violation.class))
        };
        let known = ["sk-1".to_owned()];
        assert_eq!(refused(&[KEY, NOW], &known), None);
        assert_eq!(refused(&[("authorization", "Bearer sk-1"), NOW], &known), None);
        assert_eq!(refused(&[NOW], &known), Some((401, "authentication_error")));
        assert_eq!(refused(&[("x-api-key", "sk-2"), NOW], &known), Some((401, "authentication_error")));
        assert_eq!(
            refused(&[("authorization", "Bearer sk-2"), NOW], &known),
            Some((401, "authentication_error"))
        );
        assert_eq!(refused(&[KEY], &known), Some((400, "invalid_request_error")));
        assert_eq!(refused(&[KEY, (VERSION, "2020-01-01")], &known), Some((400, "invalid_request_error")));
    }

    #[test]
    fn what_is_in_trial_is_named_with_a_date() {
        let refused =
            |said| check(&headers(&[KEY, NOW, (BETA, said)]), &[]).map(|violation| violation.message);
        for taken in ["context-1m-2025-08-07", "claude-code-20250219, interleaved-thinking-2025-05-14", ""] {
            assert_eq!(refused(taken), None, "{taken}");
        }
        let told = refused("context-1m-2025-08-07,invalid-beta-name").unwrap();
        assert!(
            told.starts_with("Unexpected value(s) `invalid-beta-name` for the `anthropic-beta` header."),
            "{told}"
        );
    }

    #[test]
    fn anthropic_is_addressed_by_its_headers_and_by_its_name() {
        assert!(is_addressed("/v1/models", &headers(&[NOW])) && is_addressed("/v1/models", &headers(&[KEY])));
        assert!(is_addressed("/anthropic/v1/models", &HeaderMap::new()));
        assert!(!is_addressed("/v1/models", &headers(&[("authorization", "Bearer sk-1")])));
    }
}
