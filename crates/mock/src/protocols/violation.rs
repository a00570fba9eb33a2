//! One thing that a vendor refuses a request for.

use std::sync::Arc;

use playhouse_llm::{Error, ErrorKind, Upstream};

/// A complaint as the vendor would make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The id of the rule that found it (`openai-chat/temperature-range`).
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
            ..Error::new(ErrorKind::InvalidRequest, self.message.clone())
        }
    }
}
