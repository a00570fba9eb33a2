//! The checks: one file for each kind of expectation.

mod calls;
mod complaints;
mod in_order;
mod misses;
mod script;

use super::condition::Compile;
use super::evidence::{Evidence, Witness};
use super::expectations::Compiled;
use super::report::Failure;
use super::times::Times;

/// Failures of one kind are told of at most this often.
const MAX_TOLD: usize = 10;

/// All that is not as expected.
pub(super) fn all(expected: &Compiled<'_>, evidence: &Evidence, compile: &Compile<'_>) -> Vec<Failure> {
    let calls: Vec<Witness> = evidence.calls.entries.iter().map(Witness::new).collect();
    let said = expected.said;
    let mut failures: Vec<Failure> = dropped(evidence.calls.dropped).into_iter().collect();
    failures.extend(calls::check(expected, &calls, compile));
    failures.extend(in_order::check(&expected.in_order, &calls, compile));
    let came = calls.len() as u64 + evidence.calls.dropped;
    failures.extend(said.total.and_then(|total| total_check(total, came)));
    failures.extend(said.no_misses.then(|| misses::check(&calls)).flatten());
    failures.extend(said.no_violations.then(|| complaints::check(&calls)).flatten());
    failures.extend(said.script_consumed.then(|| script::check(&evidence.rules)).flatten());
    failures
}

/// What cannot be seen cannot be verified.
fn dropped(dropped: u64) -> Option<Failure> {
    (dropped > 0).then(|| Failure {
        place: "journal".to_owned(),
        expected: "every call of the namespace to be in the journal".to_owned(),
        actual: format!("the oldest {dropped} were dropped for want of room"),
        details: vec!["verify and reset more often, or give each test a namespace of its own".to_owned()],
        nearest: None,
    })
}

fn total_check(total: Times, calls: u64) -> Option<Failure> {
    (!total.contains(calls)).then(|| Failure {
        place: "total".to_owned(),
        expected: format!("{total} in all"),
        actual: Times::from(calls).to_string(),
        details: Vec::new(),
        nearest: None,
    })
}

/// The numbers of calls (`#1, #4`); of many, the first.
fn numbers<'a>(calls: impl Iterator<Item = &'a Witness>) -> String {
    let all: Vec<String> = calls.map(|witness| format!("#{}", witness.entry.number)).collect();
    match all.len().saturating_sub(MAX_TOLD) {
        0 => all.join(", "),
        more => format!("{} and {more} more", all[..MAX_TOLD].join(", ")),
    }
}

/// Details of several calls, a few of them, and how many there are beside them.
fn told<'a>(calls: &[&'a Witness], one: impl Fn(&'a Witness) -> Vec<String>) -> Vec<String> {
    let first = calls.iter().take(MAX_TOLD).flat_map(|witness| one(witness));
    let more = calls.len().saturating_sub(MAX_TOLD);
    first.chain((more > 0).then(|| format!("… and {more} more"))).collect()
}
