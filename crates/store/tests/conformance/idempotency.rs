//! Requests that come twice and are done once.

use std::sync::Arc;

use playhouse_llm::Message;
use playhouse_store::{
    BeginRun, BeginTurn, IdempotencyKey, MessagePage, Scope, Store, StoreError, TurnEnding, TurnTerms,
};

use super::run_support::{begin_run, beginning_run, interrupt, run_end, run_id};
use super::{Backend, WIDE, answer, begin, beginning, end, take_turn, texts, turn_id};

/// The n-th key, with this body.
fn key(n: u8, body: u8) -> IdempotencyKey {
    IdempotencyKey { id: [n; 32], body: [body; 32], since_us: 0 }
}

fn keyed(session: &str, n: u32, key: IdempotencyKey) -> BeginTurn {
    let terms = TurnTerms { idempotency: Some(key), ..TurnTerms::default() };
    BeginTurn { terms, ..beginning(session, n, WIDE) }
}

fn begun(id: Arc<str>) -> StoreError {
    StoreError::AlreadyBegun { id }
}

pub(crate) async fn the_same_request_begins_one_turn(backend: &dyn Backend) {
    let [one, other] = backend.open_twice().await;
    one.begin_turn(keyed("ada", 1, key(1, 1))).await.unwrap();
    // While it runs, and when it has ended; from here and from there; with an id of its own each time.
    assert_eq!(one.begin_turn(keyed("ada", 2, key(1, 1))).await.unwrap_err(), begun(turn_id(1)));
    assert_eq!(other.begin_turn(keyed("bob", 3, key(1, 1))).await.unwrap_err(), begun(turn_id(1)));
    answer(&*one, 1).await;
    assert_eq!(other.begin_turn(keyed("ada", 4, key(1, 1))).await.unwrap_err(), begun(turn_id(1)));
    assert!(one.session(&Scope::Everything, "bob", MessagePage::default()).await.unwrap().is_none());
    assert!(one.turn(&Scope::Everything, &turn_id(4)).await.unwrap().is_none());
    other.begin_turn(keyed("ada", 5, key(2, 1))).await.unwrap();
}

