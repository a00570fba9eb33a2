//! The caller's API key: found, and refused where it is missing or wrong.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};

use crate::protocols::Violation;
use crate::protocols::openai::strict::complaint::Complaint;

/// How much of a wrong key OpenAI shows.
const SHOWN_AT_START: usize = 8;
const SHOWN_AT_END: usize = 4;

/// The key as a bearer token, or in Azure's own header.
pub(super) fn in_plain(headers: &HeaderMap) -> Option<&str> {
    let bearer =
        headers.get(header::AUTHORIZATION).and_then(|value| after_scheme(value.to_str().ok()?, "bearer "));
    let key = bearer.or_else(|| headers.get("api-key")?.to_str().ok())?.trim();
    (!key.is_empty()).then_some(key)
}

/// The key wherever it stands: OpenAI takes it as a password too.
fn anywhere(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let plain = in_plain(headers).map(Cow::Borrowed);
    plain.or_else(|| {
        let encoded = after_scheme(headers.get(header::AUTHORIZATION)?.to_str().ok()?, "basic ")?;
        let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (_, password) = decoded.split_once(':').filter(|(_, password)| !password.is_empty())?;
        Some(Cow::Owned(password.to_owned()))
    })
}

fn after_scheme<'a>(value: &'a str, scheme: &str) -> Option<&'a str> {
    let (start, rest) = value.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// Refuses who brings no key, or none of the known ones; an empty list knows all.
pub(super) fn check(headers: &HeaderMap, known_keys: &[String]) -> Option<Violation> {
    let Some(key) = anywhere(headers) else { return Some(missing()) };
    (!known_keys.is_empty() && !known_keys.iter().any(|known| **known == *key)).then(|| wrong(&key))
}

fn missing() -> Violation {
    let message = "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the API from your browser and are prompted for a username and password. You can obtain an API key from https://platform.openai.com/account/api-keys.";
    Complaint::new(message).status(401).under("openai/api-key-there")
}

fn wrong(key: &str) -> Violation {
    let message = format!(
        "Incorrect API key provided: {}. You can find your API key at https://platform.openai.com/account/api-keys.",
        masked(key)
    );
    Complaint::new(message).status(401).code("invalid_api_key").under("openai/api-key-known")
}

/// A key as OpenAI shows it to who sent it: whole where it is too short to be one.
fn masked(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    let Some(hidden) = letters.len().checked_sub(SHOWN_AT_START + SHOWN_AT_END) else {
        return key.to_owned();
    };
    let (start, end) = (&letters[..SHOWN_AT_START], &letters[SHOWN_AT_START + hidden..]);
    start.iter().copied().chain(std::iter::repeat_n('*', hidden)).chain(end.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn with(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::HeaderName::from_static(name), HeaderValue::from_static(value))])
    }

    #[test]
    fn keys_are_masked_as_recorded() {
        for (key, shown) in [
            ("sk-.", "sk-."),
            ("sk-fake-key", "sk-fake-key"),
            ("test-context-key", "test-con****-key"),
            ("sk-invalid-for-rig-tests-key", "sk-inval****************-key"),
        ] {
            assert_eq!(masked(key), shown);
        }
    }

    #[test]
    fn keys_are_found_where_clients_put_them() {
        let known = ["sk-1".to_owned()];
        for headers in [
            with("authorization", "Bearer sk-1"),
            with("authorization", "bearer  sk-1 "),
            with("authorization", "Basic OnNrLTE="),
            with("api-key", "sk-1"),
        ] {
            assert_eq!(check(&headers, &known), None, "{headers:?}");
            assert_eq!(check(&headers, &[]), None, "{headers:?}");
        }
    }

    #[test]
    fn who_brings_no_key_or_a_wrong_one_is_refused() {
        for headers in [
            HeaderMap::new(),
            with("authorization", ""),
            with("authorization", "Bearer "),
            with("authorization", "sk-1"),
            with("authorization", "Token sk-1"),
            with("authorization", "Basic OnNr!"),
            with("authorization", "Basic Og=="),
            with("api-key", " "),
        ] {
            let refused = check(&headers, &[]).unwrap();
            assert_eq!((refused.status, refused.code), (401, None), "{headers:?}");
        }
        let refused =
            check(&with("authorization", "Bearer sk-0123456789-key"), &["sk-1".to_owned()]).unwrap();
        assert_eq!((refused.status, refused.code.as_deref()), (401, Some("invalid_api_key")));
        assert!(refused.message.contains(": sk-01234*****-key. You can"), "{}", refused.message);
    }
}
