//! Why the store did not do as asked.

use std::path::PathBuf;
use std::sync::Arc;

use crate::{ResponseStatus, TurnState};

/// A refusal or a failure of the store. Cheap to clone: one failed batch answers many callers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The session is busy with another turn.
    #[error(
        "session '{session_id}' is still answering turn {turn_id}: wait until that turn ends, then send again"
    )]
    TurnRunning {
        /// The session asked for.
        session_id: Arc<str>,
        /// The turn it is busy with.
        turn_id: Arc<str>,
    },
    /// No such turn: it was never begun, or its session has been deleted.
    #[error("turn '{turn_id}' is not in the store: it was never begun, or its session has been deleted")]
    TurnNotFound {
        /// The turn asked for.
        turn_id: Arc<str>,
    },
    /// The turn has ended before; it ends once.
    #[error("turn '{turn_id}' has already ended as {state}")]
    TurnEnded {
        /// The turn asked for.
        turn_id: Arc<str>,
        /// How it ended.
        state: TurnState,
    },
    /// No such session: it has no turn, or it has been deleted.
    #[error("session '{session_id}' is not in the store: it has no turn yet, or it has been deleted")]
    SessionNotFound {
        /// The session asked for.
        session_id: Arc<str>,
    },
    /// No such run: it was never begun, or it has been removed.
    #[error(
        "run '{run_id}' is not in the store: it was never begun, its session has been deleted, or it was too old to keep"
    )]
    RunNotFound {
        /// The run asked for.
        run_id: Arc<str>,
    },
    /// The run has ended: nothing can be added to it.
    #[error("run '{run_id}' has already ended as {status}: begin a new run")]
    RunEnded {
        /// The run asked for.
        run_id: Arc<str>,
        /// How it ended.
        status: Arc<str>,
    },
    /// The run cannot go on, because it runs.
    #[error("run '{run_id}' is still running: only an interrupted run can go on")]
    RunRunning {
        /// The run asked for.
        run_id: Arc<str>,
    },
    /// The run was cut off, and cannot go on.
    #[error("run '{run_id}' was begun as one that cannot go on once it is cut off: begin a new run")]
    RunNotResumable {
        /// The run asked for.
        run_id: Arc<str>,
    },
    /// No such response: it was never kept, or it has been removed.
    #[error(
        "response '{id}' is not in the store: it was never kept, it has been deleted, or it was too old to keep"
    )]
    ResponseNotFound {
        /// The response asked for.
        id: Arc<str>,
    },
    /// The response has ended before; it ends once.
    #[error("response '{id}' has already ended as {status}")]
    ResponseEnded {
        /// The response asked for.
        id: Arc<str>,
        /// How it ended.
        status: ResponseStatus,
    },
    /// The response cannot be removed, because it runs.
    #[error("response '{id}' is still in progress: cancel it, or wait until it has ended")]
    ResponseRunning {
        /// The response asked for.
        id: Arc<str>,
    },
    /// It runs in another server process: this one was taken for dead meanwhile.
    #[error("'{id}' runs in another server process: this one did not answer for too long")]
    LeaseLost {
        /// The run asked for.
        id: Arc<str>,
    },
    /// The same request has come before.
    #[error("a request with this idempotency key has begun '{id}' before")]
    AlreadyBegun {
        /// The turn, run or response that it began.
        id: Arc<str>,
    },
    /// Another request has come with the same idempotency key.
    #[error(
        "this idempotency key came with another request body before: send the same body again, or use a new key"
    )]
    KeyTaken,
    /// The input cannot be stored, now or later.
    #[error("{reason}")]
    Invalid {
        /// What is wrong with which input, and what would be right.
        reason: String,
    },
    /// The database cannot be used for now; the same operation may succeed later.
    #[error("the database cannot be used right now: {reason}")]
    Unavailable {
        /// What is wrong, and what a person can do about it.
        reason: Arc<str>,
    },
    /// The database's content is damaged.
    #[error("the database '{}' is damaged ({reason}): restore a backup, or move the file away to start anew", path.display())]
    Corrupt {
        /// The database file.
        path: PathBuf,
        /// What the database engine says.
        reason: Arc<str>,
    },
    /// A newer program wrote the database.
    #[error("the database '{}' has schema version {found}, but this program knows only up to {known}: upgrade the program, or use another data directory", path.display())]
    NewerSchema {
        /// The database file.
        path: PathBuf,
        /// The version it has.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// Another process serves from the database.
    #[error("the database '{}' is in use by another playhouse process: stop it, or use another data directory", path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// Another process has the call ledger open.
    #[error("the call ledger in '{}' is in use by another playhouse process: stop it, or give each its own data directory", folder.display())]
    LedgerInUse {
        /// The ledger's folder.
        folder: PathBuf,
    },
    /// This one operation failed for a reason of its own: a defect in the program or in a stored row.
    #[error("the store could not do this: {reason}")]
    Failed {
        /// What the database engine or the decoder says.
        reason: Arc<str>,
    },
}

impl StoreError {
    /// The database is away for now.
    pub fn unavailable(reason: impl Into<Arc<str>>) -> Self {
        Self::Unavailable { reason: reason.into() }
    }

    /// The input cannot be stored.
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid { reason: reason.into() }
    }

    /// Whether the same operation may succeed later without anybody changing the input.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Corrupt { .. } | Self::InUse { .. })
    }

    /// The stable name of the kind, for logs and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TurnRunning { .. } => "turn_running",
            Self::TurnNotFound { .. } => "turn_not_found",
            Self::TurnEnded { .. } => "turn_ended",
            Self::SessionNotFound { .. } => "session_not_found",
            Self::RunNotFound { .. } => "run_not_found",
            Self::RunEnded { .. } => "run_ended",
            Self::RunRunning { .. } => "run_running",
            Self::RunNotResumable { .. } => "run_not_resumable",
            Self::ResponseNotFound { .. } => "response_not_found",
            Self::ResponseEnded { .. } => "response_ended",
            Self::ResponseRunning { .. } => "response_running",
            Self::LeaseLost { .. } => "lease_lost",
            Self::AlreadyBegun { .. } => "already_begun",
            Self::KeyTaken => "key_taken",
            Self::Invalid { .. } => "invalid",
            Self::Unavailable { .. } => "unavailable",
            Self::Corrupt { .. } => "corrupt",
            Self::NewerSchema { .. } => "newer_schema",
            Self::InUse { .. } => "in_use",
            Self::LedgerInUse { .. } => "ledger_in_use",
            Self::Failed { .. } => "failed",
        }
    }
}
