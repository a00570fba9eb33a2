//! The engine: what is answered to a request, whoever asks and over whatever it came.
//!
//! A decision goes through the same steps as at a vendor: is the request valid, is there quota left,
//! what is the answer (here: which rule has it), how fast does it come; and what goes wrong with it.

mod compiled;
mod content_hash;
mod course;
mod faults;
mod memo;
mod namespace;
mod namespaces;
mod shared_script;
mod shelf;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use http::HeaderMap;
use playhouse_llm::{Error, ErrorKind};

pub use compiled::{CompiledScript, ScriptErrors};
pub use course::{Course, CutShort, Replay, Stage};
pub(crate) use faults::refusal;
pub use memo::Memo;
pub use namespace::Namespace;
pub use namespaces::{DEFAULT_NAMESPACE, is_name};
pub use shelf::{Kept, Shelf};

use crate::call::Call;
use crate::matching::Selected;
use crate::pace::Pace;
use crate::plan::Plan;
use crate::protocols::{MockProtocol, Violation};
use crate::quota::QuotaState;
use crate::reply::Scene;
use crate::script::{Chaos, PaceSpec, Rule, Script, ScriptProblem, Strictness};
use crate::verdict::{Hit, Verdict};
use crate::verify::{self, Evidence, Expectations, InvalidExpectation, Report, RuleState};
use namespaces::Namespaces;
use shared_script::SharedScript;

/// What holds for every namespace, unless its script says otherwise.
#[derive(Clone, Debug, Default)]
pub struct EngineConfig {
    /// How requests that a vendor would refuse are treated.
    pub strict: Strictness,
    /// Whether nothing is ever waited for.
    pub fast: bool,
    /// Faults over everything.
    pub chaos: Option<Chaos>,
    /// What everything that is drawn is drawn from.
    pub seed: u64,
}

/// Everything a double knows and remembers.
#[derive(Debug)]
pub struct Engine {
    config: EngineConfig,
    /// The script of every namespace that has none of its own.
    script: SharedScript,
    namespaces: Namespaces,
}

/// What is answered, and why.
#[derive(Debug)]
pub struct Decision {
    /// The answer.
    pub plan: Plan,
    /// Who decided on it.
    pub verdict: Verdict,
    /// What a vendor would have refused, where that is only reported.
    pub violations: Vec<Violation>,
    /// What is left of the namespace's quota, where it has one.
    pub quota: Option<QuotaState>,
}

impl Decision {
    /// The answer to a request that nobody can read.
    fn unreadable(error: Error) -> Self {
        let violation = Violation {
            rule: "unreadable",
            status: 400,
            class: "invalid_request_error",
            code: None,
            param: error.param.clone(),
            message: error.message.clone(),
        };
        Self::of(Plan::refusal(error), Verdict::Refused(violation))
    }

    fn refused(violation: Violation, protocol: &dyn MockProtocol) -> Self {
        let error = violation.to_error(protocol.vendor().name());
        Self::of(Plan::refusal(error), Verdict::Refused(violation))
    }

    fn of(plan: Plan, verdict: Verdict) -> Self {
        Self { plan, verdict, violations: Vec::new(), quota: None }
    }
}

impl Engine {
    /// An engine with this script for every namespace that gets none of its own.
    pub fn new(config: EngineConfig, script: CompiledScript) -> Self {
        Self { config, script: SharedScript::new(script), namespaces: Namespaces::default() }
    }

    /// Replaces the script that was given at the start, because its files have changed.
    pub fn set_script(&self, script: CompiledScript) {
        self.script.give(script);
    }

    /// Notes what is wrong with the files of the script as they are now; the last good one stays.
    pub fn note_problems(&self, problems: Vec<ScriptProblem>) {
        self.script.note_problems(problems);
    }

    /// What is wrong with the files of the script as they are now.
    pub fn problems(&self) -> Vec<ScriptProblem> {
        self.script.problems()
    }

    /// Puts a script in the place of the one that was given, or takes it away again.
    pub fn put_script(&self, script: Option<CompiledScript>) {
        self.script.put(script);
    }

    /// Whether a script was put in the place of the one that was given.
    pub fn has_put_script(&self) -> bool {
        self.script.is_put()
    }

    /// The script of every namespace that has none of its own.
    pub fn script(&self) -> Arc<CompiledScript> {
        self.script.current()
    }

    /// A namespace by its name, made if it is new.
    ///
    /// # Errors
    /// When there are too many already.
    pub fn namespace(&self, name: &str) -> Result<Arc<Namespace>, Error> {
        self.namespaces.get_or_make(name)
    }

    /// A namespace that was named before.
    pub fn existing(&self, name: &str) -> Option<Arc<Namespace>> {
        self.namespaces.get(name)
    }

