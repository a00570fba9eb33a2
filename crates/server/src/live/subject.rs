//! What is followed: a turn, a run or a response.

use std::fmt;
use std::sync::Arc;

use super::frames::Form;

/// A turn, a run or a response, as live streams and signals name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A turn, by its id.
    Turn(Arc<str>),
    /// A run, by its id.
    Run(Arc<str>),
    /// A response, by its id.
    Response(Arc<str>),
}

impl Subject {
    /// How its events are written.
    pub(super) fn form(&self) -> Form {
        match self {
            Self::Turn(_) | Self::Run(_) => Form::Numbered,
            Self::Response(_) => Form::Bare,
        }
    }

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
            Self::Response(id) => write!(formatter, "response/{id}"),
        }
    }
}
