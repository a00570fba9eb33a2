//! One thing that is wrong with a request, not yet put down to a rule.

use crate::protocols::Violation;

/// OpenAI's class of nearly every refusal.
const INVALID_REQUEST: &str = "invalid_request_error";

/// What OpenAI says of a request that it refuses.
#[derive(Clone, Debug)]
pub(crate) struct Complaint {
    status: u16,
    class: &'static str,
    code: Option<&'static str>,
    param: Option<String>,
    message: String,
}

impl Complaint {
    /// A complaint with status 400, about no parameter and without a code.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { status: 400, class: INVALID_REQUEST, code: None, param: None, message: message.into() }
    }

    /// The same about this parameter.
    #[must_use]
    pub(crate) fn at(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    /// The same with this code.
    #[must_use]
    pub(crate) fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The same with this status.
    #[must_use]
    pub(crate) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with this class.
    #[must_use]
    pub(crate) fn class(self, class: &'static str) -> Self {
        Self { class, ..self }
    }

    /// The violation of the rule that found it.
    pub(crate) fn under(self, rule: &'static str) -> Violation {
        let Self { status, class, code, param, message } = self;
        Violation { rule, status, class, code: code.map(str::to_owned), param, message }
    }
}
