//! Finding the rule that answers a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::call::Call;
use crate::script::{Rule, Script};
use crate::verdict::{Hit, Miss};

/// A script, ready to match.
#[derive(Debug)]
pub struct RuleSet {
    script: Script,
}

/// How far a namespace has come with a [`RuleSet`].
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The state it is in.
    pub state: Option<Arc<str>>,
    rules: Vec<RuleProgress>,
}

/// How often a rule was met.
#[derive(Clone, Copy, Debug, Default)]
struct RuleProgress {
    answered: u32,
}

/// What is wrong with a rule, apart from its spelling.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rules[{rule}].{field}: {message}")]
pub struct RuleProblem {
    /// The rule's place in the script, from 0.
    pub rule: usize,
    /// Where in the rule (`when.user.matches`).
    pub field: String,
    /// What is wrong, and what to do.
    pub message: String,
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
    /// Every expression in it that cannot be used.
    pub fn compile(script: Script) -> Result<Self, Vec<RuleProblem>> {
        Ok(Self { script })
    }

    /// The script it was made of.
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// The rule at this place.
    pub fn rule(&self, index: usize) -> Option<&Rule> {
        self.script.rules.get(index)
    }

    /// Rules that can never match, each with the earlier rule that answers in its place.
    pub fn hidden(&self) -> Vec<(usize, usize)> {
        Vec::new()
    }

    /// The first rule that matches, and what that changes.
    ///
    /// # Errors
    /// What came nearest, where none matches.
    pub fn select(&self, call: &Call, progress: &mut Progress) -> Result<Selected, Miss> {
        progress.rules.resize_with(self.script.rules.len(), RuleProgress::default);
        let matching = self.script.rules.iter().position(|rule| matches(rule, call));
        let index = matching.ok_or_else(Miss::default)?;
        progress.rules[index].answered += 1;
        let name = self.script.rules[index].name.clone();
        let name = name.unwrap_or_else(|| format!("rule {}", index + 1).into());
        let hit = Hit { index, name, call: progress.rules[index].answered, captures: BTreeMap::new() };
        Ok(Selected { hit, step: 0 })
    }
}

fn matches(rule: &Rule, call: &Call) -> bool {
    let texts = rule.when.user.as_ref().and_then(|user| user.contains.as_ref());
    texts.is_none_or(|texts| texts.0.iter().all(|text| call.facts.user.contains(text)))
}
