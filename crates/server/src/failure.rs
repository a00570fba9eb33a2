//! Failures of what the server stands on, in the vocabulary.

use std::time::Duration;

use playhouse_llm::{Error, ErrorKind};
use playhouse_store::StoreError;
use playhouse_telemetry::{debug, error};

/// A failure of the store as a caller sees it: what to do about it, no inner workings.
pub(crate) fn store_failure(error: &StoreError) -> Error {
    match error {
        _ if error.is_unavailable() => {
            debug!(%error, "The database cannot be used");
            let message =
                "the database is not available, so nothing of this could be kept; try again shortly";
            Error::new(ErrorKind::Overloaded, message).retry_after(Duration::from_secs(2))
        }
        StoreError::TurnNotFound { .. }
        | StoreError::SessionNotFound { .. }
        | StoreError::RunNotFound { .. }
        | StoreError::ResponseNotFound { .. } => Error::new(ErrorKind::NotFound, error.to_string()),
        StoreError::RunEnded { .. }
        | StoreError::RunRunning { .. }
        | StoreError::RunNotResumable { .. }
        | StoreError::ResponseRunning { .. } => Error::new(ErrorKind::Conflict, error.to_string()),
        StoreError::TurnEnded { .. } | StoreError::ResponseEnded { .. } | StoreError::LeaseLost { .. } => {
            let message = "the server did not answer for too long, so this was ended, or goes on elsewhere; \
                           read it, and retry it if needed";
            Error::new(ErrorKind::Interrupted, message)
        }
        StoreError::Invalid { .. } => Error::new(ErrorKind::InvalidRequest, error.to_string()),
        other => {
            error!(error = %other, "The store failed");
            Error::new(ErrorKind::Internal, "the store failed; the log says how")
        }
    }
}
