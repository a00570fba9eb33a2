//! A script that is ready to be followed.

use std::fmt;
use std::path::Path;

use crate::call::{Asked, Facts};
use crate::matching::{RuleProblem, RuleSet};
use crate::reply::Replies;
use crate::script::{LoadFailure, Loaded, Rule, Script, ScriptProblem};
use crate::verify::RuleState;

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

impl Default for CompiledScript {
    /// A script without rules.
    fn default() -> Self {
        match Self::compile(Script::default(), Path::new(".")) {
            Ok(compiled) => compiled,
            Err(errors) => unreachable!("nothing can be wrong with no rules: {errors}"),
        }
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

    /// Prepares a script that was loaded, and says what is odd about it.
    ///
    /// # Errors
    /// Everything that keeps it from being used, each at its line.
    pub fn of_loaded(loaded: Loaded) -> Result<(Self, Vec<ScriptProblem>), LoadFailure> {
        let Loaded { script, places, mut warnings, .. } = loaded;
        let compiled = Self::compile(script, Path::new("."));
        let compiled = compiled.map_err(|errors| {
            LoadFailure::from(
                errors.0.iter().filter_map(|problem| places.problem(problem)).collect::<Vec<_>>(),
            )
        })?;
        let hidden = compiled.rules.hidden();
        warnings.extend(hidden.into_iter().filter_map(|(rule, by)| places.hidden(rule, by)));
        Ok((compiled, warnings))
    }

    /// The rules by name, as far as nobody has used them.
    pub(crate) fn rule_names(&self) -> Vec<RuleState> {
        let names = (0..self.rules.script().rules.len()).map(|at| self.rules.name(at));
        names.map(|name| RuleState { name, ..RuleState::default() }).collect()
    }

    /// Whether any rule is about this kind of call. What is no chat is scripted where a rule names
    /// its protocol or gives what it asks for, so that a script of a chat leaves it alone; kept answers
    /// never are.
    pub(super) fn has_rules_for(&self, facts: &Facts) -> bool {
        let rules = &self.rules.script().rules;
        let is_named = |rule: &Rule| rule.when.protocol.as_deref() == Some(facts.protocol);
        match facts.asked {
            Asked::Chat(_) => !rules.is_empty(),
            Asked::Embeddings(_) => rules.iter().any(|rule| is_named(rule) || gives_embedding(rule)),
            Asked::Tokens(_) | Asked::Models(_) => rules.iter().any(is_named),
            Asked::Kept(_) => false,
        }
    }

    /// Whether the script itself names a model, so that it is known whatever the vendor has.
    pub(super) fn names_model(&self, model: &str) -> bool {
        let script = self.rules.script();
        script.models.iter().any(|known| known == model) || self.rules.names_model(model)
    }
}

fn gives_embedding(rule: &Rule) -> bool {
    let in_turn = rule.sequence.iter().flat_map(|sequence| &sequence.replies);
    rule.reply.iter().chain(in_turn).any(|reply| reply.embedding.is_some())
}
