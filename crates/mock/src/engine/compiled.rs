//! A script that is ready to be followed.

use std::fmt;
use std::path::Path;

use crate::matching::{RuleProblem, RuleSet};
use crate::reply::Replies;
use crate::script::Script;

/// A script's rules, ready to match, and its replies, ready to be given.
#[derive(Debug)]
pub struct CompiledScript {
    /// The rules.
    pub rules: RuleSet,
    /// The replies.
    pub replies: Replies,
}

/// Everything that keeps a script from being followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptErrors(pub Vec<RuleProblem>);

impl std::error::Error for ScriptErrors {}

impl fmt::Display for ScriptErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the script cannot be used:")?;
        self.0.iter().try_for_each(|problem| write!(formatter, "\n  {problem}"))
    }
}

impl CompiledScript {
    /// Prepares a script; relative fixtures are found from `folder`.
    ///
    /// # Errors
    /// Every expression, template and file in it that cannot be used.
    pub fn compile(script: Script, folder: &Path) -> Result<Self, ScriptErrors> {
        let replies = Replies::compile(&script, folder);
        let rules = RuleSet::compile(script);
        match (rules, replies) {
            (Ok(rules), Ok(replies)) => Ok(Self { rules, replies }),
            (rules, replies) => {
                let mut problems = rules.err().unwrap_or_default();
                problems.extend(replies.err().unwrap_or_default());
                Err(ScriptErrors(problems))
            }
        }
    }

    /// Whether the script itself names a model, so that it is known whatever the vendor has.
    pub(super) fn names_model(&self, model: &str) -> bool {
        let script = self.rules.script();
        script.models.iter().any(|known| known == model) || self.rules.names_model(model)
    }
}
