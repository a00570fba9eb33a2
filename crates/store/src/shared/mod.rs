//! What replicas share: live streams, signals, quotas and kept answers.
//!
//! Four small traits, and two implementations of each: in this process, for a server that stands alone,
//! and over Redis, for several replicas. Whoever uses them takes one [`Shared`] and does not ask which it is.
//!
//! In reading order: [`live`], [`signals`], [`quotas`], [`answers`] (the traits) → [`limits`] (their bounds)
//! and [`SharedConfig`] (what of them is configured) → [`local`] (in this process) → [`redis`](RedisConfig) (over Redis, and in this process while that is away).

pub mod answers;
mod bucket;
mod config;
mod counter;
pub mod limits;
pub mod live;
pub mod local;
pub mod quotas;
mod redis;
pub mod signals;

use std::sync::Arc;

pub use answers::AnswerCache;
pub use config::SharedConfig;
pub use limits::SharedLimits;
pub use live::{LiveBatch, LiveEvent, LiveRead, LiveStreams};
pub use local::{LocalAnswers, LocalQuotas, LocalSignals, LocalStreams};
pub use quotas::{Claim, Decision, Exceeded, LimitState, MAX_AMOUNT, Period, Quotas, Reservation, Window};
pub use redis::{InvalidRedisUrl, Redis, RedisConfig, RedisStanding, RedisStats, check_redis_url};
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
    /// Over what it is shared, if it is.
    redis: Option<Arc<Redis>>,
}

impl Shared {
    /// Shares with nobody: all is kept in this process.
    pub fn in_process(limits: &SharedLimits) -> Self {
        Self {
            live: Arc::new(LocalStreams::new(limits)),
            signals: Arc::new(LocalSignals::new(limits)),
            quotas: Arc::new(LocalQuotas::new(limits)),
            answers: Arc::new(LocalAnswers::new(limits)),
            redis: None,
        }
    }

    /// Shares over Redis if an address is configured, else with nobody. Must be done within a Tokio runtime.
    ///
    /// Redis may be away: what can be done in this process is done there until Redis answers.
    ///
    /// # Errors
    /// When the address is none of a Redis.
    pub fn connect(config: &RedisConfig, limits: &SharedLimits) -> Result<Self, InvalidRedisUrl> {
        match &config.url {
            Some(url) => redis::connect(url, config, limits),
            None => Ok(Self::in_process(limits)),
        }
    }

    /// Over what it is shared; `None` in process.
    pub fn redis(&self) -> Option<&Redis> {
        self.redis.as_deref()
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
