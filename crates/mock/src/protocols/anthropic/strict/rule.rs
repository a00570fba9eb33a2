//! What parameters ask of each other and of the model.

use super::request::Request;
use crate::protocols::Violation;
use crate::protocols::anthropic::complaint;
use crate::protocols::strict::rule;

/// A rule between parameters; what breaks it is a sentence of Anthropic's.
pub(crate) type Rule = rule::Rule<for<'a> fn(&Request<'a>) -> Option<String>>;

impl Rule {
    /// What breaks it, if something does.
    pub(crate) fn check(&self, request: &Request<'_>) -> Option<Violation> {
        (self.find)(request).map(|message| complaint(self.id, 400, message))
    }
}
