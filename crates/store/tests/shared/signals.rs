//! Signals.

use playhouse_store::shared::{Shared, SharedLimits};

use super::{both, in_time, is_up};

#[tokio::test]
async fn whoever_listens_hears_and_nobody_else() {
    both(SharedLimits::default(), |replicas| async move {
        let signals = replicas.other.signals.clone();
        let heard = tokio::spawn(async move { signals.raised("turn-1").await });
        let signals = replicas.other.signals.clone();
        let other = tokio::spawn(async move { signals.raised("turn-2").await });
        tokio::task::yield_now().await;
        replicas.one.signals.raise("turn-1").await.unwrap();
        in_time(heard).await.unwrap();
        assert!(!other.is_finished());
        other.abort();
    })
    .await;
}

#[tokio::test]
async fn a_signal_is_heard_by_those_who_listen_a_moment_later() {
    both(SharedLimits::default(), |replicas| async move {
        replicas.one.signals.raise("turn-1").await.unwrap();
        in_time(replicas.other.signals.raised("turn-1")).await;
        in_time(replicas.one.signals.raised("turn-1")).await;
    })
    .await;
}

#[tokio::test]
async fn a_replica_that_starts_a_moment_later_hears() {
    let Some(server) = playhouse_store::testing::redis::shared() else { return };
    let prefix = format!("{}:", uuid::Uuid::now_v7());
    let one = super::connect(&server, &prefix, &SharedLimits::default());
    is_up(&one).await;
    one.signals.raise("turn-1").await.unwrap();
    let other = super::connect(&server, &prefix, &SharedLimits::default());
    in_time(other.signals.raised("turn-1")).await;
}

#[tokio::test(start_paused = true)]
async fn a_signal_is_forgotten_after_a_time() {
    let limits = SharedLimits { signals: 2, ..SharedLimits::default() };
    let signals = Shared::in_process(&limits).signals;
    let is_raised = async |subject| {
        tokio::time::timeout(std::time::Duration::ZERO, signals.raised(subject)).await.is_ok()
    };
    for subject in ["a", "b", "c"] {
        signals.raise(subject).await.unwrap();
    }
    assert!(!is_raised("a").await, "more than may be remembered");
    assert!(is_raised("b").await && is_raised("c").await);
    tokio::time::advance(limits.signal_kept).await;
    assert!(!is_raised("c").await);
}
