//! The call that comes nearest to what was wanted.

use serde::Serialize;

use super::condition::Compile;
use super::diff::{DiffLine, diff, likeness};
use super::evidence::Witness;
use super::expectations::Wanted;
use crate::journal::explain::listed;
use crate::script::When;

/// Calls are compared by their wording only among this many of the newest.
const COMPARED: usize = 200;

/// A call that is not as wanted, and what is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Nearest {
    /// The call's number.
    pub id: u64,
    /// The call on one line.
    pub line: String,
    /// What differs, a line each.
    pub differences: Vec<String>,
    /// Its messages beside the wanted ones; empty where they do not differ.
    pub diff: Vec<DiffLine>,
}

/// The nearest of these calls, none of which is as wanted: the one with the fewest differences, of
/// those the one with the likest wording, of those the newest.
pub(super) fn nearest<'a>(
    wanted: &Wanted<'_>,
    calls: impl DoubleEndedIterator<Item = &'a Witness>,
    compile: &Compile<'_>,
) -> Option<Nearest> {
    let candidates = calls.rev().take(COMPARED).filter_map(|witness| {
        let differences = witness.differences(wanted)?;
        Some((witness, differences))
    });
    let (witness, differences) = candidates.reduce(|best, next| {
        let order = next.1.len().cmp(&best.1.len());
        let order = order.then_with(|| wording(wanted.when, best.0).total_cmp(&wording(wanted.when, next.0)));
        if order.is_lt() { next } else { best }
    })?;
    let call = witness.call.as_ref();
    Some(Nearest {
        id: witness.entry.number,
        line: listed(&witness.entry),
        differences,
        diff: call.map(|call| diff(wanted.when, call, compile)).unwrap_or_default(),
    })
}

/// How alike the user's text is to the one that is wanted.
fn wording(when: &When, witness: &Witness) -> f32 {
    let wanted = when.user.as_ref().and_then(super::diff::literal);
    wanted.map_or(0.0, |wanted| likeness(wanted, witness.entry.user()))
}
