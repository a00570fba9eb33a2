//! Why a call got no answer, or only a part of one.

use std::sync::Arc;
use std::time::Duration;

use crate::{Encoded, Malformed};

/// A failed call: what kind of failure, a sentence for a person, and what upstream said of it.
///
/// ```
/// use playhouse_llm::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::NotFound, "no provider serves the model 'gpt-9'");
/// assert!(!error.is_retryable());
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// What failed, for which input, and what to do; never a credential.
    pub message: String,
    /// The offending field of the request, where one is to blame.
    pub param: Option<String>,
    /// How long to wait before another try, where somebody said so.
    pub retry_after: Option<Duration>,
    /// What the upstream answered, where it is the one that failed.
    pub upstream: Option<Box<Upstream>>,
}

/// An upstream's refusal, kept so that it can reach the caller unchanged.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The provider that refused.
    pub provider: Arc<str>,
    /// Its HTTP status; `None` for an error that came inside a stream.
    pub status: Option<u16>,
    /// Its own code for the failure, where it sent one (`model_not_found`).
    pub code: Option<String>,
    /// Its own class of the failure, where it sent one (`invalid_request_error`).
    pub class: Option<String>,
    /// Its error body, where that was in a known protocol.
    pub body: Option<Encoded>,
}

/// What kind of failure a call met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is wrong and will stay wrong.
    InvalidRequest,
    /// Nobody, or nobody known, is asking.
    Unauthenticated,
    /// Whoever is asking may not have this.
    PermissionDenied,
    /// No such model, session, turn or route.
    NotFound,
    /// The route is there, but not for this method.
    MethodNotAllowed,
    /// Something else is already under way.
    Conflict,
    /// The request is larger than is taken.
    TooLarge,
    /// Too many requests or tokens for now.
    RateLimited,
    /// The money that whoever is asking may spend is spent.
    BudgetExhausted,
    /// No room for this request right now.
    Overloaded,
    /// The deployment failed too often and is left alone for a while: nobody was asked.
    CircuitOpen,
    /// Time ran out, in this phase.
    Timeout(Phase),
    /// The upstream could not be reached.
    Unreachable,
    /// The upstream failed by its own word.
    Upstream,
    /// The upstream answered something unreadable.
    BadReply,
    /// The answer broke off after it had begun.
    Interrupted,
    /// The caller went away.
    Cancelled,
    /// A fault of our own.
    Internal,
}

/// Which part of an upstream call took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Until the connection stood.
    Connect,
    /// From the request to the first output.
    FirstToken,
    /// Between two pieces of output.
    Idle,
    /// The call as a whole.
    Total,
}

impl Error {
    /// An error of a kind, with a sentence.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), param: None, retry_after: None, upstream: None }
    }

    /// The request's bytes or fields are wrong.
    pub fn invalid_request(malformed: Malformed) -> Self {
        Self { param: malformed.param, ..Self::new(ErrorKind::InvalidRequest, malformed.message) }
    }

    /// The upstream's answer is unreadable.
    pub fn bad_reply(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadReply, message)
    }

    /// The same error with a wait to observe.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The same error, its upstream named where the protocol could not.
    #[must_use]
    pub fn from_provider(mut self, provider: &Arc<str>) -> Self {
        if let Some(upstream) = self.upstream.as_mut().filter(|upstream| upstream.provider.is_empty()) {
            upstream.provider = provider.clone();
        }
        self
    }

    /// The status the upstream answered with, if it is the one that failed.
    pub fn upstream_status(&self) -> Option<u16> {
        self.upstream.as_ref()?.status
    }

    /// Whether the same request may well succeed at another try or with another provider.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            ErrorKind::RateLimited
            | ErrorKind::Overloaded
            | ErrorKind::Unreachable
            | ErrorKind::Upstream
            | ErrorKind::BadReply => true,
            ErrorKind::Timeout(phase) => phase != Phase::Total,
            ErrorKind::Conflict => self.upstream.is_some(),
            _ => false,
        }
    }
}

impl ErrorKind {
    /// Every kind there is.
    pub const ALL: [Self; 21] = [
        Self::InvalidRequest,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::TooLarge,
        Self::RateLimited,
        Self::BudgetExhausted,
        Self::Overloaded,
        Self::CircuitOpen,
        Self::Timeout(Phase::Connect),
        Self::Timeout(Phase::FirstToken),
        Self::Timeout(Phase::Idle),
        Self::Timeout(Phase::Total),
        Self::Unreachable,
        Self::Upstream,
        Self::BadReply,
        Self::Interrupted,
        Self::Cancelled,
        Self::Internal,
    ];

    /// The stable name of the kind, in logs, records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::BudgetExhausted => "budget_exhausted",
            Self::Overloaded => "overloaded",
            Self::CircuitOpen => "circuit_open",
            Self::Timeout(Phase::Connect) => "timeout_connect",
            Self::Timeout(Phase::FirstToken) => "timeout_first_token",
            Self::Timeout(Phase::Idle) => "timeout_idle",
            Self::Timeout(Phase::Total) => "timeout_total",
            Self::Unreachable => "unreachable",
            Self::Upstream => "upstream_error",
            Self::BadReply => "bad_reply",
            Self::Interrupted => "interrupted",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}
