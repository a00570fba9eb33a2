//! A key itself: made once, shown once, kept as a hash.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// How every stored key begins.
const BEGINNING: &str = "phk_";
const RANDOM_BYTES: usize = 32;
/// The random bytes in base64.
const RANDOM_CHARS: usize = 43;
/// How much of a key people may see: enough to tell keys apart, too little to guess the rest.
const VISIBLE_CHARS: usize = BEGINNING.len() + 6;

/// The operating system has no random bytes to give.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no key can be made: the operating system gives no random bytes")]
pub struct RandomError;

/// A key, as whoever is to use it gets it.
///
/// It is never stored: only its [hash](KeyHash) is, from which it cannot be found, for it holds 256
/// random bits. So a plain hash serves, where passwords would need a slow one.
///
/// ```
/// use playhouse_store::{KeyHash, KeySecret};
///
/// let secret = KeySecret::generate().unwrap();
/// assert!(KeySecret::has_form(secret.expose()));
/// assert_eq!(secret.hash(), KeyHash::of(secret.expose()));
/// assert!(secret.expose().starts_with(&secret.prefix()));
/// assert!(!format!("{secret:?}").contains(secret.expose()));
/// ```
#[derive(Clone, Debug)]
pub struct KeySecret(SecretString);

/// The SHA-256 hash of a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeySecret {
    /// Makes a new key.
    ///
    /// # Errors
    /// When the operating system has no random bytes to give.
    pub fn generate() -> Result<Self, RandomError> {
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random).map_err(|_| RandomError)?;
        Ok(Self(format!("{BEGINNING}{}", URL_SAFE_NO_PAD.encode(random)).into()))
    }

    /// Whether a text has the form of a stored key; nothing else needs to be looked for.
    pub fn has_form(shown: &str) -> bool {
        let random = shown.strip_prefix(BEGINNING);
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        random.is_some_and(|random| random.len() == RANDOM_CHARS && random.bytes().all(is_base64))
    }

    /// The key, to be shown once.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The hash to be stored.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(self.expose())
    }

    /// How it begins, so that people recognize it.
    pub fn prefix(&self) -> String {
        self.expose().chars().take(VISIBLE_CHARS).collect()
    }
}

impl KeyHash {
    /// The hash of a key.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for KeyHash {
    /// Shows nothing: it is of use only in comparisons.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_are_alike() {
        let keys: std::collections::HashSet<String> =
            (0..100).map(|_| KeySecret::generate().unwrap().expose().to_owned()).collect();
        assert_eq!(keys.len(), 100);
    }

    #[test]
    fn only_whole_keys_have_the_form() {
        let whole = KeySecret::generate().unwrap();
        for odd in [
            "",
            "phk_",
            "sk-1",
            &whole.expose()[1..],
            &format!("{}x", whole.expose()),
            &format!("phk_{}", "ü".repeat(43)),
        ] {
            assert!(!KeySecret::has_form(odd), "{odd}");
        }
    }
}
