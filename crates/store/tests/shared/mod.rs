//! What replicas share, in process and over a real Redis: the same suite for both, then what is Redis's alone.

mod answers;
mod away;
mod live;
mod quotas;
mod signals;
mod tls;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use playhouse_store::shared::{RedisConfig, Shared, SharedLimits};
use playhouse_store::testing::redis::{self, RedisServer};

/// Two replicas that share; in process they are one.
pub(crate) struct Replicas {
    pub(crate) one: Shared,
    pub(crate) other: Shared,
}

impl Replicas {
    fn in_process(limits: &SharedLimits) -> Self {
        let one = Shared::in_process(limits);
        Self { other: one.clone(), one }
    }

    /// Over the server that all tests share, under a prefix of their own.
    async fn over_redis(limits: &SharedLimits) -> Option<(Self, Arc<RedisServer>)> {
        let server = redis::shared()?;
        let prefix = format!("{}:", uuid::Uuid::now_v7());
        let replicas =
            Self { one: connect(&server, &prefix, limits), other: connect(&server, &prefix, limits) };
        for shared in [&replicas.one, &replicas.other] {
            is_up(shared).await;
        }
        Some((replicas, server))
    }
}

/// Runs a test in process, and over Redis where that is installed.
pub(crate) async fn both<F: Future<Output = ()>>(limits: SharedLimits, test: impl Fn(Replicas) -> F) {
    test(Replicas::in_process(&limits)).await;
    if let Some((replicas, _server)) = Replicas::over_redis(&limits).await {
        test(replicas).await;
    }
}

/// A replica. Machines that run tests are slow now and then, so commands have more time.
pub(crate) fn connect(server: &RedisServer, prefix: &str, limits: &SharedLimits) -> Shared {
    let config = RedisConfig {
        url: Some(server.url().into()),
        command_timeout_ms: 2_000,
        key_prefix: prefix.to_owned(),
        ..RedisConfig::default()
    };
    Shared::connect(&config, limits).unwrap()
}

/// Waits until Redis answers.
pub(crate) async fn is_up(shared: &Shared) {
    until_up(shared, true).await;
}

/// Waits until Redis is known to answer, or not to.
pub(crate) async fn until_up(shared: &Shared, up: bool) {
    let redis = shared.redis().unwrap();
    let before = playhouse_store::shared::RedisStanding { up: !up, reason: "".into() };
    in_time(redis.changed(&before)).await.unwrap();
}

/// What comes within a time that only something that hangs takes.
pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.unwrap()
}
