//! Whether calls came in the right order.

use super::numbers;
use crate::verify::condition::Compile;
use crate::verify::evidence::Witness;
use crate::verify::expectations::Wanted;
use crate::verify::nearest::nearest;
use crate::verify::report::Failure;

/// Takes, for each that is wanted, the first call after the one before: if any choice of calls is
/// in order, this one is.
pub(super) fn check(steps: &[Wanted<'_>], calls: &[Witness], compile: &Compile<'_>) -> Option<Failure> {
    let mut found: Vec<&Witness> = Vec::new();
    let mut rest = calls;
    for (at, wanted) in steps.iter().enumerate() {
        let Some(next) = rest.iter().position(|witness| witness.is_as(wanted)) else {
            let earlier = &calls[..calls.len() - rest.len()];
            return Some(failure(at, steps, &found, earlier, rest, compile));
        };
        found.push(&rest[next]);
        rest = &rest[next + 1..];
    }
    None
}

fn failure(
    at: usize,
    steps: &[Wanted<'_>],
    found: &[&Witness],
    earlier: &[Witness],
    rest: &[Witness],
    compile: &Compile<'_>,
) -> Failure {
    let wanted = &steps[at];
    let after = found.last().map_or(String::new(), |last| format!(" after #{}", last.entry.number));
    let early: Vec<&Witness> = earlier.iter().filter(|witness| witness.is_as(wanted)).collect();
    let out_of_order = match early.is_empty() {
        true => String::new(),
        false => format!("; too early: {}", numbers(early.iter().copied())),
    };
    let so_far = steps.iter().zip(found).enumerate();
    let so_far = so_far
        .map(|(at, (step, witness))| format!("{}. {}: #{}", at + 1, step.in_words(), witness.entry.number));
    let missing = steps
        .iter()
        .enumerate()
        .skip(at)
        .map(|(at, step)| format!("{}. {}: missing", at + 1, step.in_words()));
    Failure {
        place: format!("in_order[{at}]"),
        expected: format!("a call{after} where {}", wanted.in_words()),
        actual: format!("none{out_of_order}"),
        details: so_far.chain(missing).collect(),
        nearest: nearest(wanted, rest.iter(), compile),
    }
}
