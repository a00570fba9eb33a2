//! Where each rule of a loaded script stands, for what is found out about it later.

use super::document::Document;
use super::finding::Finding;
use super::pointer::{complain, point};
use super::problem::ScriptProblem;
use super::source::Place;
use crate::matching::RuleProblem;
use crate::script::read::Node;
use crate::script::review::{Complaint, Part};

/// Where each rule stands.
///
/// It holds the text of all files; drop it when nothing more is to be shown of them.
#[derive(Debug, Default)]
pub struct Places {
    documents: Vec<Document>,
    /// For each rule its document and its number there.
    rules: Vec<(usize, usize)>,
}

impl Places {
    pub(super) fn new(documents: Vec<Document>, rules: Vec<(usize, usize)>) -> Self {
        Self { documents, rules }
    }

    /// The place of a field (`when.user.matches`) of a rule, or of what stands in for it; of the
    /// rule itself where the field is empty or not there.
    pub fn locate(&self, rule: usize, field: &str) -> Option<Place> {
        let (document, node) = self.node(rule)?;
        Some(document.source.place(point(node, field).span.start))
    }

    /// What is wrong with a rule, shown at its line.
    pub fn problem(&self, problem: &RuleProblem) -> Option<ScriptProblem> {
        let (document, node) = self.node(problem.rule)?;
        let pointed = point(node, &problem.field);
        let subject = if pointed.name.is_empty() { "this rule" } else { &pointed.name };
        let finding = Finding::new(format!("{subject} cannot be used"), pointed.span).help(&problem.message);
        Some(finding.of(&document.source))
    }

    /// A warning that a rule can never match, because an earlier one does.
    pub fn hidden(&self, rule: usize, by: usize) -> Option<ScriptProblem> {
        let place = self.locate(by, "")?;
        let (document, node) = self.node(rule)?;
        let complaint = Complaint {
            field: String::new(),
            message: "can never match".to_owned(),
            help: format!("the rule at {place} answers everything that it would: put this one before it"),
            part: Part::Value,
        };
        Some(complain(node, complaint, "this rule").warning().of(&document.source))
    }

    fn node(&self, rule: usize) -> Option<(&Document, &Node)> {
        let (document, number) = self.rules.get(rule)?;
        let document = self.documents.get(*document)?;
        Some((document, document.rules().get(*number)?))
    }
}
