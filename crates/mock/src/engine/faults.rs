//! Which fault a request meets, and what is answered where that leaves no answer.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use playhouse_llm::{Error, Upstream};

use crate::fault::{Fault, FaultOrigin};
use crate::plan::Plan;
use crate::protocols::MockProtocol;
use crate::script::{FaultKind, FaultSpec, Rule};

/// The fault that a rule's nth request meets: its reply's, at this step of its sequence, or its own.
pub(super) fn of_rule(rule: &Rule, step: usize, nth: u32) -> Option<Fault> {
    let reply = rule.sequence.as_ref().map_or(rule.reply.as_ref(), |sequence| sequence.replies.get(step));
    let specs = [reply.and_then(|reply| reply.fault.as_ref()), rule.fault.as_ref()];
    let mut met = specs.into_iter().flatten().filter(|spec| spec.times.is_none_or(|times| nth <= times));
    met.next().and_then(|spec| of_reply(Some(spec.clone())))
}

/// The fault that a reply brings with it.
pub(super) fn of_reply(spec: Option<FaultSpec>) -> Option<Fault> {
    spec.map(|spec| Fault { spec, origin: FaultOrigin::Rule })
}

/// The plan of a fault that lets no answer through.
pub(super) fn in_place_of_an_answer(fault: Option<&Fault>, protocol: &dyn MockProtocol) -> Option<Plan> {
    let fault = fault?;
    match fault.spec.kind()? {
        FaultKind::Status => {
            let mut plan = Plan::refusal(refusal(&fault.spec, protocol));
            plan.headers.extend(headers_of(&fault.spec));
            plan.fault = Some(fault.clone());
            Some(plan)
        }
        FaultKind::Refuse | FaultKind::ResetBeforeHeaders => {
            let mut plan = Plan::refusal(protocol.vendor().refusal(503));
            plan.fault = Some(fault.clone());
            Some(plan)
        }
        _ => None,
    }
}

/// The plan of an answer, or of the fault in its place.
pub(super) fn plan_with(
    fault: Option<Fault>,
    protocol: &dyn MockProtocol,
    answer: impl FnOnce() -> Plan,
) -> Plan {
    in_place_of_an_answer(fault.as_ref(), protocol).unwrap_or_else(|| Plan { fault, ..answer() })
}

/// The vendor's refusal with what the script says of it.
pub(crate) fn refusal(spec: &FaultSpec, protocol: &dyn MockProtocol) -> Error {
    let vendor = protocol.vendor();
    let mut error = vendor.refusal(spec.status.unwrap_or(500));
    if let Some(message) = &spec.message {
        error.message.clone_from(message);
    }
    if let Some(wait_s) = spec.retry_after_s {
        error.retry_after = Duration::try_from_secs_f64(wait_s).ok();
    }
    let upstream = error.upstream.get_or_insert_with(|| Box::new(anonymous(vendor.name(), spec.status)));
    upstream.class = spec.r#type.clone().or_else(|| upstream.class.take());
    upstream.code = spec.code.clone().or_else(|| upstream.code.take());
    error
}

/// The same error with a code of its own.
pub(super) fn coded(mut error: Error, code: &str) -> Error {
    let upstream = error.upstream.get_or_insert_with(|| Box::new(anonymous("playhouse", None)));
    upstream.code = Some(code.to_owned());
    error
}

fn anonymous(provider: &str, status: Option<u16>) -> Upstream {
    Upstream { provider: Arc::from(provider), status, code: None, class: None, body: None }
}

/// Names and values were checked when the script was loaded.
fn headers_of(spec: &FaultSpec) -> impl Iterator<Item = (HeaderName, HeaderValue)> + '_ {
    spec.headers.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
}
