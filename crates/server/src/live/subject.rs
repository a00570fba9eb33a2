//! What is followed: a turn or a run.

use std::fmt;
use std::sync::Arc;

/// A turn or a run, as live streams and signals name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A turn, by its id.
    Turn(Arc<str>),
    /// A run, by its id.
    Run(Arc<str>),
}

impl Subject {
    /// The signal that has it cancelled.
    pub(crate) fn cancel_signal(&self) -> String {
        format!("cancel/{self}")
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Turn(id) => write!(formatter, "turn/{id}"),
            Self::Run(id) => write!(formatter, "run/{id}"),
        }
    }
}
