//! What is wrong with a script whose every value has the right type.
//!
//! Expressions that have to be compiled (globs, regular expressions, JSONPath, templates) are
//! checked where that is done.

mod chaos;
mod fault;
mod field;
mod headers;
mod pace;
mod reply;
mod rule;
mod when;

pub(crate) use field::{Complaint, Complaints, Field, Part};

use super::{Rule, Script};

/// What is wrong with a rule.
pub(crate) fn rule(rule: &Rule) -> Vec<Complaint> {
    let mut complaints = Complaints::default();
    rule::review(rule, &mut complaints);
    complaints.list
}

/// What is wrong with what holds for all rules.
pub(crate) fn settings(script: &Script) -> Vec<Complaint> {
    let (mut complaints, root) = (Complaints::default(), Field::ROOT);
    if let Some(pace) = &script.pace {
        pace::review(pace, root.key("pace"), &mut complaints);
    }
    if let Some(chaos) = &script.chaos {
        chaos::review(chaos, root.key("chaos"), &mut complaints);
    }
    for (name, list) in [("models", &script.models), ("api_keys", &script.api_keys)] {
        if let Some(at) = list.iter().position(String::is_empty) {
            complaints.add(root.key(name).item(at), "is empty", "leave it out");
        }
    }
    complaints.list
}
