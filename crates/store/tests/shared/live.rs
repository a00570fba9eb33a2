//! Live streams.

use std::time::Duration;

use playhouse_store::shared::{LiveBatch, LiveEvent, LiveRead, SharedLimits};

use super::{Replicas, both, in_time};

const LONG: Duration = Duration::from_secs(20);
const STREAM: &str = "turn-1";

fn events(from: u64, count: u64) -> Vec<LiveEvent> {
    let event = |id: u64| LiveEvent { name: "delta".into(), data: format!("{{\"n\":{id}}}\n").into() };
    (from..from + count).map(event).collect()
}

fn batch(first_id: u64, count: u64) -> LiveBatch {
    LiveBatch { first_id, events: events(first_id, count), closes: false }
}

/// Reads on the other replica until so many events after one are there.
async fn read_all(replicas: &Replicas, after_id: u64, count: usize) -> LiveRead {
    let live = &replicas.other.live;
    let mut all: Option<LiveRead> = None;
    while all.as_ref().is_none_or(|all| all.events.len() < count) {
        let have = all.as_ref().map_or(0, |all| all.events.len() as u64);
        // What was written a moment ago may not be known everywhere yet.
        let Some(read) = in_time(live.read(STREAM, after_id + have, 1_000, LONG)).await.unwrap() else {
            tokio::task::yield_now().await;
            continue;
        };
        match &mut all {
            Some(all) => all.events.extend(read.events),
            None => all = Some(read),
        }
    }
    all.unwrap()
}

async fn known(replicas: &Replicas) {
    read_all(replicas, 0, 1).await;
}

#[tokio::test]
async fn a_stream_nobody_wrote_is_unknown() {
    both(SharedLimits::default(), |replicas| async move {
        assert_eq!(replicas.other.live.read("none", 0, 10, LONG).await, Ok(None));
    })
    .await;
}

#[tokio::test]
async fn events_are_read_by_their_numbers_in_order() {
    both(SharedLimits::default(), |replicas| async move {
        replicas.one.live.append(STREAM, batch(1, 3)).await;
        replicas.one.live.append(STREAM, batch(4, 2)).await;
        let read = read_all(&replicas, 0, 5).await;
        assert_eq!((read.first_id, read.events), (1, events(1, 5)));
        let read = in_time(replicas.other.live.read(STREAM, 2, 2, LONG)).await.unwrap().unwrap();
        let expected = LiveRead { first_id: 3, events: events(3, 2), last_id: 5, closed: false };
        assert_eq!(read, expected);
    })
    .await;
}

#[tokio::test]
async fn what_is_sent_twice_is_there_once() {
    both(SharedLimits::default(), |replicas| async move {
        replicas.one.live.append(STREAM, batch(1, 3)).await;
        replicas.one.live.append(STREAM, batch(1, 3)).await;
        replicas.one.live.append(STREAM, batch(2, 3)).await;
        let read = read_all(&replicas, 0, 4).await;
        assert_eq!((read.events, read.last_id), (events(1, 4), 4));
    })
    .await;
}

#[tokio::test]
async fn a_reader_is_woken_by_the_next_event_and_by_the_end() {
    both(SharedLimits::default(), |replicas| async move {
        replicas.one.live.append(STREAM, batch(1, 1)).await;
        known(&replicas).await;
        let live = replicas.other.live.clone();
        let reader = tokio::spawn(async move {
            let next = live.read(STREAM, 1, 10, LONG).await;
            (next, live.read(STREAM, 2, 10, LONG).await)
        });
        tokio::task::yield_now().await;
        replicas.one.live.append(STREAM, batch(2, 1)).await;
        read_all(&replicas, 1, 1).await;
        replicas.one.live.close(STREAM, 3).await;
        let (next, end) = in_time(reader).await.unwrap();
        assert_eq!(next.unwrap().unwrap().events, events(2, 1));
        let end = end.unwrap().unwrap();
        assert!(end.closed && end.is_end() && end.events.is_empty(), "{end:?}");
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_waits_in_vain_gets_nothing() {
    both(SharedLimits::default(), |replicas| async move {
        replicas.one.live.append(STREAM, batch(1, 1)).await;
        known(&replicas).await;
        let read = in_time(replicas.other.live.read(STREAM, 1, 10, Duration::from_millis(30))).await;
        let read = read.unwrap().unwrap();
        assert_eq!((read.events.len(), read.last_id, read.closed), (0, 1, false));
    })
    .await;
}

#[tokio::test]
async fn nothing_comes_after_the_end() {
    both(SharedLimits::default(), |replicas| async move {
        let last = LiveBatch { closes: true, ..batch(1, 2) };
        replicas.one.live.append(STREAM, last).await;
        replicas.one.live.append(STREAM, batch(3, 1)).await;
        let read = read_all(&replicas, 0, 2).await;
        assert!(read.closed && read.is_end() && read.last_id == 2, "{read:?}");
    })
    .await;
}

#[tokio::test]
async fn another_replica_may_go_on_with_a_stream() {
    both(SharedLimits::default(), |replicas| async move {
        replicas.one.live.append(STREAM, batch(1, 3)).await;
        let read = read_all(&replicas, 0, 3).await;
        let end = LiveBatch { closes: true, ..batch(read.last_id + 1, 1) };
        replicas.other.live.append(STREAM, end).await;
        let read = read_all(&replicas, 0, 4).await;
        assert_eq!(read.events, events(1, 4));
    })
    .await;
}

#[tokio::test]
async fn a_stream_keeps_its_latest_events() {
    let limits = SharedLimits { stream_events: 4, ..SharedLimits::default() };
    both(limits, |replicas| async move {
        for id in 1..=10 {
            replicas.one.live.append(STREAM, batch(id, 1)).await;
        }
        let read = read_all(&replicas, 9, 1).await;
        assert_eq!(read.events, events(10, 1));
        let read = in_time(replicas.other.live.read(STREAM, 0, 10, LONG)).await.unwrap().unwrap();
        assert_eq!((read.first_id, read.events), (7, events(7, 4)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_kept_for_a_time_and_those_that_ended_first_go_first() {
    let limits = SharedLimits { streams_bytes: 1_000, ..SharedLimits::default() };
    let live = playhouse_store::shared::Shared::in_process(&limits).live;
    for stream in ["a", "b", "c", "d"] {
        live.append(stream, LiveBatch { closes: stream != "a", ..batch(1, 4) }).await;
    }
    let read = async |stream| live.read(stream, 0, 10, Duration::ZERO).await.unwrap();
    assert!(read("b").await.is_none(), "more than may be kept");
    assert!(read("a").await.is_some() && read("c").await.is_some() && read("d").await.is_some());
    tokio::time::advance(limits.stream_kept).await;
    assert!(read("d").await.is_none());
    assert!(read("a").await.is_some());
    tokio::time::advance(limits.stream_idle).await;
    assert!(read("a").await.is_none());
}
