//! What parameters ask of each other and of the model.

use super::complaint::Complaint;
use super::request::Request;
use crate::protocols::Violation;
use crate::protocols::strict::rule;

/// A rule between parameters, in OpenAI's words.
pub(crate) type Rule = rule::Rule<for<'a> fn(&Request<'a>) -> Option<Complaint>>;

impl Rule {
    /// What breaks it, if something does.
    pub(crate) fn check(&self, request: &Request<'_>) -> Option<Violation> {
        (self.find)(request).map(|complaint| complaint.under(self.id))
    }
}
