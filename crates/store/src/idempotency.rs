//! Requests that may be sent twice and are done once.

use async_trait::async_trait;

use crate::StoreError;

/// The keys of requests that may be sent twice.
///
/// A key is kept in the same step as the turn or run it begins, so that of several requests with one key
/// exactly one begins something, whichever process each of them reaches. The others are told of it with
/// [`StoreError::AlreadyBegun`].
#[async_trait]
pub trait IdempotencyKeys: Send + Sync {
    /// Forgets up to `limit` of the oldest keys that came before `before_us` (Unix microseconds), and says
    /// how many.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn prune_idempotency_keys(&self, before_us: i64, limit: u32) -> Result<u64, StoreError>;
}

/// The key of a request that may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// A hash of the caller, the route and the key.
    pub id: [u8; 32],
    /// A hash of the request's body.
    pub body: [u8; 32],
    /// A key that came before this moment (Unix microseconds) is forgotten.
    pub since_us: i64,
}
