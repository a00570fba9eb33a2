//! Who comes in: an operator, or whoever shows a stored key.

use std::sync::Arc;

use http::HeaderMap;
use playhouse_llm::{Error, ErrorKind};
use playhouse_store::{ApiKey, KeyHash, KeySecret, KeyState};
use playhouse_telemetry::Metrics;
use playhouse_telemetry::metrics::Refusal;

use super::auth::{Keyring, shown_key};
use crate::keys::book::{Glance, KeyBook};

/// The paths below which only operators come.
const OPERATORS_ONLY: [&str; 2] = ["/v1/admin/", "/metrics"];

/// Looks at what a request shows.
pub(crate) struct Door {
    pub(crate) keyring: Keyring,
    pub(crate) book: Arc<KeyBook>,
    pub(crate) metrics: Arc<Metrics>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// Somebody with a configured key, or anybody where there are no keys at all.
    Operator,
    /// Somebody with a stored key.
    Key(Arc<ApiKey>),
}

/// What is known of a caller without asking the store.
pub(crate) enum Look {
    /// Who it is.
    Known(Caller),
    /// The store has to say whether it has this key.
    AskForKey(KeyHash),
    /// The store has to say whether it has any keys.
    AskForAny,
}

impl Door {
    /// Looks at a request as far as that goes without waiting.
    pub(crate) fn look(&self, headers: &HeaderMap) -> Result<Look, Error> {
        let Some(shown) = shown_key(headers) else { return self.look_without_key(no_key) };
        let hash = KeyHash::of(shown);
        if self.keyring.holds(&hash) {
            return Ok(Look::Known(Caller::Operator));
        }
        if !KeySecret::has_form(shown) {
            return self.look_without_key(unknown_key);
        }
        match self.book.glance(&hash) {
            Glance::Known(Some(key)) => self.judge(key).map(|key| Look::Known(Caller::Key(key))),
            Glance::Known(None) => self.look_without_key(unknown_key),
            Glance::Ask => Ok(Look::AskForKey(hash)),
        }
    }

    /// Asks the store what could not be seen.
    pub(crate) async fn ask(&self, look: Look) -> Result<Caller, Error> {
        match look {
            Look::Known(caller) => Ok(caller),
            Look::AskForAny => self.refuse_if(self.book.has_any().await?, no_key),
            Look::AskForKey(hash) => match self.book.find(&hash).await? {
                Some(key) => self.judge(key).map(Caller::Key),
                None => self.refuse_if(!self.keyring.is_empty() || self.book.has_any().await?, unknown_key),
            },
        }
    }

    /// Without any keys everybody may come.
    fn look_without_key(&self, refusal: fn() -> Error) -> Result<Look, Error> {
        if !self.keyring.is_empty() {
            return self.refuse_if(true, refusal).map(Look::Known);
        }
        match self.book.glance_whether_any() {
            Glance::Known(any) => self.refuse_if(any, refusal).map(Look::Known),
            Glance::Ask => Ok(Look::AskForAny),
        }
    }

    fn refuse_if(&self, is_locked: bool, refusal: fn() -> Error) -> Result<Caller, Error> {
        if !is_locked {
            return Ok(Caller::Operator);
        }
        self.metrics.observe_refusal(Refusal::Key);
        Err(refusal())
    }

    fn judge(&self, key: Arc<ApiKey>) -> Result<Arc<ApiKey>, Error> {
        let what = match key.state(jiff::Timestamp::now().as_microsecond()) {
            KeyState::Active => return Ok(key),
            KeyState::Revoked => "was revoked",
            KeyState::Expired => "has expired",
        };
        self.metrics.observe_refusal(Refusal::Key);
        Err(Error::new(ErrorKind::Unauthenticated, format!("the API key {what}; ask for another")))
    }
}

impl Caller {
    /// Lets operators alone through to what is theirs.
    pub(crate) fn may_take(&self, route: &str) -> Result<(), Error> {
        let is_theirs = OPERATORS_ONLY.iter().any(|path| route.starts_with(path));
        match self {
            Self::Key(_) if is_theirs => {
                let message = "this is for operators: send a key of the server's configuration";
                Err(Error::new(ErrorKind::PermissionDenied, message))
            }
            _ => Ok(()),
        }
    }

    /// The stored key, where one was shown.
    pub(crate) fn key(&self) -> Option<&Arc<ApiKey>> {
        match self {
            Self::Operator => None,
            Self::Key(key) => Some(key),
        }
    }
}

fn no_key() -> Error {
    let message = "no API key was sent; send it as `Authorization: Bearer <key>`";
    Error::new(ErrorKind::Unauthenticated, message)
}

fn unknown_key() -> Error {
    Error::new(ErrorKind::Unauthenticated, "the API key is not known here; check it, or ask for one")
}