    /// How far the rules are that a namespace follows.
    pub fn rule_states(&self, namespace: &Namespace) -> Vec<RuleState> {
        namespace.rule_states(&self.script_of(namespace))
    }

    /// The namespaces there are, by name.
    pub fn namespaces(&self) -> Vec<Arc<Namespace>> {
        self.namespaces.all()
    }

    /// Forgets a namespace; says whether there was one.
    pub fn forget(&self, name: &str) -> bool {
        self.namespaces.remove(name)
    }

    /// The script that a namespace follows.
    pub fn script_of(&self, namespace: &Namespace) -> Arc<CompiledScript> {
        namespace.own_script().unwrap_or_else(|| self.script())
    }

    /// Adds rules behind those that a namespace follows; what was counted stays.
    ///
    /// # Errors
    /// What is wrong with the new rules.
    pub fn add_rules(&self, namespace: &Namespace, rules: Vec<Rule>) -> Result<(), ScriptErrors> {
        namespace.add_rules(&self.script(), rules)
    }

    /// Holds what has happened in a namespace against expectations.
    ///
    /// # Errors
    /// An expectation that makes no sense.
    pub fn verify(
        &self,
        namespace: &Namespace,
        expectations: &Expectations,
    ) -> Result<Report, InvalidExpectation> {
        let evidence = Evidence { calls: namespace.journal().snapshot(), rules: self.rule_states(namespace) };
        verify::verify(expectations, &evidence, &verify::by_rules)
    }

    /// What is answered to a request that nobody can read: why, unless its headers are refused first.
    pub(crate) fn unreadable(
        &self,
        namespace: &Namespace,
        protocol: &dyn MockProtocol,
        headers: &HeaderMap,
        error: Error,
    ) -> Decision {
        let compiled = self.script_of(namespace);
        let script = compiled.rules.script();
        let is_strict = script.strict.unwrap_or(self.config.strict) == Strictness::On;
        let refused = is_strict.then(|| protocol.vendor().check_headers(headers, &script.api_keys)).flatten();
        refused
            .map_or_else(|| Decision::unreadable(error), |violation| Decision::refused(violation, protocol))
    }

    /// Decides what is answered to a request.
    pub async fn decide(&self, namespace: &Namespace, protocol: &dyn MockProtocol, call: &Call) -> Decision {
        self.decide_telling(namespace, protocol, call, &OnceLock::new()).await
    }

    /// Decides as [`decide`](Self::decide), and tells which rule matched before it waits for a reply
    /// that somebody else makes: who asks may leave meanwhile, and then nothing is returned.
    pub(crate) async fn decide_telling(
        &self,
        namespace: &Namespace,
        protocol: &dyn MockProtocol,
        call: &Call,
        waiting: &OnceLock<Hit>,
    ) -> Decision {
        let compiled = self.script_of(namespace);
        let violations = match self.violations(&compiled, protocol, call) {
            Ok(violations) => violations,
            Err(violation) => return Decision::refused(violation, protocol),
        };
        let quota = match self.take_quota(namespace, &compiled, protocol, call) {
            Ok(quota) => quota,
            Err(over) => return *over,
        };
        let decision = self.answer(namespace, &compiled, protocol, call, waiting).await;
        let quota = faults::quota_of(&decision.plan).or(quota);
        Decision { violations, quota, ..decision }
    }

    /// What the vendor would refuse; as an error where that is what shall happen.
    fn violations(
        &self,
        compiled: &CompiledScript,
        protocol: &dyn MockProtocol,
        call: &Call,
    ) -> Result<Vec<Violation>, Violation> {
        let script = compiled.rules.script();
        let strictness = script.strict.unwrap_or(self.config.strict);
        if strictness == Strictness::Off {
            return Ok(Vec::new());
        }
        let mut found = Vec::from_iter(protocol.vendor().check_headers(&call.headers, &script.api_keys));
        found.extend(call.facts.violations(|facts| protocol.check(facts)).iter().cloned());
        // The script is asked last: all of its rules may name models.
        let unknown = protocol.unknown_model(&call.facts);
        found.extend(unknown.filter(|_| !compiled.names_model(&call.facts.model)));
        match strictness {
            Strictness::On if !found.is_empty() => Err(found.swap_remove(0)),
            _ => Ok(found),
        }
    }

    fn take_quota(
        &self,
        namespace: &Namespace,
        compiled: &CompiledScript,
        protocol: &dyn MockProtocol,
        call: &Call,
    ) -> Result<Option<QuotaState>, Box<Decision>> {
        let Some(quota) = compiled.rules.script().quota else { return Ok(None) };
        namespace.take_quota(quota, call, Instant::now()).map(Some).map_err(|exceeded| {
            let error = protocol.vendor().over_quota(&exceeded, &call.facts.model);
            let quota = Some(exceeded.state);
            Box::new(Decision { quota, ..Decision::of(Plan::refusal(error), Verdict::OverQuota) })
        })
    }

