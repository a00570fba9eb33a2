//! What a verification found, for programs and for people.

use std::fmt;

use serde::Serialize;

use super::diff::DiffLine;
use super::nearest::Nearest;
use crate::journal::Calls;
use crate::journal::explain::listed;

/// Calls listed at most: the newest.
const MAX_CALLS: usize = 50;

/// What a verification found. Its display is what a failed test should print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use = "a report is only worth something to who looks at it"]
pub struct Report {
    /// Whether everything is as expected.
    pub ok: bool,
    /// What is not.
    pub failures: Vec<Failure>,
    /// The calls that came, a line each; of many, the newest.
    pub calls: Vec<String>,
    /// How many calls came before those.
    pub earlier_calls: usize,
}

/// An expectation that was not met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Which expectation (`calls[0]`, `in_order[2]`, `no_misses`).
    pub place: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub actual: String,
    /// More of it, a line each.
    pub details: Vec<String>,
    /// The call that comes nearest to what was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Nearest>,
}

impl Report {
    pub(super) fn new(failures: Vec<Failure>, came: &Calls) -> Self {
        let left_out = came.entries.len().saturating_sub(MAX_CALLS);
        let calls = came.entries[left_out..].iter().map(|entry| listed(entry)).collect();
        let dropped = usize::try_from(came.dropped).unwrap_or(usize::MAX);
        Self { ok: failures.is_empty(), failures, calls, earlier_calls: left_out.saturating_add(dropped) }
    }

    fn summary(&self) -> String {
        match self.failures.len() {
            0 => "every expectation is met".to_owned(),
            1 => "1 expectation is not met".to_owned(),
            failures => format!("{failures} expectations are not met"),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.summary())?;
        for failure in &self.failures {
            write!(formatter, "\n{failure}")?;
        }
        if self.ok {
            return Ok(());
        }
        let calls = self.earlier_calls + self.calls.len();
        match calls {
            0 => return writeln!(formatter, "\nno call came"),
            1 => writeln!(formatter, "\nthe call that came:")?,
            calls => writeln!(formatter, "\nthe {calls} calls that came:")?,
        }
        if self.earlier_calls > 0 {
            writeln!(formatter, "  … {} earlier calls …", self.earlier_calls)?;
        }
        self.calls.iter().try_for_each(|call| writeln!(formatter, "  {call}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.place)?;
        writeln!(formatter, "  expected: {}", self.expected)?;
        writeln!(formatter, "  actual:   {}", self.actual)?;
        self.details.iter().try_for_each(|detail| writeln!(formatter, "    {detail}"))?;
        self.nearest.as_ref().map_or(Ok(()), |nearest| write!(formatter, "{nearest}"))
    }
}

impl fmt::Display for Nearest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "  nearest:  {}", self.line)?;
        self.differences.iter().try_for_each(|difference| writeln!(formatter, "    {difference}"))?;
        if !self.diff.is_empty() {
            writeln!(formatter, "  its messages (- expected, + actual):")?;
        }
        self.diff.iter().try_for_each(|line| writeln!(formatter, "{line}"))
    }
}

impl fmt::Display for DiffLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!("    {} {:<10} {}", self.op.sign(), self.role, self.text);
        formatter.write_str(line.trim_end())
    }
}
