//! What an error of SQLite means for the caller.

use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::StoreError;

/// Why an operation inside a batch did not happen.
#[derive(Debug)]
pub(super) enum Stop {
    /// The operation was refused before it wrote anything; the batch goes on.
    Refused(StoreError),
    /// The operation was refused after it had written; the whole batch must be undone.
    RefusedLate(StoreError),
    /// SQLite failed; the whole batch must be undone.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

/// The error as callers see it, with what to do about it.
///
/// It [is unavailable](StoreError::is_unavailable) when the database as a whole is to blame, rather
/// than the one operation.
pub(super) fn store_error(path: &Path, error: &Error) -> StoreError {
    let file = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::unavailable(format!("another program holds the lock of '{file}'; close that program"))
        }
        Some(ErrorCode::DiskFull) => {
            StoreError::unavailable(format!("the disk that holds '{file}' is full; free some space on it"))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            StoreError::unavailable(format!(
                "'{file}' cannot be opened for writing; check that its directory exists and that this user may write there"
            ))
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { path: path.to_owned(), reason: error.to_string().into() }
        }
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OperationInterrupted
            | ErrorCode::SchemaChanged,
        ) => StoreError::unavailable(format!("reading or writing '{file}' failed: {error}")),
        _ => StoreError::Failed { reason: error.to_string().into() },
    }
}
