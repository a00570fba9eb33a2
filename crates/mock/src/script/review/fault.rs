//! Faults: what each kind takes.

use super::{Complaints, Field, headers, pace};
use crate::script::{FaultKind, FaultSpec};

pub(super) fn review(fault: &FaultSpec, at: Field<'_>, complaints: &mut Complaints) {
    if fault.times == Some(0) {
        complaints.add(at.key("times"), "cannot be 0", "leave the fault out");
    }
    match fault.kind() {
        Some(kind) => review_parameters(fault, kind, at, complaints),
        None => complaints.add(at, "says no kind of fault", "add `kind` or `status`"),
    }
    review_values(fault, at, complaints);
    headers::review(&fault.headers, at.key("headers"), complaints);
}

/// The parameters that a kind takes beside `times`.
fn parameters(kind: FaultKind) -> &'static [&'static str] {
    match kind {
        FaultKind::Status => &["status", "message", "type", "code", "retry_after_s", "headers"],
        FaultKind::Cut => &["after_events", "after_bytes"],
        FaultKind::Stall => &["after_events", "after_bytes", "stall_ms"],
        FaultKind::Drip => &["bytes", "every_ms"],
        FaultKind::ErrorEvent => &["after_events", "message", "type", "code"],
        FaultKind::WrongContentType => &["content_type"],
        FaultKind::MalformedChunk
        | FaultKind::InvalidUtf8
        | FaultKind::DuplicateChunk
        | FaultKind::ReorderedChunks => &["after_events"],
        FaultKind::Refuse
        | FaultKind::ResetBeforeHeaders
        | FaultKind::ResetInHeaders
        | FaultKind::ResetAfterHeaders
        | FaultKind::TruncatedJson
        | FaultKind::MissingDone
        | FaultKind::MissingFinish
        | FaultKind::Empty
        | FaultKind::LengthInToolJson => &[],
    }
}

/// The parameters that are said.
fn said(fault: &FaultSpec) -> impl Iterator<Item = &'static str> {
    let all = [
        ("status", fault.status.is_some()),
        ("message", fault.message.is_some()),
        ("type", fault.r#type.is_some()),
        ("code", fault.code.is_some()),
        ("retry_after_s", fault.retry_after_s.is_some()),
        ("headers", !fault.headers.is_empty()),
        ("after_events", fault.after_events.is_some()),
        ("after_bytes", fault.after_bytes.is_some()),
        ("stall_ms", fault.stall_ms.is_some()),
        ("bytes", fault.bytes.is_some()),
        ("every_ms", fault.every_ms.is_some()),
        ("content_type", fault.content_type.is_some()),
    ];
    all.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name)
}

fn review_parameters(fault: &FaultSpec, kind: FaultKind, at: Field<'_>, complaints: &mut Complaints) {
    let (name, takes) = (kind.as_str(), parameters(kind));
    for parameter in said(fault).filter(|parameter| !takes.contains(parameter)) {
        let help = match takes {
            [] => format!("`{name}` takes nothing but `times`"),
            _ => format!("`{name}` takes: {}", takes.join(", ")),
        };
        complaints.misplaced(at.key(parameter), format!("means nothing for `{name}`"), help);
    }
    if kind == FaultKind::Status && fault.status.is_none() {
        complaints.add(at, "lacks the key 'status'", "add it, such as `status: 503`");
    }
    if fault.after_events.is_some() && fault.after_bytes.is_some() {
        complaints.misplaced(at.key("after_bytes"), "stands beside after_events", "keep one of the two");
    }
}

fn review_values(fault: &FaultSpec, at: Field<'_>, complaints: &mut Complaints) {
    if let Some(status) = fault.status.filter(|status| !(400..=599).contains(status)) {
        let help = "a refusal has a status from 400 to 599; for another answer see `raw` of `reply`";
        complaints.add(at.key("status"), format!("cannot be {status}"), help);
    }
    if fault.retry_after_s.is_some_and(|seconds| !seconds.is_finite() || seconds < 0.0) {
        complaints.add(at.key("retry_after_s"), "cannot be less than 0", "use a number of seconds");
    }
    if fault.bytes == Some(0) {
        complaints.add(at.key("bytes"), "cannot be 0", "nothing would ever arrive: use 1 or more");
    }
    for (name, ms) in [("stall_ms", fault.stall_ms), ("every_ms", fault.every_ms)] {
        if let Some(ms) = ms {
            pace::review_ms(ms as f64, at.key(name), complaints);
        }
    }
    if let Some(content_type) = &fault.content_type {
        headers::review_value(content_type, at.key("content_type"), complaints);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::json_schema;

    #[test]
    fn every_parameter_is_one_of_some_kind() {
        let mut taken: Vec<&str> =
            FaultKind::ALL.iter().flat_map(|kind| parameters(*kind)).copied().collect();
        taken.extend(["kind", "times"]);
        let schema = json_schema();
        let forms = schema["$defs"]["FaultSpec"]["anyOf"].as_array().unwrap();
        let keys = forms.iter().find_map(|form| form["properties"].as_object()).unwrap();
        for key in keys.keys() {
            assert!(taken.contains(&key.as_str()), "no kind takes {key}");
        }
    }
}
