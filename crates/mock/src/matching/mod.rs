//! Finding the rule that answers a request.
//!
//! What it is: [`RuleSet`], a script made ready once, and [`Progress`], how far one namespace has
//! come with it. [`RuleSet::select`] finds the first rule that matches, or says in a
//! [`Miss`] which one came nearest and what differed.
//!
//! In reading order: [`RuleSet`] → `condition` → `limit` → `index` → `miss` → `hidden`.

mod condition;
mod fold;
mod hidden;
mod index;
mod limit;
mod miss;
mod problem;
mod progress;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use problem::RuleProblem;
pub use progress::Progress;

use self::condition::Condition;
use self::index::Index;
use self::limit::Limit;
use self::problem::Problems;
use self::view::View;
use crate::call::Call;
use crate::script::{Rule, Script};
use crate::verdict::{Hit, Miss};

/// A script, ready to match.
///
/// ```
/// use std::sync::Arc;
/// use playhouse_llm::{Message, Prompt, Request};
/// use playhouse_mock::call::{Call, Facts, Form};
/// use playhouse_mock::matching::{Progress, RuleSet};
/// use playhouse_mock::script::{Rule, Script, When};
///
/// let script = Script::default().rule(Rule::reply("It is sunny.").when(When::user("weather")).named("weather"));
/// let rules = RuleSet::compile(script).unwrap();
///
/// let ask = |text| {
///     let request = Request::new("gpt-4o", Prompt::new(vec![Message::user(text)]));
///     let facts = Facts::chat("openai-chat", request, Form::default(), Default::default());
///     Call { namespace: "test".into(), headers: Arc::default(), facts: Arc::new(facts) }
/// };
/// let mut progress = Progress::default();
/// assert_eq!(&*rules.select(&ask("How is the weather?"), &mut progress).unwrap().hit.name, "weather");
///
/// let miss = rules.select(&ask("What is the time?"), &mut progress).unwrap_err();
/// assert_eq!(
///     miss.differences,
///     [r#"user: expected to contain "weather", the last user message is "What is the time?""#],
/// );
/// ```
#[derive(Debug)]
pub struct RuleSet {
    /// Tells it from every other in this process.
    number: u64,
    script: Script,
    rules: Vec<Ready>,
    /// Whether some rule counts its requests (`call`).
    counts_requests: bool,
    /// The rules, those with the most conditions first.
    by_size: Vec<u32>,
    index: Index,
}

/// A rule, ready to match.
#[derive(Debug)]
struct Ready {
    conditions: Vec<Condition>,
    limit: Limit,
    /// The condition that fails whenever the index does not give the rule.
    filed_by: Option<usize>,
}

/// The rule that answers, and which of its replies is next.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    /// The rule.
    pub hit: Hit,
    /// The place of the reply in the rule's sequence; 0 where it has none.
    pub step: usize,
}

impl RuleSet {
    /// Prepares a script.
    ///
    /// # Errors
    /// Everything in it that cannot be used: regular expressions, JSONPath expressions, names of
    /// protocols and headers, turns and calls that can never be.
    pub fn compile(script: Script) -> Result<Self, Vec<RuleProblem>> {
        let mut problems = Problems::default();
        let (conditions, limits): (Vec<_>, Vec<_>) = script
            .rules
            .iter()
            .enumerate()
            .map(|(at, rule)| {
                problems.turn_to(at);
                (Condition::all_of(&rule.when, &mut problems), Limit::of(rule, &mut problems))
            })
            .unzip();
        problems.into_result(())?;
        let (index, filed_by) = Index::build(&conditions);
        let rules = conditions.into_iter().zip(limits).zip(filed_by);
        let rules: Vec<_> =
            rules.map(|((conditions, limit), filed_by)| Ready { conditions, limit, filed_by }).collect();
        let counts_requests = rules.iter().any(|rule: &Ready| rule.limit.call.is_some());
        Ok(Self { number: next_number(), counts_requests, by_size: by_size(&rules), script, rules, index })
    }

    /// The script it was made of.
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// The rule at this place.
    pub fn rule(&self, index: usize) -> Option<&Rule> {
        self.script.rules.get(index)
    }

    /// How many requests the rule at this place has answered.
    pub fn answered(&self, index: usize, progress: &Progress) -> u32 {
        progress.rule(self.number, index).answered
    }

    /// Rules that can never match, each with the earlier rule that answers in its place.
    ///
    /// Every pair is sure; not every rule that can never match is found. A rule is compared only
    /// with the first few that the index gives for what it asks, so that the work grows with the
    /// number of rules and not with its square.
    pub fn hidden(&self) -> Vec<(usize, usize)> {
        hidden::hidden(&self.rules, &self.index)
    }

    /// The first rule that matches, and what that changes: its counters, and the state.
    ///
    /// A rule's `call` counts the requests for which all its other conditions hold, whoever answers
    /// them.
    ///
    /// # Errors
    /// What came nearest, where none matches.
    pub fn select(&self, call: &Call, progress: &mut Progress) -> Result<Selected, Miss> {
        progress.belong_to(self.number);
        let view = View::new(call, progress.state.clone());
        let candidates = self.index.candidates(&view);
        let mut selected = None;
        for at in candidates.iter() {
            let rule = &self.rules[at];
            match selected {
                None if rule.holds(&view) => selected = rule.limit.admit(progress.rule_mut(at)).map(|step| (at, step)),
                // Answered already; what counts its requests counts this one too.
                Some(_) if rule.limit.call.is_some() && rule.holds(&view) => progress.rule_mut(at).meet(),
                _ => {}
            }
            if selected.is_some() && !self.counts_requests {
                break;
            }
        }
        match selected {
            Some((at, step)) => Ok(Selected { hit: self.hit(at, &view, progress), step }),
            None => Err(miss::explain(self, &view, &candidates, progress)),
        }
    }

    /// Who answers, and the state after it has.
    fn hit(&self, at: usize, view: &View<'_>, progress: &mut Progress) -> Hit {
        if let Some(state) = self.script.rules.get(at).and_then(|rule| rule.set_state.clone()) {
            progress.state = Some(state);
        }
        let mut captures = BTreeMap::new();
        self.rules[at].conditions.iter().for_each(|condition| condition.capture(view, &mut captures));
        Hit { index: at, name: self.name(at), call: self.answered(at, progress), captures }
    }

    /// A rule's name, or its number (`rule 3`) where it has none.
    pub fn name(&self, index: usize) -> Arc<str> {
        let name = self.script.rules.get(index).and_then(|rule| rule.name.clone());
        name.unwrap_or_else(|| format!("rule {}", index + 1).into())
    }

    /// Whether some rule names this model in its conditions, as such or by a pattern other than `*`.
    pub fn names_model(&self, model: &str) -> bool {
        self.rules.iter().flat_map(|rule| &rule.conditions).any(|condition| match condition {
            Condition::Model(glob) => glob.matches(model),
            _ => false,
        })
    }

    /// Has a progress go on with this rule set, which must begin with the rules of the one before:
    /// what was counted of them stays.
    pub fn take_over(&self, progress: &mut Progress) {
        progress.pass_to(self.number);
    }
}

impl Ready {
    fn holds(&self, view: &View<'_>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(view))
    }
}

fn by_size(rules: &[Ready]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(rules.len()).unwrap_or(u32::MAX)).collect();
    order.sort_by_key(|at| std::cmp::Reverse(rules[*at as usize].conditions.len()));
    order
}

fn next_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

#[cfg(test)]
mod tests;
