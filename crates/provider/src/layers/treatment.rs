//! What is done about a failure: the one place that the layers ask.

use playhouse_llm::{Error, ErrorKind};

/// What the layers do about a failed attempt.
///
/// ```
/// use playhouse_llm::{Error, ErrorKind};
/// use playhouse_provider::{Toll, Treatment};
///
/// let treatment = Treatment::of(&Error::new(ErrorKind::Unreachable, "no route to host"));
/// assert!(treatment.is_retried && treatment.fails_over);
/// assert_eq!(treatment.toll, Toll::Failure);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// Whether the same deployment is asked again.
    pub is_retried: bool,
    /// Whether the next deployment is asked, and a hedged try that is under way is waited for.
    pub fails_over: bool,
    /// What the circuit breaker makes of it.
    pub toll: Toll,
}

/// What a failure is for a deployment's circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toll {
    /// Nothing: it says nothing of the deployment's health.
    Nothing,
    /// A failure of the deployment.
    Failure,
    /// A wish to be left alone for a while.
    RateLimit,
}

impl Treatment {
    /// What is done about this failure.
    pub fn of(error: &Error) -> Self {
        Self { is_retried: error.is_retryable(), fails_over: fails_over(error), toll: toll(error) }
    }
}

/// Whether another deployment may answer what this one would not.
///
/// A wrong key, a missing right or an unknown model is one deployment's trouble; a wrong request
/// is wrong everywhere.
fn fails_over(error: &Error) -> bool {
    let own_trouble =
        matches!(error.kind, ErrorKind::Unauthenticated | ErrorKind::PermissionDenied | ErrorKind::NotFound);
    error.is_retryable() || error.kind == ErrorKind::CircuitOpen || (own_trouble && error.upstream.is_some())
}

/// What a request is refused for is no fault of the deployment, and what we refuse ourselves is not either.
fn toll(error: &Error) -> Toll {
    match error.kind {
        ErrorKind::Unreachable
        | ErrorKind::Upstream
        | ErrorKind::BadReply
        | ErrorKind::Interrupted
        | ErrorKind::Timeout(_) => Toll::Failure,
        ErrorKind::Overloaded if error.upstream.is_some() => Toll::Failure,
        ErrorKind::RateLimited if error.upstream.is_some() => Toll::RateLimit,
        _ => Toll::Nothing,
    }
}
