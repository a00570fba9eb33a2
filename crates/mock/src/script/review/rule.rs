//! A rule as a whole.

use super::{Complaints, Field, fault, pace, reply, when};
use crate::script::{FaultSpec, Rule, Sequence};

pub(super) fn review(rule: &Rule, complaints: &mut Complaints) {
    let root = Field::ROOT;
    when::review(&rule.when, root.key("when"), complaints);
    review_answer(rule, complaints);
    if let Some(fault) = &rule.fault {
        fault::review(fault, root.key("fault"), complaints);
    }
    if let Some(pace) = &rule.pace {
        pace::review(pace, root.key("pace"), complaints);
    }
    if rule.times == Some(0) {
        complaints.add(root.key("times"), "cannot be 0", "the rule would never answer: leave it out");
    }
    if rule.name.as_deref() == Some("") {
        complaints.add(root.key("name"), "is empty", "leave it out, and the rule goes by its number");
    }
}

fn review_answer(rule: &Rule, complaints: &mut Complaints) {
    let (root, is_hidden) = (Field::ROOT, rule.fault.as_ref().is_some_and(hides_every_answer));
    match (&rule.reply, &rule.sequence) {
        (Some(_), Some(_)) => {
            complaints.misplaced(
                root.key("sequence"),
                "stands beside reply",
                "put all answers into `sequence`",
            );
        }
        (Some(answer), None) => reply::review(answer, root.key("reply"), is_hidden, complaints),
        (None, Some(sequence)) => review_sequence(sequence, is_hidden, complaints),
        (None, None) => review_fault_alone(rule.fault.as_ref(), complaints),
    }
}

fn review_sequence(sequence: &Sequence, is_hidden: bool, complaints: &mut Complaints) {
    let at = Field::ROOT.key("sequence");
    if sequence.replies.is_empty() {
        complaints.add(at, "has no replies", "add what is answered first, then second, and so on");
    }
    let list = at.key("replies");
    for (index, answer) in sequence.replies.iter().enumerate() {
        reply::review(answer, list.item(index), is_hidden, complaints);
    }
}

/// A rule without an answer, which has to have a fault in place of it.
fn review_fault_alone(fault: Option<&FaultSpec>, complaints: &mut Complaints) {
    let root = Field::ROOT;
    let Some(fault) = fault else {
        return complaints.add(root, "answers nothing", "add `reply`, `sequence` or `fault`");
    };
    match (fault.kind(), fault.times) {
        (Some(kind), _) if kind.spoils_answer() => {
            complaints.add(root.key("fault"), "has no answer to spoil", "add a `reply`");
        }
        (Some(_), Some(times)) => {
            let message = format!("leaves requests without an answer after the first {times}");
            let help =
                "add a `reply` for them, or move `times` out of `fault`, so that later rules answer them";
            complaints.add(root.key("fault").key("times"), message, help);
        }
        _ => {}
    }
}

/// Whether a fault lets no answer through.
pub(super) fn hides_every_answer(fault: &FaultSpec) -> bool {
    fault.times.is_none() && fault.kind().is_some_and(|kind| !kind.spoils_answer())
}
