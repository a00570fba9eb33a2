//! Colour for people at a terminal, and none for anybody else.

use std::io::IsTerminal;

use crate::environment::Environment;

/// Whether text may be coloured.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    colored: bool,
}

impl Style {
    /// No colour.
    pub fn plain() -> Self {
        Self { colored: false }
    }

    /// Colour if this goes to a terminal that can show it and nobody has set `NO_COLOR`.
    pub fn of(stream: &impl IsTerminal, environment: &Environment) -> Self {
        let is_dumb = environment.text("TERM").is_some_and(|term| term == "dumb");
        Self { colored: stream.is_terminal() && !is_dumb && environment.text("NO_COLOR").is_none() }
    }

    /// Whether this is no colour at all.
    pub(crate) fn is_plain(self) -> bool {
        !self.colored
    }

    /// Text that tells of a failure.
    pub(crate) fn error(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// Text that matters most.
    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Text that matters least.
    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colored && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
