//! Why a command ended without doing its work.

use std::io;

use crate::config::Problems;
use crate::exit;
use crate::style::Style;

/// Why a command ended without doing its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] Problems),
    /// The command line asks for something that cannot be.
    #[error("{0}")]
    Usage(String),
    /// A script of the double is wrong; the text says what, and where.
    #[error("{0}")]
    Script(String),
    /// The work could not be done; the text says why and what to do.
    #[error("{0}")]
    Work(String),
    /// Nobody reads the output any more, or it cannot be written.
    #[error("cannot write the output: {0}")]
    Output(io::Error),
}

impl Failure {
    /// The work could not be done.
    pub fn work(message: impl Into<String>) -> Self {
        Self::Work(message.into())
    }

    /// What the process exits with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Usage(_) | Self::Script(_) => exit::USAGE,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => exit::OK,
            Self::Work(_) | Self::Output(_) => exit::FAILURE,
        }
    }

    /// What a person should read; `None` where nobody is left to read it.
    pub(crate) fn render(&self, style: Style) -> Option<String> {
        match self {
            Self::Config(problems) => Some(problems.render(style)),
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            Self::Script(text) => Some(text.clone()),
            Self::Usage(_) | Self::Work(_) | Self::Output(_) => {
                Some(format!("{}: {self}", style.error("error")))
            }
        }
    }
}

/// An error in words alone: `connection refused` without ` (os error 111)`.
pub(crate) fn plain_reason(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
