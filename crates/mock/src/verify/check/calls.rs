//! Whether calls came as often as they should.

use super::{numbers, told};
use crate::journal::{conversation, explain::listed};
use crate::verify::condition::Compile;
use crate::verify::evidence::Witness;
use crate::verify::expectations::{Compiled, Wanted};
use crate::verify::nearest::nearest;
use crate::verify::report::Failure;
use crate::verify::times::Times;

pub(super) fn check<'a>(
    expected: &'a Compiled<'_>,
    calls: &'a [Witness],
    compile: &'a Compile<'_>,
) -> impl Iterator<Item = Failure> + 'a {
    let wanted = expected.calls.iter().zip(&expected.said.calls).enumerate();
    wanted.filter_map(move |(at, (wanted, said))| {
        let found: Vec<&Witness> = calls.iter().filter(|witness| witness.is_as(wanted)).collect();
        let is_met = said.times.contains(found.len() as u64);
        (!is_met).then(|| failure(at, wanted, said.times, &found, calls, compile))
    })
}

fn failure(
    at: usize,
    wanted: &Wanted<'_>,
    times: Times,
    found: &[&Witness],
    calls: &[Witness],
    compile: &Compile<'_>,
) -> Failure {
    let too_many = times.exceeded_by(found.len() as u64);
    Failure {
        place: format!("calls[{at}]"),
        expected: format!("{times} where {}", wanted.in_words()),
        actual: actual(found),
        details: if too_many { told(found, spoken) } else { Vec::new() },
        nearest: if too_many { None } else { nearest(wanted, calls.iter(), compile) },
    }
}

fn actual(found: &[&Witness]) -> String {
    let calls = Times::from(found.len() as u64);
    match found {
        [] => calls.to_string(),
        found => format!("{calls}: {}", numbers(found.iter().copied())),
    }
}

/// A call with its conversation.
fn spoken(witness: &Witness) -> Vec<String> {
    let lines = conversation::lines(witness.entry.messages()).into_iter().map(|line| format!("  {line}"));
    std::iter::once(listed(&witness.entry)).chain(lines).collect()
}
