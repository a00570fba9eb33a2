//! Everything that is wrong with a script.

use std::fmt;

use super::problem::{ScriptProblem, Severity};

/// Enough to mend a script by; what comes after is counted.
const MAX_PROBLEMS: usize = 100;

/// Why a script could not be loaded: everything that is wrong with it, not only the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadFailure {
    /// What is wrong, in the order of the files; at most the first 100.
    pub problems: Vec<ScriptProblem>,
    /// How many more there are.
    pub omitted: usize,
}

impl LoadFailure {
    /// These problems, as many as anyone reads; the rest is counted and not even made.
    pub(super) fn of(first: Vec<ScriptProblem>, then: impl ExactSizeIterator<Item = ScriptProblem>) -> Self {
        let omitted = (first.len() + then.len()).saturating_sub(MAX_PROBLEMS);
        Self { problems: first.into_iter().chain(then).take(MAX_PROBLEMS).collect(), omitted }
    }

    /// How many errors there are.
    pub fn count(&self) -> usize {
        let errors = self.problems.iter().filter(|problem| problem.severity == Severity::Error);
        errors.count() + self.omitted
    }
}

impl From<Vec<ScriptProblem>> for LoadFailure {
    fn from(problems: Vec<ScriptProblem>) -> Self {
        Self::of(problems, std::iter::empty())
    }
}

impl fmt::Display for LoadFailure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems.iter().try_for_each(|problem| write!(out, "{problem}\n\n"))?;
        if self.omitted > 0 {
            writeln!(out, "… and {} more\n", self.omitted)?;
        }
        match self.count() {
            1 => write!(out, "1 problem in the script"),
            count => write!(out, "{count} problems in the script"),
        }
    }
}

impl std::error::Error for LoadFailure {}
