//! Which fault a request meets, and what is answered where that leaves no answer.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use playhouse_llm::{Error, Upstream};

use crate::call::Facts;
use crate::fault::{Fault, FaultOrigin};
use crate::plan::Plan;
use crate::protocols::MockProtocol;
use crate::quota::{Budget, Exceeded, Limited, QuotaState};
use crate::script::{FaultKind, FaultSpec, Rule};

const TOO_MANY: u16 = 429;
/// How many requests a minute may have had where only a fault says that they are used up.
const USUAL_LIMIT: u64 = 500;
/// How long to wait then: short, so that tests of retries are.
const USUAL_WAIT: Duration = Duration::from_secs(1);

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
pub(super) fn in_place_of_an_answer(
    fault: Option<&Fault>,
    protocol: &dyn MockProtocol,
    facts: &Facts,
) -> Option<Plan> {
    let fault = fault?;
    let mut plan = match fault.spec.kind()? {
        FaultKind::Status => Plan::refusal(refusal(&fault.spec, protocol, &facts.model)),
        // Nobody sees what is said.
        FaultKind::Refuse | FaultKind::ResetBeforeHeaders => Plan::new(protocol.unscripted(facts)),
        _ => return None,
    };
    plan.headers.extend(headers_of(&fault.spec));
    plan.fault = Some(fault.clone());
    Some(plan)
}

/// The plan of an answer, or of the fault in its place.
pub(super) fn plan_with(
    fault: Option<Fault>,
    protocol: &dyn MockProtocol,
    facts: &Facts,
    answer: impl FnOnce() -> Plan,
) -> Plan {
    in_place_of_an_answer(fault.as_ref(), protocol, facts).unwrap_or_else(|| Plan { fault, ..answer() })
}

/// What the headers of a plan's answer tell of limits, where its fault says that one is reached.
pub(super) fn quota_of(plan: &Plan) -> Option<QuotaState> {
    let spec = &plan.fault.as_ref()?.spec;
    (spec.status == Some(TOO_MANY)).then(|| used_up(spec).state)
}

/// The vendor's refusal with what the script says of it.
pub(crate) fn refusal(spec: &FaultSpec, protocol: &dyn MockProtocol, model: &str) -> Error {
    let vendor = protocol.vendor();
    let mut error = match spec.status.unwrap_or(500) {
        TOO_MANY => vendor.over_quota(&used_up(spec), model),
        status => vendor.refusal(status),
    };
    if let Some(message) = &spec.message {
        error.message.clone_from(message);
    }
    if let Some(wait) = spec.retry_after() {
        error.retry_after = Some(wait);
    }
    let upstream = error.upstream.get_or_insert_with(|| Box::new(anonymous(vendor.name(), spec.status)));
    upstream.class = spec.r#type.clone().or_else(|| upstream.class.take());
    upstream.code = spec.code.clone().or_else(|| upstream.code.take());
    error
}

/// The minute's requests, all of which are used: what a refusal for too many of them tells.
fn used_up(spec: &FaultSpec) -> Exceeded {
    let wait = spec.retry_after().unwrap_or(USUAL_WAIT);
    let budget = |remaining, reset| Some(Budget { limit: USUAL_LIMIT, remaining, reset });
    Exceeded {
        state: QuotaState { requests: budget(0, wait), tokens: None },
        which: Limited::Requests,
        limit: USUAL_LIMIT,
        used: USUAL_LIMIT,
        requested: 1,
        retry_after: Some(wait),
    }
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
