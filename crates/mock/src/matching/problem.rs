//! What is wrong with a rule, apart from its spelling.

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

/// The problems of a script, gathered rule by rule.
#[derive(Debug, Default)]
pub(super) struct Problems {
    rule: usize,
    found: Vec<RuleProblem>,
}

impl Problems {
    /// Says that what comes is about the rule at this place.
    pub(super) fn turn_to(&mut self, rule: usize) {
        self.rule = rule;
    }

    pub(super) fn report(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.found.push(RuleProblem { rule: self.rule, field: field.into(), message: message.into() });
    }

    /// What went well, or what it was reported for.
    pub(super) fn keep<T>(&mut self, field: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.report(field, message)).ok()
    }

    pub(super) fn into_result<T>(self, made: T) -> Result<T, Vec<RuleProblem>> {
        if self.found.is_empty() { Ok(made) } else { Err(self.found) }
    }
}
