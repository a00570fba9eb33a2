//! A call in full, for the reader of a failed test.

use std::fmt::Write;

use super::entry::Entry;
use super::line::{asked, decision, rule};
use super::{conversation, fault, line};
use crate::fault::{Fault, FaultOrigin};
use crate::protocols::Violation;
use crate::verdict::Verdict;

/// A call on several lines: what was asked, what was made of it and why, and what was answered.
pub fn explain(entry: &Entry) -> String {
    let mut text = line::describe(entry);
    for reason in reasons(entry) {
        // Writing to a string cannot fail; the same below.
        let _ = write!(text, "\n  {reason}");
    }
    for message in conversation::lines(entry.messages()) {
        let _ = write!(text, "\n    {message}");
    }
    text
}

/// Why a call was answered as it was, a line each; the first says it in one.
pub(crate) fn reasons(entry: &Entry) -> Vec<String> {
    let mut reasons = why(&entry.verdict);
    reasons.extend(entry.violations.iter().map(objection));
    reasons.extend(entry.fault.as_ref().map(|met| mishap(met, entry)));
    reasons
}

fn objection(violation: &Violation) -> String {
    format!("a vendor would refuse it: {}", complaint(violation))
}

fn mishap(met: &Fault, entry: &Entry) -> String {
    format!("it met the fault {}: {}", fault::name(&met.spec), fault::again(met, &entry.namespace))
}

/// What its line does not say of a call that went another way than a rule says, a line each.
pub(crate) fn troubles(entry: &Entry) -> Vec<String> {
    let as_a_rule_says = matches!(entry.verdict, Verdict::Rule(_) | Verdict::Unscripted);
    let mut troubles = if as_a_rule_says { Vec::new() } else { why(&entry.verdict) };
    troubles.extend(entry.violations.iter().map(objection));
    troubles.extend(
        entry.fault.iter().filter(|met| met.origin != FaultOrigin::Rule).map(|met| mishap(met, entry)),
    );
    troubles
}

fn why(verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Rule(hit) => {
            vec![format!("{} matched; this is request {} that it answered", rule(&hit.name), hit.call)]
        }
        Verdict::Unscripted => vec!["there is no script: the protocol's own answer was given".to_owned()],
        Verdict::Miss(miss) => {
            let nearest = match &miss.nearest {
                Some(nearest) => format!("no rule matched; {} came nearest", rule(nearest)),
                None => "no rule matched: the script has none that could".to_owned(),
            };
            let differences = miss.differences.iter().map(|difference| format!("  {difference}"));
            std::iter::once(nearest).chain(differences).collect()
        }
        Verdict::Refused(violation) => vec![format!("refused as the vendor does: {}", complaint(violation))],
        Verdict::OverQuota => vec!["the requests or tokens of this minute are used up".to_owned()],
    }
}

fn complaint(violation: &Violation) -> String {
    format!("{} [{}]", violation.message, violation.rule)
}

/// A call on one line without what was answered, for lists in a report.
pub(crate) fn listed(entry: &Entry) -> String {
    format!("#{} {} → {}", entry.number, asked(entry), decision(&entry.verdict))
}
