//! How many requests a rule answers, and which.

use super::problem::Problems;
use super::progress::RuleProgress;
use crate::script::{CallMatch, Rule, Then};

/// What keeps a rule from answering every request for which its conditions hold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limit {
    /// Which of the requests it is met with.
    pub(super) call: Option<CallMatch>,
    /// How many it answers.
    pub(super) times: Option<u32>,
    replies: Option<Replies>,
}

/// The replies of a sequence.
#[derive(Clone, Copy, Debug)]
struct Replies {
    count: u32,
    then: Then,
    /// The requests that are refused before the first of them.
    refusals: u32,
}

/// The limit that a rule has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// Another request of those is the one it answers.
    Call(CallMatch),
    /// It has answered this many.
    Times(u32),
    /// This many replies have been given, and there is none after them.
    SequenceEnd(u32),
}

impl Limit {
    /// The limits of a rule.
    pub(super) fn of(rule: &Rule, problems: &mut Problems) -> Self {
        let call = rule.when.call;
        if let Some(message) = call.and_then(call_problem) {
            problems.report("when.call", message);
        }
        if rule.sequence.as_ref().is_some_and(|sequence| sequence.replies.is_empty()) {
            problems.report("sequence", "there is no reply in it: give it one, or say `reply`");
        }
        let replies = rule.sequence.as_ref().map(|sequence| Replies {
            count: u32::try_from(sequence.replies.len()).unwrap_or(u32::MAX),
            then: sequence.then,
            refusals: rule.refusals(),
        });
        Self { call, times: rule.times, replies }
    }

    /// Whether there is none, so that the rule answers whenever its conditions hold.
    pub(super) fn is_none(&self) -> bool {
        let ends = self.replies.is_some_and(|replies| replies.then == Then::Fail);
        self.call.is_none() && self.times.is_none() && !ends
    }

    /// Counts a request for which the rule's conditions hold. If the rule answers it, says which of
    /// its replies is next.
    pub(super) fn admit(&self, progress: &mut RuleProgress) -> Option<usize> {
        progress.meet();
        if self.misses_call(*progress).or(self.exhausted(*progress)).is_some() {
            return None;
        }
        let step = self.step(progress.answered);
        progress.answered = progress.answered.saturating_add(1);
        Some(step)
    }

    /// Why the rule does not answer the request that was counted last.
    pub(super) fn misses_call(&self, progress: RuleProgress) -> Option<Reached> {
        let call = self.call?;
        let is_inside = progress.met >= call.from && call.to.is_none_or(|to| progress.met <= to);
        (!is_inside).then_some(Reached::Call(call))
    }

    /// Why the rule answers nothing any more.
    pub(super) fn exhausted(&self, progress: RuleProgress) -> Option<Reached> {
        if let Some(times) = self.times
            && progress.answered >= times
        {
            return Some(Reached::Times(times));
        }
        let Replies { count, then, refusals } = self.replies?;
        let is_over = progress.answered.saturating_sub(refusals) >= count;
        (then == Then::Fail && is_over).then_some(Reached::SequenceEnd(count))
    }

    fn step(&self, answered: u32) -> usize {
        let Some(Replies { count, then, refusals }) = self.replies else { return 0 };
        let given = answered.saturating_sub(refusals);
        let step = match then {
            Then::Repeat => given % count.max(1),
            Then::Last | Then::Fail => given.min(count.saturating_sub(1)),
        };
        step as usize
    }
}

fn call_problem(call: CallMatch) -> Option<String> {
    let CallMatch { from, to } = call;
    if from == 0 {
        return Some("calls are counted from 1: `from: 0` is none".to_owned());
    }
    let to = to.filter(|to| *to < from)?;
    Some(format!("no call is from {from} on and up to {to}: let `to` be at least `from`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Reply, Sequence, When};

    fn steps(rule: &Rule, requests: usize) -> Vec<Option<usize>> {
        let limit = Limit::of(rule, &mut Problems::default());
        let mut progress = RuleProgress::default();
        (0..requests).map(|_| limit.admit(&mut progress)).collect()
    }

    fn sequence(then: Then) -> Rule {
        let replies = vec![Reply::from("one"), Reply::from("two")];
        Rule { sequence: Some(Sequence { replies, then }), ..Rule::default() }
    }

    #[test]
    fn a_sequence_ends_as_it_says() {
        assert_eq!(steps(&sequence(Then::Last), 4), [Some(0), Some(1), Some(1), Some(1)]);
        assert_eq!(steps(&sequence(Then::Repeat), 4), [Some(0), Some(1), Some(0), Some(1)]);
        assert_eq!(steps(&sequence(Then::Fail), 4), [Some(0), Some(1), None, None]);
    }

    #[test]
    fn times_end_a_sequence_too() {
        assert_eq!(steps(&sequence(Then::Repeat).times(3), 4), [Some(0), Some(1), Some(0), None]);
    }

    #[test]
    fn only_the_calls_that_are_named_are_answered() {
        let call = Some(CallMatch { from: 2, to: Some(3) });
        let rule = Rule { when: When { call, ..When::default() }, ..sequence(Then::Last) };
        assert_eq!(steps(&rule, 4), [None, Some(0), Some(1), None]);
    }
}
