//! Whether every call matched a rule.

use super::{numbers, told};
use crate::journal::explain::{listed, reasons};
use crate::verdict::Verdict;
use crate::verify::evidence::Witness;
use crate::verify::report::Failure;

pub(super) fn check(calls: &[Witness]) -> Option<Failure> {
    let missed: Vec<&Witness> =
        calls.iter().filter(|witness| matches!(witness.entry.verdict, Verdict::Miss(_))).collect();
    (!missed.is_empty()).then(|| Failure {
        place: "no_misses".to_owned(),
        expected: "every call to match a rule".to_owned(),
        actual: format!("no rule matched {}", numbers(missed.iter().copied())),
        details: told(&missed, explained),
        nearest: None,
    })
}

/// A call with what was made of it.
pub(super) fn explained(witness: &Witness) -> Vec<String> {
    let reasons = reasons(&witness.entry).into_iter().map(|reason| format!("  {reason}"));
    std::iter::once(listed(&witness.entry)).chain(reasons).collect()
}
