//! The rules of all files, one after the other, each read for itself.

use std::collections::HashMap;
use std::path::Path;

use super::Found;
use super::document::Document;
use super::finding::Finding;
use super::pointer::{complain, point};
use super::problem::ScriptProblem;
use crate::script::decode::decode;
use crate::script::read::Node;
use crate::script::{Reply, Rule, review};

/// What a rule is called as a whole.
const SUBJECT: &str = "a rule";

/// No more names that are there twice are told of.
const MAX_WARNINGS: usize = 20;

/// Where a rule stands: its document and its number there.
pub(super) type RulePlace = (usize, usize);

/// All rules and their places; what is wrong with any is added to `found`.
pub(super) fn gather(documents: &[Document], found: &mut Vec<Found>) -> Vec<(RulePlace, Rule)> {
    let mut rules = Vec::new();
    for (number, document) in documents.iter().enumerate() {
        found.extend(document.review_rules().map(|finding| (number, finding)));
        for (index, node) in document.rules().iter().enumerate() {
            match read(node) {
                Ok(mut rule) => {
                    find_fixtures(&mut rule, document.folder.as_deref());
                    rules.push(((number, index), rule));
                }
                Err(findings) => found.extend(findings.into_iter().map(|finding| (number, finding))),
            }
        }
    }
    rules
}

fn read(node: &Node) -> Result<Rule, Vec<Finding>> {
    let rule: Rule = decode(node, SUBJECT)?;
    let complaints = review::rule(&rule);
    if complaints.is_empty() {
        return Ok(rule);
    }
    Err(complaints.into_iter().map(|complaint| complain(node, complaint, SUBJECT)).collect())
}

/// Makes the relative fixtures of a rule absolute.
fn find_fixtures(rule: &mut Rule, folder: Option<&Path>) {
    let Some(folder) = folder else { return };
    let in_turn = rule.sequence.iter_mut().flat_map(|sequence| &mut sequence.replies);
    for Reply { fixture, .. } in rule.reply.iter_mut().chain(in_turn) {
        if let Some(path) = fixture {
            *path = folder.join(&path);
        }
    }
}

/// What is worth knowing of rules that can be used: two of one name cannot be told apart.
pub(super) fn warnings(rules: &[Rule], documents: &[Document], places: &[RulePlace]) -> Vec<ScriptProblem> {
    let mut named: HashMap<&str, usize> = HashMap::new();
    let mut warnings = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let Some(name) = rule.name.as_deref() else { continue };
        if let Some(first) = named.get(name).copied() {
            warnings.push(same_name(name, documents, places[first], places[at]));
        }
        named.entry(name).or_insert(at);
        if warnings.len() == MAX_WARNINGS {
            break;
        }
    }
    warnings
}

fn same_name(name: &str, documents: &[Document], first: RulePlace, second: RulePlace) -> ScriptProblem {
    let name_of = |(number, index): RulePlace| {
        let document: &Document = &documents[number];
        (&document.source, point(&document.rules()[index], "name").span)
    };
    let ((home, other), (source, span)) = (name_of(first), name_of(second));
    let place = home.place(other.start);
    Finding::new(format!("two rules are named '{name}'"), span)
        .help(format!("the other is at {place}: the journal and verification cannot tell them apart"))
        .warning()
        .of(source)
}
