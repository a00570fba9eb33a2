//! The operators' keys, kept and compared as hashes, and where a request shows a key.

use std::collections::HashSet;

use http::{HeaderMap, HeaderName, header};
use playhouse_store::KeyHash;
use secrecy::{ExposeSecret, SecretString};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// The operators' keys, as SHA-256 hashes: they open everything. With none, and none stored, the server is open.
///
/// Comparing hashes gives a guesser nothing to time.
#[derive(Clone, Default)]
pub struct Keyring {
    hashes: HashSet<KeyHash>,
}

impl Keyring {
    /// The keyring of these keys, which are not kept.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a SecretString>) -> Self {
        Self { hashes: keys.into_iter().map(|key| KeyHash::of(key.expose_secret())).collect() }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether the key with this hash is one of them.
    pub(crate) fn holds(&self, hash: &KeyHash) -> bool {
        self.hashes.contains(hash)
    }
}

/// The key a request shows: `Authorization: Bearer …`, or `x-api-key` as Anthropic's clients do it, or
/// `api-key` as Azure's do.
pub(crate) fn shown_key(headers: &HeaderMap) -> Option<&str> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok();
    let bearer = || {
        let (scheme, key) = text(header::AUTHORIZATION)?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    };
    bearer().or_else(|| text(X_API_KEY)).or_else(|| text(API_KEY))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn shown(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
    }

    fn opens(headers: &HeaderMap) -> bool {
        let keyring = Keyring::new([&SecretString::from("sk-one")]);
        shown_key(headers).is_some_and(|key| keyring.holds(&KeyHash::of(key)))
    }

    #[test]
    fn a_known_key_opens_in_every_usual_header() {
        for (name, value) in [
            ("authorization", "Bearer sk-one"),
            ("authorization", "bearer sk-one"),
            ("x-api-key", "sk-one"),
            ("api-key", "sk-one"),
        ] {
            assert!(opens(&shown(name, value)), "{name}: {value}");
        }
    }

    #[test]
    fn anything_else_does_not() {
        for (name, value) in
            [("authorization", "Bearer sk-two"), ("authorization", "sk-one"), ("cookie", "sk-one")]
        {
            assert!(!opens(&shown(name, value)), "{name}: {value}");
        }
    }
}
