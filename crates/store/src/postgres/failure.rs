//! What an error of PostgreSQL means for the caller.

use std::error::Error as _;
use std::fmt::Write as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::StoreError;

/// An error, as far as those who run statements care.
pub(super) enum Verdict {
    /// The statement met another one; the same again may go through.
    Again(StoreError),
    /// The statement is to blame; the connection is fine.
    Statement(StoreError),
    /// The connection is of no more use.
    Connection(StoreError),
}

impl Verdict {
    /// The error as callers see it, whatever becomes of the connection.
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Again(error) | Self::Statement(error) | Self::Connection(error) => error,
        }
    }
}

/// Judges an error of the server at this place.
///
/// Its message names the place and never what is in the URL beside it.
pub(super) fn judge(place: &str, error: &Error) -> Verdict {
    let Some(state) = error.code() else {
        return match error.is_closed() || is_io(error) {
            true => Verdict::Connection(away(place, &reason(error))),
            // A row that cannot be read, a parameter of another type.
            false => Verdict::Statement(StoreError::Failed { reason: reason(error).into() }),
        };
    };
    let text = reason(error);
    match (&state.code()[..2], state) {
        (_, &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => {
            Verdict::Again(StoreError::unavailable(format!("PostgreSQL at {place} could not settle: {text}")))
        }
        (_, &SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE) => Verdict::Statement(
            StoreError::unavailable(format!("PostgreSQL at {place} took too long: {text}")),
        ),
        (_, &SqlState::READ_ONLY_SQL_TRANSACTION) => Verdict::Connection(StoreError::unavailable(format!(
            "PostgreSQL at {place} is read-only; the primary has to be asked"
        ))),
        ("08" | "57" | "58" | "XX", _) => Verdict::Connection(away(place, &text)),
        ("53" | "28" | "3D" | "25", _) => Verdict::Connection(away(place, &text)),
        _ => Verdict::Statement(StoreError::Failed { reason: format!("PostgreSQL says: {text}").into() }),
    }
}

/// The server at this place does not answer.
pub(super) fn away(place: &str, reason: &str) -> StoreError {
    StoreError::unavailable(format!("PostgreSQL at {place} cannot be used: {reason}"))
}

/// A stored row cannot be read back.
pub(super) fn unreadable(place: &str, error: &impl std::fmt::Display) -> StoreError {
    let reason = format!("a row of PostgreSQL at {place} is unreadable: {error}; restore a backup");
    StoreError::Failed { reason: reason.into() }
}

fn is_io(error: &Error) -> bool {
    error.source().is_some_and(|source| source.is::<std::io::Error>())
}

/// What is wrong, in one line: the server's own words, or the error and its causes.
fn reason(error: &Error) -> String {
    if let Some(said) = error.as_db_error() {
        return format!("{} ({})", said.message(), said.code().code());
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
