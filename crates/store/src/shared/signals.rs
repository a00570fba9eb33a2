//! Signals: a wish that reaches whoever works on something, on any replica.

use async_trait::async_trait;

use super::SharedError;

/// Signals between replicas, as that a turn be cancelled. A subject names what the signal is about.
#[async_trait]
pub trait Signals: Send + Sync {
    /// Tells whoever listens, now or within a short time from now, on any replica.
    ///
    /// # Errors
    /// [`SharedError::Away`] when only listeners on this replica were told.
    async fn raise(&self, subject: &str) -> Result<(), SharedError>;

    /// Waits until the signal is raised; at once when it was raised a moment ago. Costs no round trip, and
    /// may be dropped at any time.
    async fn raised(&self, subject: &str);
}