    async fn answer(
        &self,
        namespace: &Namespace,
        compiled: &Arc<CompiledScript>,
        protocol: &dyn MockProtocol,
        call: &Call,
        waiting: &OnceLock<Hit>,
    ) -> Decision {
        if !compiled.has_rules_for(&call.facts) {
            return self.unscripted(namespace, compiled, protocol, call);
        }
        match namespace.select(compiled, call) {
            Ok(selected) => {
                if compiled.rules.rule(selected.hit.index).is_some_and(Rule::asks_somebody_else) {
                    let _ = waiting.set(selected.hit.clone());
                }
                self.scripted(namespace, compiled, protocol, call, selected).await
            }
            Err(miss) => {
                let error = Error::new(ErrorKind::NotFound, miss.to_string());
                Decision::of(Plan::refusal(faults::coded(error, "no_rule_matched")), Verdict::Miss(miss))
            }
        }
    }

    fn unscripted(
        &self,
        namespace: &Namespace,
        compiled: &CompiledScript,
        protocol: &dyn MockProtocol,
        call: &Call,
    ) -> Decision {
        let chaos = self.chaos(namespace, compiled, call);
        let facts = &call.facts;
        let recalled = namespace.with_shelf(|shelf| protocol.recall(facts, shelf));
        // What was kept is not made once more: it comes at once.
        let pace = if recalled.is_some() { Pace::default() } else { self.pace(compiled, None, 0) };
        let content = || recalled.unwrap_or_else(|| protocol.unscripted(facts));
        let mut plan = faults::plan_with(chaos, protocol, facts, || Plan::new(content()));
        plan.pace = pace;
        Decision::of(plan, Verdict::Unscripted)
    }

    async fn scripted(
        &self,
        namespace: &Namespace,
        compiled: &CompiledScript,
        protocol: &dyn MockProtocol,
        call: &Call,
        selected: Selected,
    ) -> Decision {
        let Selected { hit, step } = selected;
        let rule = compiled.rules.rule(hit.index);
        let fault = rule.and_then(|rule| faults::of_rule(rule, step, hit.call));
        let fault = fault.or_else(|| self.chaos(namespace, compiled, call));
        if let Some(plan) = faults::in_place_of_an_answer(fault.as_ref(), protocol, &call.facts) {
            return Decision::of(plan, Verdict::Rule(hit));
        }
        let seed = self.seed(compiled, call, hit.call);
        let scene = Scene { call, hit: &hit, step, seed };
        let rendered = match rule {
            // Its fault needs an answer to break off, whatever that says.
            Some(Rule { reply: None, sequence: None, .. }) => Ok(protocol.unscripted(&call.facts).into()),
            _ => compiled.replies.render(scene).await,
        };
        let plan = match rendered {
            Ok(rendered) => {
                let said = rendered.pace.or_else(|| rule?.pace.clone());
                Plan {
                    content: rendered.content,
                    headers: rendered.headers,
                    pace: self.pace(compiled, said.as_ref(), seed),
                    fault: fault.or_else(|| faults::of_reply(rendered.fault)),
                }
            }
            Err(error) => Plan::refusal(error),
        };
        Decision::of(plan, Verdict::Rule(hit))
    }

    fn chaos(
        &self,
        namespace: &Namespace,
        compiled: &CompiledScript,
        call: &Call,
    ) -> Option<crate::fault::Fault> {
        let chaos = compiled.rules.script().chaos.as_ref().or(self.config.chaos.as_ref())?;
        namespace.draw_fault(chaos, call)
    }

    fn pace(&self, compiled: &CompiledScript, said: Option<&PaceSpec>, seed: u64) -> Pace {
        Pace::resolve(said, compiled.rules.script().pace.as_ref(), seed, self.config.fast)
    }

    /// The same request at the same place in a script draws the same.
    fn seed(&self, compiled: &CompiledScript, call: &Call, nth: u32) -> u64 {
        let seed = compiled.rules.script().seed.unwrap_or(self.config.seed);
        content_hash::mix(seed, content_hash::of(&call.facts), u64::from(nth))
    }
}

impl From<Script> for Engine {
    /// An engine for this script as a Rust test has it.
    ///
    /// # Panics
    /// When the script cannot be used; the message says why.
    fn from(script: Script) -> Self {
        match CompiledScript::compile(script, Path::new(".")) {
            Ok(compiled) => Self::new(EngineConfig::default(), compiled),
            Err(errors) => panic!("{errors}"),
        }
    }
}
