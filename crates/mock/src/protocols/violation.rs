//! One thing that a vendor refuses a request for.

use std::sync::Arc;

use playhouse_llm::{Error, ErrorKind, Phase, Upstream};

/// A complaint as the vendor would make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The id of the rule that found it (`openai-chat/temperature`).
    pub rule: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The vendor's type of the error (`invalid_request_error`).
    pub class: &'static str,
    /// The vendor's code.
    pub code: Option<String>,
    /// The offending field, in the vendor's notation.
    pub param: Option<String>,
    /// The vendor's wording.
    pub message: String,
}

impl Violation {
    /// The refusal that tells it.
    pub fn to_error(&self, vendor: &str) -> Error {
        let upstream = Upstream {
            provider: Arc::from(vendor),
            status: Some(self.status),
            code: self.code.clone(),
            class: Some(self.class.to_owned()),
            body: None,
        };
        Error {
            param: self.param.clone(),
            upstream: Some(Box::new(upstream)),
            ..Error::new(kind_of(self.status), self.message.clone())
        }
    }
}

fn kind_of(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::PermissionDenied,
        404 => ErrorKind::NotFound,
        405 => ErrorKind::MethodNotAllowed,
        408 | 504 => ErrorKind::Timeout(Phase::Total),
        409 => ErrorKind::Conflict,
        413 => ErrorKind::TooLarge,
        429 => ErrorKind::RateLimited,
        503 | 529 => ErrorKind::Overloaded,
        500..=599 => ErrorKind::Upstream,
        _ => ErrorKind::InvalidRequest,
    }
}
