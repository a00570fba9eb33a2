//! What is shared over Redis (or Valkey), and what becomes of it while Redis is away.
//!
//! In reading order: [`config`] → [`link`] and [`keeper`] (the connection for commands, and the circuit) →
//! [`keys`] and [`scripts`] → [`quotas`] and [`owed`], [`answers`] → [`signals`] and [`hearer`] (what other replicas
//! say) → [`streams`] and [`replicator`].

mod answers;
mod config;
mod counts;
mod hearer;
mod keeper;
mod keys;
mod link;
mod owed;
mod quotas;
mod replicator;
mod scripts;
mod signals;
mod streams;
mod tasks;

use std::sync::Arc;
use std::time::Duration;

use redis::Client;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;

pub use config::RedisConfig;
pub use counts::RedisStats;

use self::answers::RedisAnswers;
use self::hearer::Hearer;
use self::keys::Keys;
use self::link::Link;
use self::quotas::RedisQuotas;
use self::replicator::Replicator;
use self::scripts::Scripts;
use self::signals::RedisSignals;
use self::streams::RedisStreams;
use self::tasks::{Tasks, Tied};
use super::{LocalSignals, LocalStreams, Shared, SharedError, SharedLimits};

/// An address that is none of a Redis. It does not say which: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the URL of Redis is not understood: write redis://[user:password@]host[:port][/database], or rediss:// for TLS"
)]
pub struct InvalidRedisUrl;

/// The connection to Redis, to be asked how it is.
pub struct Redis {
    link: Arc<Link>,
    tried: watch::Receiver<bool>,
    _tasks: Arc<Tasks>,
}

/// How it stands with Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisStanding {
    /// Whether it answers.
    pub up: bool,
    /// Why it does not.
    pub reason: Arc<str>,
}

/// Checks that an address is one of a Redis.
///
/// # Errors
/// When it is not.
pub fn check_redis_url(url: &SecretString) -> Result<(), InvalidRedisUrl> {
    client(url).map(|_| ())
}

fn client(url: &SecretString) -> Result<Client, InvalidRedisUrl> {
    Client::open(url.expose_secret()).map_err(|_| InvalidRedisUrl)
}

/// Shares over the Redis at this address. Must be done within a Tokio runtime.
pub(super) fn connect(
    url: &SecretString,
    config: &RedisConfig,
    limits: &SharedLimits,
) -> Result<Shared, InvalidRedisUrl> {
    let millis = |millis: u64| Duration::from_millis(millis.max(1));
    let link = Link::new(client(url)?, millis(config.command_timeout_ms), millis(config.connect_timeout_ms));
    let (link, keys) = (Arc::new(link), Keys::new(&config.key_prefix));
    let scripts = Arc::<Scripts>::default();
    let (streams, signals) = (Arc::new(LocalStreams::new(limits)), Arc::new(LocalSignals::new(limits)));
    let quotas = Arc::new(RedisQuotas::new(link.clone(), keys.clone(), scripts.clone(), limits));
    let hearer = Arc::new(Hearer::new(link.clone(), keys.clone(), signals.clone()));
    let replicator = Arc::new(Replicator::new(
        link.clone(),
        keys.clone(),
        scripts.clone(),
        streams.clone(),
        limits.clone(),
    ));
    let (tried, is_tried) = watch::channel(false);
    let tasks = Tasks::new([
        tokio::spawn(keeper::keep(link.clone(), quotas.clone(), tried)),
        tokio::spawn(hearer.clone().hear()),
        tokio::spawn(replicator.clone().replicate()),
    ]);
    Ok(Shared {
        live: Arc::new(RedisStreams {
            link: link.clone(),
            keys: keys.clone(),
            scripts: scripts.clone(),
            local: streams,
            replicator,
            hearer,
            _tasks: tasks.clone(),
        }),
        signals: Arc::new(RedisSignals {
            link: link.clone(),
            keys: keys.clone(),
            scripts,
            local: signals,
            limits: limits.clone(),
            _tasks: tasks.clone(),
        }),
        quotas: Arc::new(Tied { it: quotas, _tasks: tasks.clone() }),
        answers: Arc::new(RedisAnswers::new(link.clone(), keys, limits, tasks.clone())),
        redis: Some(Arc::new(Redis { link, tried: is_tried, _tasks: tasks })),
    })
}

impl Redis {
    /// Waits until the first attempt to connect is over, well or not.
    pub async fn tried(&self) {
        // An error: the task is gone, and there is nothing to wait for.
        let _ = self.tried.clone().wait_for(|tried| *tried).await;
    }

    /// Asks Redis whether it is there, within the time that a command has; at once while it is known to be away.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn probe(&self) -> Result<(), SharedError> {
        self.link.check().await
    }

    /// How it went so far.
    pub fn stats(&self) -> RedisStats {
        self.link.counts.stats(self.link.is_up())
    }

    /// How it stands, after it stands otherwise than told before; `None` when there is nobody to ask any more.
    pub async fn changed(&self, before: &RedisStanding) -> Option<RedisStanding> {
        let mut standing = self.link.watch();
        let now = standing.wait_for(|now| now.is_up() != before.up).await.ok()?;
        Some(RedisStanding { up: now.is_up(), reason: now.reason.clone() })
    }

    /// How it stands.
    pub fn standing(&self) -> RedisStanding {
        let standing = self.link.watch();
        let now = standing.borrow();
        RedisStanding { up: now.is_up(), reason: now.reason.clone() }
    }
}
