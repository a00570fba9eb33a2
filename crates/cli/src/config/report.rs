//! Problems, written for a person: each with the file's line, the variable or the flag it is about.

use std::fmt::{self, Write as _};

use super::excerpt::{Excerpt, excerpt};
use super::problem::{Mark, Place, Problem};
use super::source::Source;
use super::tree::Origin;
use crate::style::Style;

/// Longer lines of help are broken.
const MAX_HELP_CHARS: usize = 100;

/// Everything that is wrong with a configuration; displays as what a person should read.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.render(Style::plain()))]
pub struct Problems {
    pub(crate) list: Vec<Problem>,
    pub(crate) file: Option<Source>,
}

impl Problems {
    /// One problem that has no file.
    pub(crate) fn one(problem: Problem) -> Self {
        Self { list: vec![problem], file: None }
    }

    /// All of them, in the order of the file, then the rest.
    pub fn render(&self, style: Style) -> String {
        let mut out = String::new();
        for problem in &self.list {
            // Writing to a string does not fail.
            let _ = problem.write(&mut out, self.file.as_ref(), style);
            out.push('\n');
        }
        let count = self.list.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        let _ = write!(out, "{count} {noun} in the configuration");
        out
    }

    /// Sorts by place: the file from top to bottom, then variables, flags and the rest.
    pub(crate) fn sort(&mut self) {
        self.list.sort_by_key(|problem| match problem.place.as_deref().map(|place| &place.origin) {
            Some(Origin::File(range)) => (0, range.start, String::new()),
            Some(Origin::Variable(name)) => (1, 0, name.clone()),
            Some(Origin::Flag(name)) => (2, 0, (*name).to_owned()),
            Some(Origin::Vendor(_)) | None => (3, 0, String::new()),
        });
    }
}

impl Problem {
    fn write(&self, out: &mut String, file: Option<&Source>, style: Style) -> fmt::Result {
        writeln!(out, "{}{}", style.error("error"), style.bold(&format!(": {}", self.message)))?;
        let excerpt = self.place.as_ref().and_then(|place| place.excerpt(file));
        let gutter = excerpt.as_ref().map_or(1, |excerpt| excerpt.number.len());
        if let Some(excerpt) = excerpt {
            excerpt.write(out, &self.label, style)?;
        } else if !self.label.is_empty() {
            writeln!(out, "  {}", self.label)?;
        }
        for help in &self.helps {
            let indent = " ".repeat(gutter + 3 + "help: ".len());
            let help = wrapped(help).join(&format!("\n{indent}"));
            writeln!(out, "{}{} {help}", " ".repeat(gutter + 1), style.dim("= help:"))?;
        }
        Ok(())
    }
}

impl Place {
    fn excerpt(&self, file: Option<&Source>) -> Option<Excerpt> {
        match &self.origin {
            Origin::File(range) => Some(excerpt(file?, range, self.mark)),
            Origin::Variable(name) => Some(self.assignment("environment", &format!("{name}="))),
            Origin::Flag(name) => Some(self.assignment("command line", &format!("{name} "))),
            Origin::Vendor(_) => None,
        }
    }

    /// A variable or flag, shown as it would be typed.
    fn assignment(&self, place: &str, name: &str) -> Excerpt {
        let value = self.text.as_deref().unwrap_or("…").escape_debug().to_string();
        let marked = match self.mark {
            Mark::Key => 0..name.len() - 1,
            Mark::Value | Mark::Secret | Mark::Broken => name.len()..name.len() + value.chars().count(),
        };
        let line = format!("{name}{value}");
        Excerpt { place: place.to_owned(), number: " ".to_owned(), line, marked }
    }
}

/// The lines of a text, broken between words where they are long.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        lines.push(String::new());
        for word in line.split(' ') {
            let is_full = lines
                .last()
                .is_some_and(|last| last.chars().count() + word.chars().count() >= MAX_HELP_CHARS);
            if is_full {
                lines.push(String::new());
            }
            if let Some(last) = lines.last_mut() {
                let gap = if last.is_empty() { "" } else { " " };
                last.push_str(gap);
                last.push_str(word);
            }
        }
    }
    lines
}
