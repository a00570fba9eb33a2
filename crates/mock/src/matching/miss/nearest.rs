//! Finding the rule that came nearest to matching.
//!
//! It is the one for the request's protocol of which the most conditions hold; of several, the one
//! of which the fewest fail, then the one whose texts are most like the request's, then the first.
//! Rules that the index did
//! not give fail the condition they are filed by, which is known without looking. Only so many
//! rules are compared: a miss in a script of thousands must not cost what matching does not.

use super::likeness::Likeness;
use crate::matching::condition::Condition;
use crate::matching::index::Bits;
use crate::matching::view::View;
use crate::matching::{Ready, RuleSet};

/// How many rules are compared.
const MAX_COMPARED: usize = 500;
/// Of how many that are equally near the texts are compared.
const MAX_TIED: usize = 250;

/// How near a rule came: the larger, the nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Nearness {
    /// Whether the rule is for the protocol of the request.
    speaks: bool,
    held: usize,
    failed: std::cmp::Reverse<usize>,
}

/// The rules that came nearest so far.
#[derive(Default)]
struct Best {
    nearness: Option<Nearness>,
    tied: Vec<usize>,
}

pub(super) fn nearest(set: &RuleSet, view: &View<'_>, candidates: &Bits) -> Option<usize> {
    let mut best = Best::default();
    for at in candidates.iter().take(MAX_COMPARED) {
        let rule = &set.rules[at];
        best.offer(at, rule.nearness(failing(rule, view).len(), view));
    }
    let others = set.by_size.iter().map(|at| *at as usize).filter(|at| !candidates.contains(*at));
    for at in others.take(MAX_COMPARED) {
        let rule = &set.rules[at];
        // The rest have no more conditions than this one, and of each at least one fails.
        if !best.could_take(Nearness { speaks: true, ..rule.nearness(1, view) }) {
            break;
        }
        best.offer(at, rule.nearness(failing_of_no_candidate(rule, view), view));
    }
    best.most_like(set, view)
}

/// The conditions of a rule that do not hold. A closure is asked only where all else holds: it may
/// rely on that.
pub(super) fn failing<'r>(rule: &'r Ready, view: &View<'_>) -> Vec<&'r Condition> {
    let is_closure = |condition: &Condition| matches!(condition, Condition::Predicate(_));
    let (closures, others): (Vec<_>, Vec<_>) = rule.conditions.iter().partition(|one| is_closure(one));
    let failing: Vec<_> = others.into_iter().filter(|condition| !condition.holds(view)).collect();
    match failing.is_empty() {
        true => closures.into_iter().filter(|condition| !condition.holds(view)).collect(),
        false => failing,
    }
}

/// How many conditions do not hold of a rule that the index did not give.
fn failing_of_no_candidate(rule: &Ready, view: &View<'_>) -> usize {
    let others = rule.conditions.iter().enumerate().filter(|(at, _)| Some(*at) != rule.filed_by);
    let looked_at = others.filter(|(_, condition)| !matches!(condition, Condition::Predicate(_)));
    rule.conditions.len() - looked_at.filter(|(_, condition)| condition.holds(view)).count()
}

impl Ready {
    /// How near it came if so many of its conditions fail.
    fn nearness(&self, failed: usize, view: &View<'_>) -> Nearness {
        let held = self.conditions.len().saturating_sub(failed);
        Nearness { speaks: self.speaks(view), held, failed: std::cmp::Reverse(failed) }
    }

    /// Whether it is for the protocol of the request.
    pub(super) fn speaks(&self, view: &View<'_>) -> bool {
        // The protocol comes first if it is there.
        match self.conditions.first() {
            Some(protocol @ Condition::Protocol(_)) => protocol.holds(view),
            _ => true,
        }
    }
}

impl Best {
    /// Whether a rule as near as this would change anything.
    fn could_take(&self, nearness: Nearness) -> bool {
        match self.nearness {
            Some(best) => nearness > best || (nearness == best && self.tied.len() < MAX_TIED),
            None => true,
        }
    }

    fn offer(&mut self, at: usize, nearness: Nearness) {
        if self.nearness.is_none_or(|best| nearness > best) {
            self.nearness = Some(nearness);
            self.tied.clear();
        }
        if self.could_take(nearness) && self.nearness == Some(nearness) {
            self.tied.push(at);
        }
    }

    /// Of the rules that came equally near, the one that wants texts most like the request's.
    fn most_like(mut self, set: &RuleSet, view: &View<'_>) -> Option<usize> {
        self.tied.sort_unstable();
        if self.tied.len() < 2 {
            return self.tied.first().copied();
        }
        let likeness = Likeness::to(view);
        let like = |at: &usize| likeness.of(&set.rules[*at]);
        self.tied.into_iter().min_by_key(|at| std::cmp::Reverse(like(at)))
    }
}
