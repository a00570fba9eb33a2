//! How it is told and measured what a server shares with its replicas.

use playhouse_store::shared::{RedisStanding, Shared};
use playhouse_telemetry::metrics::RedisReading;
use playhouse_telemetry::{Metrics, info, warn};

/// Has the metrics of Redis read where there is one.
pub(super) fn watch(shared: &Shared, metrics: &Metrics) {
    if shared.redis().is_none() {
        return;
    }
    let shared = shared.clone();
    metrics.watch_redis(move || {
        let stats = shared.redis().map(|redis| redis.stats()).unwrap_or_default();
        RedisReading {
            up: stats.up,
            connections: stats.connections,
            errors: stats.errors,
            timeouts: stats.timeouts,
            quota_fallbacks: stats.quota_fallbacks,
            answer_fallbacks: stats.answer_fallbacks,
        }
    });
}

/// Waits for the first attempt to connect, so that the first request is counted where all are. Redis may be away.
/// Tells from then on when it goes away and when it is back.
pub(super) async fn begin(shared: &Shared) {
    let Some(redis) = shared.redis() else { return };
    redis.tried().await;
    let shared = shared.clone();
    tokio::spawn(async move {
        let Some(redis) = shared.redis() else { return };
        let mut told = RedisStanding { up: true, reason: "".into() };
        if redis.standing().up {
            info!("Sharing over Redis");
        }
        while let Some(now) = redis.changed(&told).await {
            match now.up {
                true => info!("Redis is back"),
                false => warn!(
                    error = &*now.reason,
                    "Redis is away; limits and kept answers are this process's own, streams are told to nobody else"
                ),
            }
            told = now;
        }
    });
}
