//! Hiding credentials: what is secret, and what is left of it to tell two of them apart.

use std::borrow::Cow;

/// How much of a secret's end is kept.
const TAIL: usize = 4;

/// Secrets shorter than this are hidden whole, or their end would be most of them.
const SHORTEST_WITH_TAIL: usize = 12;

/// Whether a request's header of this name (in lower case) carries a credential.
pub(super) fn is_secret_of_request(name: &str) -> bool {
    const ENDS: [&str; 8] =
        ["authorization", "api-key", "apikey", "-token", "cookie", "secret", "password", "subscription-key"];
    ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether an answer's header of this name (in lower case) carries a credential.
pub(super) fn is_secret_of_answer(name: &str) -> bool {
    name == "set-cookie"
}

/// What is left of a secret: its scheme, where it has one, and its end.
pub(super) fn mask(value: &[u8]) -> Cow<'static, str> {
    let Some((scheme, secret)) = std::str::from_utf8(value).ok().map(split_scheme) else {
        return Cow::Borrowed("…");
    };
    // The end of basic credentials is the end of the password.
    let has_tail = !scheme.eq_ignore_ascii_case("basic") && secret.len() >= SHORTEST_WITH_TAIL;
    let tail = match has_tail && secret.is_ascii() {
        true => &secret[secret.len() - TAIL..],
        false => "",
    };
    match scheme {
        "" => format!("…{tail}").into(),
        scheme => format!("{scheme} …{tail}").into(),
    }
}

/// Splits `Bearer …` and its like; any other first word may be a part of the secret.
fn split_scheme(value: &str) -> (&str, &str) {
    match value.split_once(' ') {
        Some((scheme, secret)) if ["bearer", "basic"].contains(&scheme.to_ascii_lowercase().as_str()) => {
            (scheme, secret)
        }
        _ => ("", value),
    }
}

/// A path and query without the values of keys in it.
pub(super) fn target(target: &str) -> Box<str> {
    let Some((path, query)) = target.split_once('?') else { return target.into() };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if is_secret_parameter(name) => format!("{name}={}", mask(value.as_bytes())),
        _ => pair.to_owned(),
    });
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&")).into()
}

fn is_secret_parameter(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["key", "token", "secret", "password", "signature", "sig"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_known_by_its_end_only() {
        let masked = |value: &str| mask(value.as_bytes()).into_owned();
        assert_eq!(masked("Bearer sk-test-ns1-abcdef"), "Bearer …cdef");
        assert_eq!(masked("sk-test-ns1-abcdef"), "…cdef");
        assert_eq!(masked("Bearer short"), "Bearer …");
        assert_eq!(masked("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ"), "Basic …");
        assert_eq!(masked("my secret is abcdef"), "…cdef");
        assert_eq!(mask(b"\xff\xfe long enough to show"), "…");
        assert_eq!(masked("schlüsselschlüssel"), "…");
    }

    #[test]
    fn the_usual_headers_of_credentials_are_secret() {
        for name in ["authorization", "proxy-authorization", "x-api-key", "api-key", "cookie", "x-auth-token"]
        {
            assert!(is_secret_of_request(name), "{name}");
        }
        for name in ["idempotency-key", "content-type", "x-stainless-lang", "openai-organization"] {
            assert!(!is_secret_of_request(name), "{name}");
        }
        assert!(!is_secret_of_answer("x-ratelimit-remaining-tokens"));
    }

    #[test]
    fn keys_in_a_query_are_masked() {
        assert_eq!(&*target("/v1/chat?key=0123456789abcdef&beta=true"), "/v1/chat?key=…cdef&beta=true");
        assert_eq!(&*target("/v1/chat?api-version=2024-06-01"), "/v1/chat?api-version=2024-06-01");
        assert_eq!(&*target("/v1/chat"), "/v1/chat");
    }
}
