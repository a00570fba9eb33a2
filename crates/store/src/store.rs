//! A whole store: everything a server keeps.

use async_trait::async_trait;

use crate::{ApiKeys, Calls, IdempotencyKeys, Replicas, Responses, Runs, Sessions, StoreError};

/// Whether the store can be used.
#[async_trait]
pub trait Health: Send + Sync {
    /// Tries the way a write takes, without leaving anything behind.
    ///
    /// Bounded by the store's own time limits; also gives a store that was away a chance to recover.
    ///
    /// # Errors
    /// What keeps the store from being used.
    async fn probe(&self) -> Result<(), StoreError>;
}

/// Everything a server keeps, behind one object.
///
/// An `Arc<dyn Store>` turns into an `Arc<dyn ApiKeys>`, `Arc<dyn Calls>`, `Arc<dyn Responses>`, `Arc<dyn Runs>` or
/// `Arc<dyn Sessions>` where less is wanted.
pub trait Store: Sessions + Calls + Runs + Responses + ApiKeys + Replicas + IdempotencyKeys + Health {}

impl<S: Sessions + Calls + Runs + Responses + ApiKeys + Replicas + IdempotencyKeys + Health> Store for S {}
