//! Something found at a place of a text, before it is said of which file.

use std::fmt;

use super::problem::{ScriptProblem, Severity};
use super::source::Source;
use crate::script::read::Span;

/// What was found, and where.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    severity: Severity,
    message: String,
    span: Span,
    label: String,
    help: Option<String>,
    also: Option<(&'static str, Span)>,
}

impl Finding {
    /// Something wrong.
    pub(crate) fn new(message: impl Into<String>, span: Span) -> Self {
        let message = message.into();
        Self { severity: Severity::Error, message, span, label: String::new(), help: None, also: None }
    }

    /// The same, as something that is not wrong but worth knowing.
    pub(crate) fn warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// The same with a word beside the mark.
    pub(crate) fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// The same with what to do about it.
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same with another place of the same text and what is there.
    pub(crate) fn also(self, text: &'static str, span: Span) -> Self {
        Self { also: Some((text, span)), ..self }
    }

    /// Where it begins.
    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// The problem to show, now that the text it is in is known.
    pub(crate) fn of(self, source: &Source) -> ScriptProblem {
        let also = self.also.map(|(text, span)| format!("{text} {}", source.place(span.start)));
        ScriptProblem {
            severity: self.severity,
            message: self.message,
            file: source.name.clone(),
            position: Some(source.position(self.span.start)),
            excerpt: Some(source.excerpt(self.span, self.label)),
            help: self.help.or(also),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}
