//! Server processes: which of them lives, and what becomes of what a dead one had under way.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::StoreError;

/// The server processes that share a store, as one of them sees it.
///
/// A store speaks for one process, its *replica*. Every turn, run and response belongs to the replica that began or
/// resumed it, and only that one can write to it: whoever was taken for dead finds that out with its next
/// write.
///
/// **Who is dead.** A living replica counts its beats up. Whoever watches another one and sees the same
/// count for long enough [buries](Self::bury) it at that count; had it beaten meanwhile, nothing happens.
/// So no two clocks are ever compared, and any number of replicas may bury the same one at once.
#[async_trait]
pub trait Replicas: Send + Sync {
    /// Counts this replica's beats up. `false` when it was not there: at its first beat, or because
    /// others have taken it for dead meanwhile.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn beat(&self) -> Result<bool, StoreError>;

    /// The other replicas, those too that have something under way and never beat.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn other_replicas(&self) -> Result<Vec<Standing>, StoreError>;

    /// Ends what a dead replica had under way as interrupted (responses as failed), up to `limit` turns and as
    /// many runs and responses, and forgets the replica once nothing is left. Nothing happens when it has beaten since.
    ///
    /// A turn keeps the text that [`save_progress`](Self::save_progress) was told.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn bury(&self, dead: Standing, limit: u32) -> Result<Lost, StoreError>;

    /// Ends what this replica still has under way as interrupted, and takes it off the list: the last
    /// thing before its process ends.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn leave(&self) -> Result<Lost, StoreError>;

    /// Keeps what has been said so far in turns that this replica runs. Turns that have ended, or that are
    /// not its own, are passed over.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when a turn id is no UUID; nothing is kept then.
    async fn save_progress(&self, said: Arc<[Said]>) -> Result<(), StoreError>;
}

/// A server process, as long as it lives.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplicaId([u8; 16]);

/// How far a replica has counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The replica.
    pub replica: ReplicaId,
    /// Its beats.
    pub beats: i64,
}

/// What was under way and has been ended as interrupted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Turns, by id.
    pub turns: Vec<Arc<str>>,
    /// Runs, by id.
    pub runs: Vec<Arc<str>>,
    /// Responses, by id.
    pub responses: Vec<Arc<str>>,
}

/// What has been said so far in a turn that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The turn.
    pub turn_id: Arc<str>,
    /// The answer, as far as it has come.
    pub text: String,
}

impl ReplicaId {
    /// A new one, which nobody else has.
    pub fn unique() -> Self {
        Self(Uuid::now_v7().into_bytes())
    }

    /// The bytes it is kept as.
    pub(crate) fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The one that is kept as these bytes.
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for ReplicaId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).fmt(formatter)
    }
}

impl Lost {
    /// Whether nothing was.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.runs.is_empty() && self.responses.is_empty()
    }
}
