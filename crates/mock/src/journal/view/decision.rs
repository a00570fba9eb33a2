//! What was made of a call, and what went wrong with its answer.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::fault::Fault;
use crate::journal::fault;
use crate::protocols::Violation;
use crate::verdict::Verdict;

/// Who decided on the answer; in JSON one field that is named for it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DecisionView {
    Matched { rule: String, index: usize, call: u32, captures: BTreeMap<String, String> },
    Unscripted(bool),
    Missed { nearest: Option<String>, differences: Vec<String> },
    Refused(ViolationView),
    OverQuota(bool),
}

/// Something that the vendor refuses a request for.
#[derive(Debug, Serialize)]
pub(super) struct ViolationView {
    rule: &'static str,
    status: u16,
    r#type: &'static str,
    code: Option<String>,
    param: Option<String>,
    message: String,
}

/// What goes wrong with an answer.
#[derive(Debug, Serialize)]
pub struct FaultView {
    /// Its kind (`cut`).
    pub kind: Option<&'static str>,
    /// Its kind, and where it happens, in a few words.
    pub name: String,
    /// How it is written in a script.
    pub script: String,
    /// How to get exactly it again.
    pub again: String,
}

impl From<&Verdict> for DecisionView {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Rule(hit) => Self::Matched {
                rule: hit.name.to_string(),
                index: hit.index,
                call: hit.call,
                captures: hit.captures.clone(),
            },
            Verdict::Unscripted => Self::Unscripted(true),
            Verdict::Miss(miss) => Self::Missed {
                nearest: miss.nearest.as_ref().map(ToString::to_string),
                differences: miss.differences.clone(),
            },
            Verdict::Refused(violation) => Self::Refused(violation.into()),
            Verdict::OverQuota => Self::OverQuota(true),
        }
    }
}

/// The name of who decided.
pub(super) fn outcome(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Rule(_) => "matched",
        Verdict::Unscripted => "unscripted",
        Verdict::Miss(_) => "missed",
        Verdict::Refused(_) => "refused",
        Verdict::OverQuota => "over_quota",
    }
}

impl From<&Violation> for ViolationView {
    fn from(violation: &Violation) -> Self {
        Self {
            rule: violation.rule,
            status: violation.status,
            r#type: violation.class,
            code: violation.code.clone(),
            param: violation.param.clone(),
            message: violation.message.clone(),
        }
    }
}

impl FaultView {
    pub(super) fn new(met: &Fault, namespace: &str) -> Self {
        Self {
            kind: met.spec.kind().map(|kind| kind.as_str()),
            name: fault::name(&met.spec),
            script: fault::written(&met.spec),
            again: fault::again(met, namespace),
        }
    }
}
