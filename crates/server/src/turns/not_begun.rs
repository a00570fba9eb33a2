//! Why a turn or run does not begin.

use std::sync::Arc;

use playhouse_llm::{Error, ErrorKind};
use playhouse_store::StoreError;

use crate::failure::store_failure;

/// Why a turn or run does not begin.
#[derive(Debug)]
pub(crate) enum NotBegun {
    /// It cannot.
    Refused(Error),
    /// Its idempotency key came with another request before.
    KeyTaken,
    /// The same request has begun this one before.
    Before(Arc<str>),
}

impl NotBegun {
    /// What the store's refusal means.
    pub(crate) fn of(error: StoreError) -> Self {
        match error {
            StoreError::AlreadyBegun { id } => Self::Before(id),
            StoreError::KeyTaken => Self::KeyTaken,
            error => Self::Refused(store_failure(&error)),
        }
    }

    /// As an error, where no idempotency key was given.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::KeyTaken | Self::Before(_) => {
                Error::new(ErrorKind::Internal, "a request without a key was taken for one with a key")
            }
        }
    }
}

impl From<Error> for NotBegun {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}
