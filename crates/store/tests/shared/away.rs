//! Redis stopped, killed, paused and started again while it is used: nothing hangs, what can be done here is done
//! here, and all is as it was when it is back.

use std::time::{Duration, Instant};

use bytes::Bytes;
use playhouse_store::shared::{
    Claim, Decision, LiveBatch, LiveEvent, RedisConfig, Shared, SharedError, SharedLimits,
};
use playhouse_store::testing::redis;

use super::quotas::{budget, granted, left};
use super::{connect, in_time, is_up, until_up};

const NOW_US: i64 = 1_700_000_000_000_000;
const KEY: &str = "key-7";
const NO_WAIT: Duration = Duration::ZERO;

fn batch(first_id: u64) -> LiveBatch {
    let event = LiveEvent { name: "delta".into(), data: format!("{first_id}").into() };
    LiveBatch { first_id, events: vec![event], closes: false }
}

async fn last_id(shared: &Shared, stream: &str) -> u64 {
    shared.live.read(stream, 0, 100, NO_WAIT).await.ok().flatten().map_or(0, |read| read.last_id)
}

/// Uses everything once, which must not hang.
async fn use_all(shared: &Shared) {
    in_time(async {
        let claims = [Claim::per_minute("requests", 1_000_000, 1)];
        let reservation = granted(shared.quotas.reserve(KEY, &claims, NOW_US).await);
        shared.quotas.settle(reservation, &[2]).await;
        shared.answers.put("a", Bytes::from_static(b"one"), Duration::from_hours(1)).await;
        let _ = shared.answers.get("a").await;
        let _ = shared.signals.raise("turn-0").await;
        let _ = shared.live.read("none", 0, 1, NO_WAIT).await;
    })
    .await;
}

#[tokio::test]
async fn a_start_without_redis_works_and_redis_is_found_later() {
    let Some(server) = redis::start() else { return };
    server.kill();
    let shared = connect(&server, "playhouse:", &SharedLimits::default());
    let redis = shared.redis().unwrap();
    in_time(redis.tried()).await;
    use_all(&shared).await;
    assert_eq!(shared.answers.get("a").await.unwrap(), "one");
    in_time(redis.probe()).await.unwrap_err();
    let stats = redis.stats();
    assert!(!stats.up && stats.quota_fallbacks == 1 && stats.answer_fallbacks > 1, "{stats:?}");
    server.restart();
    is_up(&shared).await;
    in_time(redis.probe()).await.unwrap();
    assert_eq!(shared.answers.get("a").await, None, "what was kept here stays here");
}

#[tokio::test]
async fn while_redis_stands_still_few_wait_for_it() {
    let Some(server) = redis::start() else { return };
    let config =
        RedisConfig { url: Some(server.url().into()), command_timeout_ms: 300, ..RedisConfig::default() };
    let shared = Shared::connect(&config, &SharedLimits::default()).unwrap();
    is_up(&shared).await;
    use_all(&shared).await;
    server.pause();
    use_all(&shared).await;
    let began = Instant::now();
    for _ in 0..1_000 {
        use_all(&shared).await;
    }
    // Five thousand commands; each would have waited for 300 ms.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let stats = shared.redis().unwrap().stats();
    assert!(!stats.up && stats.timeouts >= 1 && stats.timeouts < 20, "{stats:?}");
    server.resume();
    is_up(&shared).await;
    use_all(&shared).await;
}

#[tokio::test]
async fn a_budget_adds_up_after_redis_was_away() {
    let Some(server) = redis::start() else { return };
    let shared = connect(&server, "playhouse:", &SharedLimits::default());
    is_up(&shared).await;
    shared.quotas.seed(KEY, &budget(1_000, 0), 0).await;
    let before = granted(shared.quotas.reserve(KEY, &[budget(1_000, 100)], NOW_US).await);

    server.pause();
    // The first finds out that Redis is away. The counter here asks for its beginning.
    let decision = in_time(shared.quotas.reserve(KEY, &[budget(1_000, 50)], NOW_US)).await;
    assert_eq!(decision, Decision::NeedsSeed(vec![0]));
    shared.quotas.seed(KEY, &budget(1_000, 0), 100).await;
    let during = granted(shared.quotas.reserve(KEY, &[budget(1_000, 50)], NOW_US).await);
    let across = granted(shared.quotas.reserve(KEY, &[budget(1_000, 200)], NOW_US).await);
    in_time(shared.quotas.settle(before, &[30])).await;
    in_time(shared.quotas.settle(during, &[20])).await;

    server.resume();
    is_up(&shared).await;
    assert_eq!(left(&shared, budget(1_000, 0)).await, Some(1_000 - 30 - 20 - 200));
    shared.quotas.settle(across, &[1]).await;
    assert_eq!(left(&shared, budget(1_000, 0)).await, Some(1_000 - 30 - 20 - 1));
}

