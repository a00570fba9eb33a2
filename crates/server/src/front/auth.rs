//! Who may call: API keys, kept and compared as hashes.

use std::collections::HashSet;

use http::{HeaderMap, HeaderName, header};
use playhouse_llm::{Error, ErrorKind};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const API_KEY: HeaderName = HeaderName::from_static("api-key");

type KeyHash = [u8; 32];

/// The keys that open the server, as SHA-256 hashes; with none it is open.
///
/// Comparing hashes gives a guesser nothing to time.
#[derive(Clone, Default)]
pub struct Keyring {
    hashes: HashSet<KeyHash>,
}

impl Keyring {
    /// The keyring of these keys, which are not kept.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a SecretString>) -> Self {
        Self { hashes: keys.into_iter().map(|key| hash(key.expose_secret())).collect() }
    }

    /// Who a request is from, as a hash of the key it shows; the same for all where no keys are wanted.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> KeyHash {
        let shown = shown_key(headers).filter(|_| !self.hashes.is_empty());
        shown.map(hash).unwrap_or_default()
    }

    /// Checks the key a request shows: `Authorization: Bearer …`, or `x-api-key` as Anthropic's
    /// clients do it, or `api-key` as Azure's do.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] when keys are wanted and none, or a wrong one, is shown.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Error> {
        if self.hashes.is_empty() {
            return Ok(());
        }
        let shown = shown_key(headers).ok_or_else(|| {
            let message = "no API key was sent; send it as `Authorization: Bearer <key>`";
            Error::new(ErrorKind::Unauthenticated, message)
        })?;
        if self.hashes.contains(&hash(shown)) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unauthenticated, "the API key is not known here; check it, or ask for one"))
    }
}

fn hash(key: &str) -> KeyHash {
    Sha256::digest(key.as_bytes()).into()
}

fn shown_key(headers: &HeaderMap) -> Option<&str> {
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

    #[test]
    fn a_known_key_opens_in_every_usual_header() {
        let keyring = Keyring::new([&SecretString::from("sk-one")]);
        for (name, value) in [
            ("authorization", "Bearer sk-one"),
            ("authorization", "bearer sk-one"),
            ("x-api-key", "sk-one"),
            ("api-key", "sk-one"),
        ] {
            assert!(keyring.check(&shown(name, value)).is_ok(), "{name}: {value}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let keyring = Keyring::new([&SecretString::from("sk-one")]);
        for (name, value) in
            [("authorization", "Bearer sk-two"), ("authorization", "sk-one"), ("cookie", "sk-one")]
        {
            let refused = keyring.check(&shown(name, value)).unwrap_err();
            assert_eq!(refused.kind, ErrorKind::Unauthenticated);
            assert!(!refused.message.contains("sk-"), "the message shows a key: {}", refused.message);
        }
    }

    #[test]
    fn without_keys_everybody_may_call() {
        assert!(Keyring::default().check(&HeaderMap::new()).is_ok());
    }
}
