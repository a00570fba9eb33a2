//! What is wrong with a script, shown at its place.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::excerpt::Excerpt;
use super::source::Position;

/// Whether a script can be used nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can.
    Warning,
}

/// What is wrong with a script, where, and what to do.
///
/// Its `Display` shows the line:
///
/// ```
/// use playhouse_mock::script::{Format, parse};
///
/// let failure = parse("rules:\n  - whn: {}\n    reply: Hello\n", Format::Yaml, "hello.yaml").unwrap_err();
/// let shown = "\
/// error: unknown key 'whn' in a rule
///  --> hello.yaml:2:5
///   |
/// 2 |   - whn: {}
///   |     ^^^ did you mean 'when'?";
/// assert_eq!(failure.problems[0].to_string(), shown);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScriptProblem {
    /// Whether it has to be mended.
    pub severity: Severity,
    /// What is wrong, in a sentence that stands alone.
    pub message: String,
    /// The file, as it was named.
    pub file: Arc<str>,
    /// Where in it; without it the file as a whole is meant.
    #[serde(flatten)]
    pub position: Option<Position>,
    /// The line there.
    pub excerpt: Option<Excerpt>,
    /// What to do, where the label beside the mark does not say.
    pub help: Option<String>,
}

impl ScriptProblem {
    /// An error of a file as a whole.
    pub(crate) fn of_file(file: impl Into<Arc<str>>, message: impl Into<String>) -> Self {
        let (file, message) = (file.into(), message.into());
        Self { severity: Severity::Error, message, file, position: None, excerpt: None, help: None }
    }

    /// The same with what to do about it.
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for ScriptProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let gutter = self.position.map_or(1, |position| position.line.to_string().len());
        let blank = " ".repeat(gutter);
        write!(out, "{severity}: {}\n{blank}--> {}", self.message, self.file)?;
        if let Some(position) = self.position {
            write!(out, ":{}:{}", position.line, position.column)?;
            if let Some(excerpt) = &self.excerpt {
                excerpt.write(out, position.line)?;
            }
        }
        self.help.iter().try_for_each(|help| write!(out, "\n{blank} = help: {help}"))
    }
}
