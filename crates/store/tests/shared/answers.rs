//! Kept answers.

use std::time::Duration;

use bytes::Bytes;
use playhouse_store::shared::{Shared, SharedLimits};

use super::{both, in_time};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn an_answer_is_kept_for_all() {
    both(SharedLimits::default(), |replicas| async move {
        assert_eq!(replicas.other.answers.get("a").await, None);
        replicas.one.answers.put("a", Bytes::from_static(b"\xff\0one"), HOUR).await;
        assert_eq!(replicas.other.answers.get("a").await.unwrap(), &b"\xff\0one"[..]);
        replicas.other.answers.put("a", Bytes::from_static(b"two"), HOUR).await;
        assert_eq!(replicas.one.answers.get("a").await.unwrap(), "two");
        assert_eq!(replicas.one.answers.get("b").await, None);
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_kept_for_its_time() {
    both(SharedLimits::default(), |replicas| async move {
        replicas.one.answers.put("a", Bytes::from_static(b"one"), Duration::from_millis(20)).await;
        replicas.one.answers.put("b", Bytes::from_static(b"one"), Duration::ZERO).await;
        assert_eq!(replicas.one.answers.get("b").await, None);
        in_time(async { while replicas.one.answers.get("a").await.is_some() {} }).await;
    })
    .await;
}

#[tokio::test]
async fn a_large_answer_is_not_kept() {
    let limits = SharedLimits { answer_bytes: 10, ..SharedLimits::default() };
    both(limits, |replicas| async move {
        replicas.one.answers.put("a", Bytes::from_static(b"0123456789"), HOUR).await;
        replicas.one.answers.put("b", Bytes::from_static(b"0123456789a"), HOUR).await;
        assert!(replicas.one.answers.get("a").await.is_some());
        assert_eq!(replicas.one.answers.get("b").await, None);
    })
    .await;
}

#[tokio::test]
async fn those_used_longest_ago_go_first() {
    let limits = SharedLimits { answers_bytes: 600, ..SharedLimits::default() };
    let answers = Shared::in_process(&limits).answers;
    for key in ["a", "b", "c"] {
        answers.put(key, Bytes::from_static(b"answer"), HOUR).await;
    }
    answers.get("a").await.unwrap();
    answers.put("d", Bytes::from_static(b"answer"), HOUR).await;
    assert_eq!(answers.get("b").await, None);
    assert!(answers.get("a").await.is_some() && answers.get("c").await.is_some());
}