#[tokio::test]
async fn a_redis_that_lost_its_budgets_asks_for_them_again() {
    let Some(server) = redis::start() else { return };
    let shared = connect(&server, "playhouse:", &SharedLimits::default());
    is_up(&shared).await;
    shared.quotas.seed(KEY, &budget(1_000, 0), 0).await;
    server.kill();
    until_up(&shared, false).await;
    server.restart();
    is_up(&shared).await;
    let decision = shared.quotas.reserve(KEY, &[budget(1_000, 1)], NOW_US).await;
    assert_eq!(decision, Decision::NeedsSeed(vec![0]));
    shared.quotas.seed(KEY, &budget(1_000, 0), 999).await;
    let _ = granted(shared.quotas.reserve(KEY, &[budget(1_000, 1)], NOW_US).await);
}

#[tokio::test]
async fn a_stream_goes_on_here_and_is_brought_to_others_when_redis_is_back() {
    let Some(server) = redis::start() else { return };
    let limits = SharedLimits::default();
    let (one, other) = (connect(&server, "playhouse:", &limits), connect(&server, "playhouse:", &limits));
    is_up(&one).await;
    is_up(&other).await;
    one.live.append("turn-1", batch(1)).await;
    in_time(async { while last_id(&other, "turn-1").await < 1 {} }).await;

    server.kill();
    until_up(&one, false).await;
    until_up(&other, false).await;
    one.live.append("turn-1", batch(2)).await;
    assert_eq!(last_id(&one, "turn-1").await, 2);
    let unknown = in_time(other.live.read("turn-1", 1, 10, NO_WAIT)).await;
    assert!(matches!(unknown, Err(SharedError::Away { .. })), "{unknown:?}");

    let waiting = tokio::spawn(async move {
        let read = other.live.read("turn-1", 1, 10, Duration::from_secs(30)).await;
        (read, other)
    });
    server.restart();
    is_up(&one).await;
    one.live.append("turn-1", batch(3)).await;
    let (read, other) = in_time(waiting).await.unwrap();
    drop(read);
    in_time(async { while last_id(&other, "turn-1").await < 3 {} }).await;
    let read = other.live.read("turn-1", 0, 10, NO_WAIT).await.unwrap().unwrap();
    assert_eq!((read.first_id, read.events.len()), (1, 3), "also what the lost Redis had");
}

#[tokio::test]
async fn signals_reach_this_replica_without_redis_and_others_again_with_it() {
    let Some(server) = redis::start() else { return };
    let limits = SharedLimits::default();
    let (one, other) = (connect(&server, "playhouse:", &limits), connect(&server, "playhouse:", &limits));
    is_up(&one).await;
    is_up(&other).await;
    server.stop();
    until_up(&one, false).await;
    one.signals.raise("turn-1").await.unwrap_err();
    in_time(one.signals.raised("turn-1")).await;
    server.restart();
    is_up(&one).await;
    is_up(&other).await;
    one.signals.raise("turn-2").await.unwrap();
    in_time(other.signals.raised("turn-2")).await;
}

#[test]
fn an_address_that_is_none_is_refused_and_not_shown() {
    let config = RedisConfig { url: Some("redis:/secret@/".into()), ..RedisConfig::default() };
    let error = Shared::connect(&config, &SharedLimits::default()).unwrap_err();
    assert!(!error.to_string().contains("secret"));
    assert!(!format!("{config:?}").contains("secret"));
}