pub(crate) async fn of_the_same_requests_at_once_one_begins(backend: &dyn Backend) {
    let stores = backend.open_twice().await;
    let tries: Vec<_> = (1..=16)
        .map(|n: u32| {
            let store = Arc::clone(&stores[n as usize % 2]);
            tokio::spawn(async move {
                // Sessions of their own: nothing but the key stands between them.
                store.begin_turn(keyed(&format!("s-{n}"), n, key(1, 1))).await.map(|_| turn_id(n))
            })
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
    assert_eq!((winners.len(), told.len()), (1, 15));
    assert!(told.iter().all(|id| *id == winners[0]), "{told:?}");
}

pub(crate) async fn another_body_is_refused(backend: &dyn Backend) {
    let [one, other] = backend.open_twice().await;
    one.begin_turn(keyed("ada", 1, key(1, 1))).await.unwrap();
    assert_eq!(other.begin_turn(keyed("bob", 2, key(1, 2))).await.unwrap_err(), StoreError::KeyTaken);
    let run = BeginRun { idempotency: Some(key(1, 2)), ..beginning_run(3) };
    assert_eq!(one.begin_run(run).await.unwrap_err(), StoreError::KeyTaken);
    assert!(one.run(&Scope::Everything, &run_id(3)).await.unwrap().is_none());
}

pub(crate) async fn a_refused_beginning_takes_no_key(backend: &dyn Backend) {
    let store = backend.open().await;
    begin(&*store, "ada", 1).await.unwrap();
    let busy = store.begin_turn(keyed("ada", 2, key(1, 1))).await.unwrap_err();
    assert!(matches!(busy, StoreError::TurnRunning { .. }), "{busy}");
    answer(&*store, 1).await;
    store.begin_turn(keyed("ada", 2, key(1, 1))).await.unwrap();
    let again = store.begin_turn(keyed("bob", 1, key(2, 1))).await.unwrap_err();
    assert!(matches!(again, StoreError::Invalid { .. }), "a turn id serves once: {again}");
    store.begin_turn(keyed("bob", 3, key(2, 1))).await.unwrap();
}

pub(crate) async fn runs_begin_and_go_on_once(backend: &dyn Backend) {
    let [one, other] = backend.open_twice().await;
    let run = |n| BeginRun { idempotency: Some(key(1, 1)), ..beginning_run(n) };
    one.begin_run(run(1)).await.unwrap();
    assert_eq!(other.begin_run(run(2)).await.unwrap_err(), begun(run_id(1)));
    assert!(one.run(&Scope::Everything, &run_id(2)).await.unwrap().is_none());

    interrupt(&*one, 1).await;
    other.resume_run(&Scope::Everything, &run_id(1), Some(key(2, 1)), 9).await.unwrap();
    assert_eq!(
        one.resume_run(&Scope::Everything, &run_id(1), Some(key(2, 1)), 9).await.unwrap_err(),
        begun(run_id(1))
    );
    assert_eq!(
        one.resume_run(&Scope::Everything, &run_id(1), Some(key(2, 2)), 9).await.unwrap_err(),
        StoreError::KeyTaken
    );
    other.finish_run(run_end(1)).await.unwrap();
    assert_eq!(
        one.resume_run(&Scope::Everything, &run_id(1), Some(key(2, 1)), 9).await.unwrap_err(),
        begun(run_id(1))
    );
    begin_run(&*one, 3).await;
    let refused = one.resume_run(&Scope::Everything, &run_id(3), Some(key(3, 1)), 9).await.unwrap_err();
    assert_eq!(refused, StoreError::RunRunning { run_id: run_id(3) });
    interrupt(&*one, 3).await;
    one.resume_run(&Scope::Everything, &run_id(3), Some(key(3, 1)), 9).await.unwrap();
}

pub(crate) async fn keys_are_forgotten_when_they_are_old(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=5 {
        take_keyed(&*store, n).await;
    }
    // Too old to count, though it is there still.
    let late = IdempotencyKey { since_us: 1_001, ..key(1, 1) };
    store.begin_turn(keyed("late", 11, late)).await.unwrap();
    let again = IdempotencyKey { since_us: 1_001, ..key(1, 1) };
    assert_eq!(store.begin_turn(keyed("again", 12, again)).await.unwrap_err(), begun(turn_id(11)));

    assert_eq!(store.prune_idempotency_keys(5_000, 2).await.unwrap(), 2);
    assert_eq!(store.prune_idempotency_keys(5_000, 10).await.unwrap(), 1);
    store.begin_turn(keyed("new", 14, key(4, 1))).await.unwrap();
    assert_eq!(store.begin_turn(keyed("new", 15, key(5, 1))).await.unwrap_err(), begun(turn_id(5)));
}

/// The n-th turn, begun with the n-th key at n milliseconds.
async fn take_keyed(store: &dyn Store, n: u8) {
    store.begin_turn(keyed(&format!("s-{n}"), n.into(), key(n, 1))).await.unwrap();
    answer(store, n.into()).await;
}

pub(crate) async fn a_turn_in_the_place_of_the_last_is_asked_without_it(backend: &dyn Backend) {
    let store = backend.open().await;
    let again = |n, of| {
        let terms = TurnTerms {
            model: Some("small".into()),
            agent: Some("calculator".into()),
            in_place_of: Some(turn_id(of)),
            ..TurnTerms::default()
        };
        BeginTurn { terms, ..beginning("ada", n, WIDE) }
    };
    take_turn(&*store, "ada", 1).await;
    begin(&*store, "ada", 2).await.unwrap();
    end(&*store, 2, TurnEnding::Interrupted, vec![Message::assistant("Once upon")]).await;
    let next = store.begin_turn(again(3, 2)).await.unwrap();
    assert_eq!(texts(&next.history), ["question 1", "answer 1"]);
    answer(&*store, 3).await;
    let turn = store.turn(&Scope::Everything, &turn_id(3)).await.unwrap().unwrap();
    assert_eq!((turn.asked_model.as_deref(), turn.agent.as_deref()), (Some("small"), Some("calculator")));

    // One that later turns have seen stays.
    let next = store.begin_turn(again(4, 1)).await.unwrap();
    assert_eq!(texts(&next.history), ["question 1", "answer 1", "question 3", "answer 3"]);
}
