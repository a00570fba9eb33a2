//! The log line of a call.

use crate::journal::Entry;
use crate::verdict::Verdict;

/// Logs that a call is being answered: a line a person can read, and the fields a program wants.
pub(super) fn log(entry: &Entry) {
    let (rule, error) = match &entry.verdict {
        Verdict::Rule(hit) => (Some(&*hit.name), None),
        Verdict::Unscripted => (None, None),
        Verdict::Miss(_) => (None, Some("no_rule_matched")),
        Verdict::Refused(violation) => (None, Some(violation.rule)),
        Verdict::OverQuota => (None, Some("over_quota")),
    };
    let fault = entry.fault.as_ref().map(ToString::to_string);
    let violations = entry.violations.iter().map(|violation| violation.rule).collect::<Vec<_>>().join(" ");
    playhouse_telemetry::info!(
        target: "playhouse::mock",
        namespace = &*entry.namespace,
        call = entry.number,
        method = entry.method.as_str(),
        path = entry.path(),
        model = entry.model(),
        status_code = entry.answer().map(|answer| answer.status),
        rule,
        error,
        fault = fault.as_deref(),
        violations = Some(violations.as_str()).filter(|rules| !rules.is_empty()),
        "Answered"
    );
}
