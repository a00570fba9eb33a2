//! Redis over TLS: whose certificate is taken, and that everything works over it.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use bytes::Bytes;
use playhouse_store::shared::{LiveBatch, LiveEvent, RedisConfig, Shared, SharedLimits};
use playhouse_store::testing::redis;

use super::quotas::{budget, granted, left};
use super::{in_time, is_up};

/// Tells the child where Redis is. The child is this very program, at the test below.
const ADDRESS: &str = "PLAYHOUSE_TEST_REDIS_TLS";
const NOW_US: i64 = 1_700_000_000_000_000;

#[tokio::test]
async fn everything_is_shared_over_tls() {
    let Some(server) = redis::start_with_tls() else { return };
    let by_address = server.tls_url().replace("localhost", "127.0.0.1");
    let told = ask(&server.tls_url(), Some(&server.authority()));
    assert!(told.status.success() && says(&told, "it was shared"), "{told:?}");
    let told = ask(&by_address, Some(&server.authority()));
    assert!(told.status.success() && says(&told, "certificate"), "not for this name: {told:?}");
    let told = ask(&server.tls_url(), None);
    assert!(told.status.success() && says(&told, "certificate"), "signed by a stranger: {told:?}");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_away_and_not_asked_without() {
    let Some(server) = redis::start() else { return };
    let shared = connect(&server.tls_url());
    let redis = shared.redis().unwrap();
    in_time(redis.tried()).await;
    assert!(!redis.standing().up, "{:?}", redis.standing());
    in_time(redis.probe()).await.unwrap_err();
}

/// The authorities that are known are a variable's to say, and of a process.
fn ask(address: &str, authority: Option<&Path>) -> Output {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "shared::tls::shares_or_says_why_not", "--ignored", "--nocapture"]);
    child.env(ADDRESS, address).env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
    child.envs(authority.map(|file| ("SSL_CERT_FILE", file)));
    child.output().unwrap()
}

fn says(told: &Output, words: &str) -> bool {
    let lines = String::from_utf8_lossy(&told.stdout);
    lines.lines().any(|line| line.starts_with("told: ") && line.contains(words))
}

#[tokio::test]
#[ignore = "the child of everything_is_shared_over_tls"]
async fn shares_or_says_why_not() {
    let Ok(address) = std::env::var(ADDRESS) else { return };
    let (one, other) = (connect(&address), connect(&address));
    let redis = one.redis().unwrap();
    in_time(redis.tried()).await;
    if redis.standing().up {
        share(&one, &other).await;
        println!("\ntold: it was shared");
    } else {
        println!("\ntold: {}", redis.standing().reason);
    }
}

async fn share(one: &Shared, other: &Shared) {
    is_up(other).await;
    one.quotas.seed("key-7", &budget(1_000, 0), 0).await;
    let reservation = granted(one.quotas.reserve("key-7", &[budget(1_000, 100)], NOW_US).await);
    one.quotas.settle(reservation, &[30]).await;
    assert_eq!(left(other, budget(1_000, 0)).await, Some(970));

    let answer = Bytes::from(vec![b'a'; 200_000]);
    one.answers.put("question", answer.clone(), Duration::from_hours(1)).await;
    assert_eq!(other.answers.get("question").await, Some(answer));

    // What others are told comes over a connection of its own.
    let event = LiveEvent { name: "delta".into(), data: "hello".into() };
    one.live.append("turn", LiveBatch { first_id: 1, events: vec![event], closes: true }).await;
    let told = async {
        loop {
            if let Some(read) = other.live.read("turn", 0, 10, Duration::from_secs(30)).await.unwrap() {
                return read;
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(in_time(told).await.last_id, 1);
}

fn connect(address: &str) -> Shared {
    let config = RedisConfig {
        url: Some(address.to_owned().into()),
        command_timeout_ms: 5_000,
        connect_timeout_ms: 3_000,
        ..RedisConfig::default()
    };
    Shared::connect(&config, &SharedLimits::default()).unwrap()
}
