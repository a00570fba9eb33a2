//! Whether the vendor had something to complain of.

use super::misses::explained;
use super::{numbers, told};
use crate::verdict::Verdict;
use crate::verify::evidence::Witness;
use crate::verify::report::Failure;

pub(super) fn check(calls: &[Witness]) -> Option<Failure> {
    let wrong: Vec<&Witness> = calls.iter().filter(|witness| is_wrong(witness)).collect();
    (!wrong.is_empty()).then(|| Failure {
        place: "no_violations".to_owned(),
        expected: "only requests that the vendor takes".to_owned(),
        actual: format!("it would refuse {}", numbers(wrong.iter().copied())),
        details: told(&wrong, explained),
        nearest: None,
    })
}

fn is_wrong(witness: &Witness) -> bool {
    !witness.entry.violations.is_empty() || matches!(witness.entry.verdict, Verdict::Refused(_))
}
