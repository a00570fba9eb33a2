//! The log line of a call.

use crate::journal::{Ended, Entry, again, timeless, troubles};
use crate::verdict::Verdict;

/// Who reads the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallLines {
    /// A program: each thing is a field, and what was said is in none.
    #[default]
    ForPrograms,
    /// A person: the message says all of it, with the beginning of what the user said.
    ForPeople,
}

impl CallLines {
    /// Logs a call that has ended.
    pub(super) fn log(self, entry: &Entry) {
        match self {
            Self::ForPrograms => log_fields(entry),
            Self::ForPeople => log_line(entry),
        }
    }
}

fn log_line(entry: &Entry) {
    let troubles = troubles(entry).join("\n");
    let troubles = Some(troubles.as_str()).filter(|troubles| !troubles.is_empty());
    // What is below a line has this name.
    playhouse_telemetry::info!(target: "playhouse::mock", exception = troubles, "{}", timeless(entry));
}

fn log_fields(entry: &Entry) {
    let (rule, error) = match &entry.verdict {
        Verdict::Rule(hit) => (Some(&*hit.name), None),
        Verdict::Unscripted => (None, None),
        Verdict::Miss(_) => (None, Some("no_rule_matched")),
        Verdict::Refused(violation) => (None, Some(violation.rule)),
        Verdict::OverQuota => (None, Some("over_quota")),
    };
    let fault = entry.fault.as_ref().map(ToString::to_string);
    let again = entry.fault.as_ref().map(|fault| again(fault, &entry.namespace));
    let violations = entry.violations.iter().map(|violation| violation.rule).collect::<Vec<_>>().join(" ");
    playhouse_telemetry::info!(
        target: "playhouse::mock",
        namespace = &*entry.namespace,
        call = entry.number,
        method = entry.method.as_str(),
        path = entry.path(),
        model = entry.model(),
        status_code = entry.answer().map(|answer| answer.status),
        duration_ms = entry.sent().duration_ms(),
        rule,
        error,
        fault = fault.as_deref(),
        again = again.as_deref(),
        violations = Some(violations.as_str()).filter(|rules| !rules.is_empty()),
        ended = ended(entry.sent().ended()),
        "Answered"
    );
}

/// How an answer ended, where it is not as it should.
fn ended(ended: Ended) -> Option<&'static str> {
    match ended {
        Ended::ClientLeft => Some("client_left"),
        Ended::Cut => Some("cut"),
        Ended::Running | Ended::Complete => None,
    }
}
