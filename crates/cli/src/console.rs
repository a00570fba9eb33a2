//! The terminal, pipe or file that a command talks to.

use std::io::{self, IsTerminal, Write};

use crate::environment::Environment;
use crate::failure::Failure;
use crate::style::Style;

/// Standard output and error with the right style for each, and the environment.
#[derive(Debug)]
pub(crate) struct Console {
    pub(crate) environment: Environment,
    pub(crate) out: Style,
    pub(crate) err: Style,
}

impl Console {
    pub(crate) fn new(environment: Environment) -> Self {
        let out = Style::of(&io::stdout(), &environment);
        let err = Style::of(&io::stderr(), &environment);
        Self { environment, out, err }
    }

    /// Writes to standard output at once.
    pub(crate) fn write(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Output)
    }

    /// Writes a remark to standard error. Whether anybody can read it changes nothing.
    pub(crate) fn remark(&self, text: &str) {
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Says why the command failed.
    pub(crate) fn tell(&self, failure: &Failure) {
        if let Some(text) = failure.render(self.err) {
            self.remark(&text);
        }
    }

    /// Whether a person sees standard output as it is written.
    pub(crate) fn shows_output(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Whether a person types standard input and sees the output.
    pub(crate) fn is_conversation(&self) -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }
}
