//! `Idempotency-Key`: a request that may be sent twice and is done once.

use axum::extract::{FromRequest, Request};
use http::request::Parts;
use playhouse_edge::intake;
use playhouse_llm::Error;
use playhouse_store::IdempotencyKey;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::extract::{Failure, identity, key_id, parse};
use super::unfit;
use crate::app::App;

const MAX_KEY_CHARS: usize = 255;
/// What is told of a key that came with another request before.
pub(super) const TAKEN: &str =
    "this Idempotency-Key came with another body before; send the same body again, or use a new key";
const HOUR_US: i64 = 3_600_000_000;

/// A JSON body of this type, with the idempotency key that came with it, if one did.
pub(crate) struct OnceBody<T>(pub(crate) T, pub(crate) Option<IdempotencyKey>);

impl<T: DeserializeOwned> FromRequest<App> for OnceBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let identity = identity(request.extensions());
        let refuse = |error: Error| Failure::new(error, &identity);
        let (parts, body) = request.into_parts();
        let is_json = intake::require_json(&parts.headers);
        let body = intake::read(body, app.body_limits()).await.map_err(refuse)?;
        is_json.map_err(refuse)?;
        let caller = key_id(&parts.extensions);
        let key = key(app, &parts, caller.as_deref(), &body).map_err(refuse)?;
        parse(&body).map(|value| Self(value, key)).map_err(refuse)
    }
}

/// A key came with another request before.
pub(crate) fn taken() -> Error {
    unfit("Idempotency-Key", TAKEN)
}

/// The key that a caller's request brings, if it does.
pub(crate) fn key(
    app: &App,
    parts: &Parts,
    caller: Option<&str>,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, Error> {
    let hours = i64::from(app.idempotency_hours());
    Ok(key_of(parts)?.map(|key| IdempotencyKey {
        id: scoped(caller, parts.uri.path(), key),
        body: Sha256::digest(body).into(),
        since_us: jiff::Timestamp::now().as_microsecond() - hours * HOUR_US,
    }))
}

/// The key that a request brings: a string in quotes, or bare.
fn key_of(parts: &Parts) -> Result<Option<&str>, Error> {
    let Some(value) = parts.headers.get("idempotency-key") else { return Ok(None) };
    let value = value.to_str().ok().map(str::trim);
    let key = value.and_then(|value| match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"'),
        None => Some(value),
    });
    let is_fit = |key: &&str| {
        let is_plain = key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        (1..=MAX_KEY_CHARS).contains(&key.len()) && is_plain
    };
    let key = key.filter(is_fit).ok_or_else(|| {
        let message = "Idempotency-Key takes 1 to 255 visible ASCII characters, in quotes or without any";
        unfit("Idempotency-Key", message)
    })?;
    Ok(Some(key))
}

/// The key within its scope: who sent it (operators are one), and where to.
fn scoped(caller: Option<&str>, path: &str, key: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [caller.unwrap_or_default(), path, key].map(str::as_bytes) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(value: &str) -> Parts {
        Request::post("/v1/chat").header("idempotency-key", value).body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_key_is_a_string_in_quotes_or_bare() {
        for value in ["\"8e03978e-40d5\"", "8e03978e-40d5", " 8e03978e-40d5 "] {
            assert_eq!(key_of(&parts(value)).unwrap(), Some("8e03978e-40d5"), "{value}");
        }
        let none = Request::post("/v1/chat").body(()).unwrap().into_parts().0;
        assert_eq!(key_of(&none).unwrap(), None);
    }

    #[test]
    fn anything_else_is_refused() {
        for value in ["", "\"\"", "\"a", "a\"b", "a b", "\u{e9}", &"a".repeat(256)] {
            let refused = key_of(&parts(value)).unwrap_err();
            assert_eq!(refused.param.as_deref(), Some("Idempotency-Key"), "{value}");
        }
    }
}
