//! What replicas share: live streams, signals, quotas and kept answers.
//!
//! Four small traits, and two implementations of each: in this process, for a server that stands alone,
//! and over Redis, for several replicas. Whoever uses them takes one [`Shared`] and does not ask which it is.
//!
//! In reading order: [`live`], [`signals`], [`quotas`], [`answers`] (the traits) → [`limits`] (their bounds)
//! → [`local`] (in this process).

pub mod answers;
pub mod limits;
pub mod live;
pub mod local;
pub mod quotas;
pub mod signals;

use std::sync::Arc;

pub use answers::AnswerCache;
pub use limits::SharedLimits;
pub use live::{LiveBatch, LiveEvent, LiveRead, LiveStreams};
pub use local::{LocalAnswers, LocalQuotas, LocalSignals, LocalStreams};
pub use quotas::{Claim, Decision, Exceeded, LimitState, MAX_AMOUNT, Period, Quotas, Reservation, Window};
pub use signals::Signals;

/// What could not be asked of the other replicas.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SharedError {
    /// Redis does not answer; the same operation may succeed later.
    #[error("Redis cannot be used right now: {reason}")]
    Away {
        /// What is wrong.
        reason: Arc<str>,
    },
}

/// Everything that replicas share. Cheap to clone.
///
/// ```
/// use playhouse_store::shared::{Claim, Decision, Shared, SharedLimits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let shared = Shared::in_process(&SharedLimits::default());
/// let claims = [Claim::per_minute("requests", 1, 1)];
/// let now_us = 1_700_000_000_000_000;
/// assert!(matches!(shared.quotas.reserve("key-7", &claims, now_us).await, Decision::Granted(_)));
/// assert!(matches!(shared.quotas.reserve("key-7", &claims, now_us).await, Decision::Exceeded(_)));
/// # }
/// ```
#[derive(Clone)]
pub struct Shared {
    /// The events of what is being answered, and of what was answered a moment ago.
    pub live: Arc<dyn LiveStreams>,
    /// Wishes that reach whoever works on something, on any replica.
    pub signals: Arc<dyn Signals>,
    /// Limits and budgets.
    pub quotas: Arc<dyn Quotas>,
    /// Answers kept for those who ask the same again.
    pub answers: Arc<dyn AnswerCache>,
}

impl Shared {
    /// Shares with nobody: all is kept in this process.
    pub fn in_process(limits: &SharedLimits) -> Self {
        Self {
            live: Arc::new(LocalStreams::new(limits)),
            signals: Arc::new(LocalSignals::new(limits)),
            quotas: Arc::new(LocalQuotas::new(limits)),
            answers: Arc::new(LocalAnswers::new(limits)),
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
