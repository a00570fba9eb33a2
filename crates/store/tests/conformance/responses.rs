//! Responses that are kept, and the chains they make.

use std::sync::Arc;

use playhouse_store::{
    ChainBounds, ChainGap, FinishResponse, IdempotencyKey, NewResponse, ResponseStatus, Scope, Store,
    StoreError, StoredResponse, prune_expired_responses,
};

use super::Backend;

const WIDE: ChainBounds = ChainBounds { max_responses: 1_000, max_bytes: 1 << 20 };
const DAY_US: i64 = 86_400_000_000;

/// The id of a test's n-th response.
pub(crate) fn id(n: u32) -> Arc<str> {
    format!("{:08x}-0000-7def-8000-0000000000aa", n).into()
}

/// The n-th response, ended.
fn response(n: u32) -> NewResponse {
    NewResponse {
        id: id(n),
        key_id: None,
        previous: None,
        status: ResponseStatus::Completed,
        background: false,
        streamed: n.is_multiple_of(2),
        model: "m".into(),
        created_at_us: i64::from(n),
        ended_at_us: Some(i64::from(n) + 1),
        input: format!(r#"["question {n}"]"#),
        body: format!(r#"{{"answer":{n}}}"#),
        items: vec![format!("msg_{n}").into(), "msg_all".into()],
        idempotency: None,
    }
}

fn after(previous: u32, n: u32) -> NewResponse {
    NewResponse { previous: Some(id(previous)), ..response(n) }
}

/// The n-th response, which runs.
pub(crate) fn running(n: u32) -> NewResponse {
    NewResponse {
        status: ResponseStatus::InProgress,
        background: true,
        ended_at_us: None,
        body: "{}".into(),
        items: Vec::new(),
        ..response(n)
    }
}

fn ending(n: u32, status: ResponseStatus) -> FinishResponse {
    let items = vec!["msg_end".into()];
    FinishResponse { id: id(n), status, now_us: 99, body: r#"{"ended":true}"#.into(), items }
}

fn key(name: &str) -> Scope {
    Scope::Key(name.into())
}

async fn read(store: &dyn Store, n: u32) -> StoredResponse {
    store.response(&Scope::Everything, &id(n)).await.unwrap().unwrap()
}

/// The answers of a chain, oldest first, and its gap.
async fn chain(store: &dyn Store, scope: Scope, n: u32, bounds: ChainBounds) -> (Vec<u32>, Option<ChainGap>) {
    let chain = store.response_chain(&scope, &id(n), bounds).await.unwrap();
    let number = |response: StoredResponse| u32::from_str_radix(&response.id[..8], 16).unwrap();
    (chain.responses.into_iter().map(number).collect(), chain.gap)
}

pub(crate) async fn a_response_reads_back_as_it_was_kept(backend: &dyn Backend) {
    let store = backend.open().await;
    // What is no text for every database: a response is JSON, whatever is in it.
    let odd = r#"["a\u0000b – ß \"q\""]"#.to_owned();
    let new = NewResponse { key_id: Some("k1".into()), input: odd, ..after(1, 2) };
    store.put_response(response(1)).await.unwrap();
    store.put_response(new.clone()).await.unwrap();
    drop(store);

    let store = backend.open().await;
    let expected = StoredResponse {
        id: id(2),
        key_id: Some("k1".into()),
        previous: Some(id(1)),
        status: ResponseStatus::Completed,
        background: false,
        streamed: true,
        model: "m".into(),
        created_at_us: 2,
        ended_at_us: Some(3),
        input: new.input,
        body: new.body,
    };
    assert_eq!(read(&*store, 2).await, expected);
    assert_eq!(read(&*store, 1).await.key_id, None);
    assert_eq!(store.response(&Scope::Everything, &id(3)).await.unwrap(), None);
    assert_eq!(store.response(&Scope::Everything, "resp_1").await.unwrap(), None);
}

pub(crate) async fn a_response_id_serves_once(backend: &dyn Backend) {
    let store = backend.open().await;
    store.put_response(response(1)).await.unwrap();
    let again = NewResponse { body: "{}".into(), ..response(1) };
    assert!(matches!(store.put_response(again).await, Err(StoreError::Invalid { .. })));
    assert_eq!(read(&*store, 1).await.body, r#"{"answer":1}"#);
    for odd in ["resp_1", "0190b6e4-7a3c-4def-8000-000000000001"] {
        let odd = NewResponse { id: odd.into(), ..response(2) };
        assert!(matches!(store.put_response(odd).await, Err(StoreError::Invalid { .. })));
    }
}

pub(crate) async fn a_response_that_runs_ends_once(backend: &dyn Backend) {
    let [one, other] = backend.open_twice().await;
    one.put_response(running(1)).await.unwrap();
    let seen = read(&*other, 1).await;
    assert_eq!((seen.status, seen.background, seen.ended_at_us), (ResponseStatus::InProgress, true, None));
    assert_eq!(
        other.delete_response(&Scope::Everything, &id(1)).await,
        Err(StoreError::ResponseRunning { id: id(1) })
    );
    assert!(matches!(
        one.finish_response(ending(1, ResponseStatus::InProgress)).await,
        Err(StoreError::Invalid { .. })
    ));
    // Only the process that runs it ends it.
    let running = StoreError::ResponseEnded { id: id(1), status: ResponseStatus::InProgress };
    assert_eq!(other.finish_response(ending(1, ResponseStatus::Failed)).await, Err(running));

    one.finish_response(ending(1, ResponseStatus::Incomplete)).await.unwrap();
    let ended = read(&*other, 1).await;
    assert_eq!((ended.status, ended.ended_at_us), (ResponseStatus::Incomplete, Some(99)));
    assert_eq!((&*ended.body, &*ended.input), (r#"{"ended":true}"#, r#"["question 1"]"#));
    let again = StoreError::ResponseEnded { id: id(1), status: ResponseStatus::Incomplete };
    assert_eq!(one.finish_response(ending(1, ResponseStatus::Completed)).await, Err(again));
    let unknown = Err(StoreError::ResponseNotFound { id: id(2) });
    assert_eq!(one.finish_response(ending(2, ResponseStatus::Completed)).await, unknown);
    assert!(one.delete_response(&Scope::Everything, &id(1)).await.unwrap());
}

pub(crate) async fn a_chain_goes_back_to_its_first_response(backend: &dyn Backend) {
    let store = backend.open().await;
    store.put_response(response(1)).await.unwrap();
    for (previous, n) in [(1, 2), (2, 3), (2, 4)] {
        store.put_response(after(previous, n)).await.unwrap();
    }
    assert_eq!(chain(&*store, Scope::Everything, 3, WIDE).await, (vec![1, 2, 3], None));
    assert_eq!(chain(&*store, Scope::Everything, 4, WIDE).await, (vec![1, 2, 4], None));
    assert_eq!(chain(&*store, Scope::Everything, 1, WIDE).await, (vec![1], None));
    let missing = |n| Some(ChainGap::Missing(id(n)));
    assert_eq!(chain(&*store, Scope::Everything, 9, WIDE).await, (vec![], missing(9)));

    let short = ChainBounds { max_responses: 2, ..WIDE };
    assert_eq!(chain(&*store, Scope::Everything, 3, short).await, (vec![2, 3], Some(ChainGap::TooLarge)));
    let one = (response(1).input.len() + response(1).body.len()) as u64;
    let narrow = |bytes| ChainBounds { max_bytes: bytes, ..WIDE };
    assert_eq!(chain(&*store, Scope::Everything, 3, narrow(3 * one)).await, (vec![1, 2, 3], None));
    let cut = (vec![2, 3], Some(ChainGap::TooLarge));
    assert_eq!(chain(&*store, Scope::Everything, 3, narrow(3 * one - 1)).await, cut);

    assert!(store.delete_response(&Scope::Everything, &id(1)).await.unwrap());
    assert!(!store.delete_response(&Scope::Everything, &id(1)).await.unwrap());
    assert_eq!(chain(&*store, Scope::Everything, 3, WIDE).await, (vec![2, 3], missing(1)));
    let odd = store.response_chain(&Scope::Everything, "resp_1", WIDE).await.unwrap();
    assert_eq!(odd.gap, Some(ChainGap::Missing("resp_1".into())));
}

pub(crate) async fn responses_belong_to_their_key(backend: &dyn Backend) {
    let store = backend.open().await;
    let of = |name: &str, response| NewResponse { key_id: Some(name.into()), ..response };
    store.put_response(of("k1", response(1))).await.unwrap();
    store.put_response(of("k2", after(1, 2))).await.unwrap();
    store.put_response(of("k1", after(1, 3))).await.unwrap();
    assert!(store.response(&key("k1"), &id(1)).await.unwrap().is_some());
    assert!(store.response(&key("k2"), &id(1)).await.unwrap().is_none());
    assert_eq!(chain(&*store, key("k1"), 3, WIDE).await, (vec![1, 3], None));
    assert_eq!(chain(&*store, key("k2"), 2, WIDE).await, (vec![2], Some(ChainGap::Missing(id(1)))));
    assert_eq!(chain(&*store, key("k2"), 3, WIDE).await, (vec![], Some(ChainGap::Missing(id(3)))));
    assert!(!store.delete_response(&key("k2"), &id(1)).await.unwrap());
    assert!(store.delete_response(&key("k1"), &id(1)).await.unwrap());
}

pub(crate) async fn responses_are_found_by_what_they_made(backend: &dyn Backend) {
    let store = backend.open().await;
    let of = |name: &str, response| NewResponse { key_id: Some(name.into()), ..response };
    store.put_response(of("k1", response(1))).await.unwrap();
    store.put_response(of("k2", response(2))).await.unwrap();
    store.put_response(of("k1", running(3))).await.unwrap();
    store.finish_response(ending(3, ResponseStatus::Completed)).await.unwrap();
    let found = async |scope: Scope, items: &[&str]| {
        let items = items.iter().map(|item| Arc::from(*item)).collect();
        let found = store.responses_with_items(&scope, items).await.unwrap();
        found.into_iter().map(|response| response.id).collect::<Vec<_>>()
    };
    assert_eq!(found(key("k1"), &["msg_end", "msg_1", "msg_2", "msg_0", "a\0b"]).await, [id(1), id(3)]);
    assert_eq!(found(key("k2"), &["msg_end", "msg_1", "msg_2"]).await, [id(2)]);
    // The newest of each, each once.
    assert_eq!(found(Scope::Everything, &["msg_all"]).await, [id(2)]);
    assert_eq!(found(key("k1"), &["msg_all", "msg_1"]).await, [id(1)]);
    assert!(store.delete_response(&key("k1"), &id(1)).await.unwrap());
    assert!(found(Scope::Everything, &["msg_1"]).await.is_empty());
    assert!(found(Scope::Everything, &[]).await.is_empty());
}

pub(crate) async fn the_same_request_begins_one_response(backend: &dyn Backend) {
    let stores = backend.open_twice().await;
    let keyed = |n, body| {
        let idempotency = Some(IdempotencyKey { id: [7; 32], body: [body; 32], since_us: 0 });
        NewResponse { idempotency, ..running(n) }
    };
    let tries: Vec<_> = (1..=8)
        .map(|n: u32| {
            let (store, new) = (Arc::clone(&stores[n as usize % 2]), keyed(n, 1));
            tokio::spawn(async move { store.put_response(new).await.map(|()| id(n)) })
        })
        .collect();
    let (mut winners, mut told) = (Vec::new(), Vec::new());
    for attempt in tries {
        match attempt.await.unwrap() {
            Ok(id) => winners.push(id),
            Err(StoreError::AlreadyBegun { id }) => told.push(id),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((winners.len(), told.len()), (1, 7));
    assert!(told.iter().all(|id| *id == winners[0]), "{told:?}");
    assert_eq!(stores[0].put_response(keyed(9, 2)).await, Err(StoreError::KeyTaken));
    assert!(stores[0].response(&Scope::Everything, &id(9)).await.unwrap().is_none());
}

pub(crate) async fn responses_of_a_dead_replica_have_failed(backend: &dyn Backend) {
    let [one, dead] = backend.open_twice().await;
    for n in 1..=25 {
        dead.put_response(running(n)).await.unwrap();
    }
    one.put_response(running(30)).await.unwrap();
    dead.put_response(response(31)).await.unwrap();
    let mut steps = Vec::new();
    while let [dead] = one.other_replicas().await.unwrap().as_slice() {
        steps.push(one.bury(*dead, 10).await.unwrap().responses.len());
    }
    assert_eq!(steps, [10, 10, 5]);
    let failed = read(&*one, 1).await;
    assert_eq!((failed.status, failed.ended_at_us, &*failed.body), (ResponseStatus::Failed, None, "{}"));
    assert_eq!(read(&*one, 30).await.status, ResponseStatus::InProgress);
    assert_eq!(read(&*one, 31).await.status, ResponseStatus::Completed);
    // It was only paused: what it has to say comes too late.
    let late = StoreError::ResponseEnded { id: id(1), status: ResponseStatus::Failed };
    assert_eq!(dead.finish_response(ending(1, ResponseStatus::Completed)).await, Err(late));
    assert_eq!(one.leave().await.unwrap().responses, [id(30)]);
}

pub(crate) async fn old_responses_go_when_nothing_goes_on_from_them(backend: &dyn Backend) {
    let store = backend.open().await;
    // Three days: an id begins with its milliseconds.
    let day = |n: u32| {
        let id = uuid::Uuid::from_u128((u128::from(n) * 86_400_000) << 80 | 0x7def << 64 | 0x8 << 60);
        id.to_string().into()
    };
    let on_day = |n: u32, previous: Option<u32>| NewResponse {
        id: day(n),
        previous: previous.map(day),
        ..response(1)
    };
    for (n, previous) in [(1, None), (2, Some(1)), (3, None), (4, Some(3)), (9, Some(4))] {
        store.put_response(on_day(n, previous)).await.unwrap();
    }
    store.put_response(NewResponse { id: day(5), ..running(1) }).await.unwrap();
    let there = async || {
        let mut there = Vec::new();
        for n in 1..=9 {
            if store.response(&Scope::Everything, &day(n)).await.unwrap().is_some() {
                there.push(n);
            }
        }
        there
    };
    let now_us = 8 * DAY_US + 1;
    assert_eq!(prune_expired_responses(&*store, 0, now_us).await.unwrap(), 0);
    assert_eq!(prune_expired_responses(&*store, 2, now_us).await.unwrap(), 2);
    assert_eq!(there().await, [3, 4, 5, 9], "what runs stays, and what is gone on from");
    assert_eq!(prune_expired_responses(&*store, 2, 20 * DAY_US).await.unwrap(), 3);
    assert_eq!(there().await, [5]);
}
