//! Kept answers: bytes by key, for a time.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// Answers kept for those who ask the same again. It may forget any of them at any time, and never fails:
/// an answer that cannot be looked up is not there.
#[async_trait]
pub trait AnswerCache: Send + Sync {
    /// The answer kept under a key.
    async fn get(&self, key: &str) -> Option<Bytes>;

    /// Keeps an answer for a time, in place of any other under the key. One that is too large is not kept.
    async fn put(&self, key: &str, answer: Bytes, kept: Duration);
}
