//! What parameters ask of each other and of the model.

use super::complaint::Complaint;
use super::request::Request;
use crate::protocols::Violation;

/// A rule between parameters: how to find what breaks it, and examples of both.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    /// Where OpenAI, or somebody whom it refused, says so.
    pub(crate) source: &'static str,
    /// Members of requests that are taken, as JSON; they stand beside those of the smallest request.
    pub(crate) takes: &'static [&'static str],
    /// Members of requests that are refused, as JSON.
    pub(crate) refuses: &'static [&'static str],
    pub(crate) find: for<'a> fn(&Request<'a>) -> Option<Complaint>,
}

impl Rule {
    /// What breaks it, if something does.
    pub(crate) fn check(&self, request: &Request<'_>) -> Option<Violation> {
        (self.find)(request).map(|complaint| complaint.under(self.id))
    }
}
