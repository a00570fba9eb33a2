//! How far a namespace has come with a script.

use std::collections::HashMap;
use std::sync::Arc;

/// How far a namespace has come with a [`RuleSet`](super::RuleSet): its state, and how often each
/// rule was met.
///
/// It belongs to the rule set that it was last used with. With another one (a script that was
/// changed, or loaded again) every rule starts anew, and only the state stays: a rule has no name
/// by which it could be found again for sure. Where rules were only added at the end,
/// [`RuleSet::take_over`](super::RuleSet::take_over) keeps what was counted.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The state it is in.
    pub state: Option<Arc<str>>,
    /// The number of the rule set that it belongs to; 0 for none yet.
    rule_set: u64,
    /// The rules that were met; never more than there are.
    rules: HashMap<usize, RuleProgress>,
}

/// How often a rule was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RuleProgress {
    /// Requests for which its conditions held; of those that an earlier rule answered only where it
    /// counts them.
    pub(super) met: u32,
    /// Those of them that it answered.
    pub(super) answered: u32,
}

impl Progress {
    /// Begins anew unless it belongs to this rule set already.
    pub(super) fn belong_to(&mut self, rule_set: u64) {
        if self.rule_set != rule_set {
            self.rule_set = rule_set;
            self.rules.clear();
        }
    }

    /// Belongs to another rule set from now on; what was counted stays.
    pub(super) fn pass_to(&mut self, rule_set: u64) {
        self.rule_set = rule_set;
    }

    /// How far it is with a rule, to change it.
    pub(super) fn rule_mut(&mut self, index: usize) -> &mut RuleProgress {
        self.rules.entry(index).or_default()
    }

    /// How far it is with a rule of this rule set.
    pub(super) fn rule(&self, rule_set: u64, index: usize) -> RuleProgress {
        match self.rule_set == rule_set {
            true => self.rules.get(&index).copied().unwrap_or_default(),
            false => RuleProgress::default(),
        }
    }
}

impl RuleProgress {
    /// Counts a request for which the rule's conditions hold.
    pub(super) fn meet(&mut self) {
        self.met = self.met.saturating_add(1);
    }
}
