//! Turns that begin or end in one statement: each is told what came of it, and none pays for another.

use std::sync::Arc;

use futures_util::future::join_all;
use playhouse_store::testing::postgres;
use playhouse_store::{
    BeginTurn, FinishTurn, HistoryWindow, IdempotencyKey, PostgresConfig, PostgresStore, Sessions,
    StoreError, TurnEnding, TurnTerms,
};

use super::open;
use crate::conformance::{WIDE, answer, begin, beginning, end, take_turn, texts, turn_id};

fn keyed(session: &str, n: u32, key: u8, body: u8) -> BeginTurn {
    let key = IdempotencyKey { id: [key; 32], body: [body; 32], since_us: i64::from(n) };
    let terms = TurnTerms { idempotency: Some(key), ..TurnTerms::default() };
    BeginTurn { terms, ..beginning(session, n, WIDE) }
}

#[tokio::test]
async fn each_turn_that_begins_with_others_is_told_its_own() {
    let Some(database) = postgres::database() else { return };
    let store = open(&database).await;
    for n in 1..=3 {
        take_turn(&store, "known", n).await;
    }
    begin(&store, "busy", 4).await.unwrap();
    store.begin_turn(keyed("keyed", 5, 1, 1)).await.unwrap();
    // All have arrived before the first flight leaves; only what clashes waits for the next.
    let asked = [
        beginning("first", 10, WIDE),
        beginning("second", 11, WIDE),
        beginning("known", 12, WIDE),
        beginning("known", 13, WIDE),
        beginning("new", 14, WIDE),
        beginning("busy", 15, WIDE),
        beginning("used", 1, WIDE),
        keyed("again", 16, 1, 1),
        keyed("other", 17, 1, 2),
        keyed("fresh", 18, 2, 1),
    ];
    let told = join_all(asked.map(|beginning| store.begin_turn(beginning))).await;
    let [first, second, known, twice, new, busy, used, again, other, fresh] = told.try_into().unwrap();
    for (begun, number, history) in [(first, 1, 0), (second, 1, 0), (known, 4, 6), (new, 1, 0), (fresh, 1, 0)]
    {
        let begun = begun.unwrap();
        assert_eq!((begun.number, begun.history.len()), (number, history));
    }
    let running =
        |session: &str, n| StoreError::TurnRunning { session_id: session.into(), turn_id: turn_id(n) };
    assert_eq!(twice.unwrap_err(), running("known", 12));
    assert_eq!(busy.unwrap_err(), running("busy", 4));
    assert!(used.unwrap_err().to_string().contains("has been used before"));
    assert_eq!(again.unwrap_err(), StoreError::AlreadyBegun { id: turn_id(5) });
    assert_eq!(other.unwrap_err(), StoreError::KeyTaken);
    assert_eq!(database.sql("SELECT count(*) FROM sessions WHERE id IN ('used', 'again', 'other')"), "0");
}

#[tokio::test]
async fn each_turn_that_ends_with_others_is_told_its_own() {
    let Some(database) = postgres::database() else { return };
    let (store, other) = (open(&database).await, open(&database).await);
    for n in 1..=12 {
        begin(if n == 12 { &other } else { &store }, &format!("session-{n}"), n).await.unwrap();
    }
    answer(&store, 3).await;
    let ends = (1..=13).map(|n| FinishTurn::new(turn_id(n), TurnEnding::Completed, 9));
    let told = join_all(ends.map(|end| store.finish_turn(end))).await;
    for (n, told) in (1..).zip(told) {
        match n {
            // It has ended, another replica runs it, there is none.
            3 | 12 => assert!(matches!(told, Err(StoreError::TurnEnded { .. })), "{n}: {told:?}"),
            13 => assert_eq!(told, Err(StoreError::TurnNotFound { turn_id: turn_id(13) })),
            _ => assert_eq!(told, Ok(()), "{n}"),
        }
    }
    assert_eq!(
        database.sql(
            "SELECT string_agg(id, ' ') FROM (SELECT sessions.id FROM turns \
         JOIN sessions ON key = session WHERE state = 'running') AS running"
        ),
        "session-12"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_waits_for_a_lock_fails_alone() {
    let Some(database) = postgres::database() else { return };
    let config = PostgresConfig { lock_timeout_ms: 300, ..PostgresConfig::default() };
    let store = PostgresStore::open(&database.url().into(), &config).await.unwrap();
    take_turn(&store, "held", 1).await;
    let server = Arc::clone(database.server());
    let name = database.url().rsplit('/').next().unwrap().to_owned();
    let holder = std::thread::spawn(move || {
        server.sql(
            &name,
            "BEGIN; SELECT FROM sessions WHERE id = 'held' FOR UPDATE; SELECT pg_sleep(2); COMMIT",
        )
    });
    let held =
        "SELECT count(*) FROM pg_locks WHERE relation = 'sessions'::regclass AND mode = 'RowShareLock'";
    while database.sql(held) == "0" {
        tokio::task::yield_now().await;
    }
    let sessions = ["a", "b", "c", "held", "d", "e"];
    let told = join_all((10..).zip(sessions).map(|(n, session)| begin(&store, session, n))).await;
    for (session, told) in sessions.iter().zip(told) {
        match told {
            Ok(begun) => assert_eq!((begun.number, *session == "held"), (1, false)),
            Err(error) => assert!(error.is_unavailable() && *session == "held", "{session}: {error}"),
        }
    }
    holder.join().unwrap();
}

#[tokio::test]
async fn a_history_reaches_beyond_hundreds_of_failures() {
    let Some(database) = postgres::database() else { return };
    let store = open(&database).await;
    for n in 1..=3 {
        take_turn(&store, "ada", n).await;
    }
    for n in 4..=303 {
        begin(&store, "ada", n).await.unwrap();
        end(&store, n, TurnEnding::Failed { error: "timeout_idle".into() }, Vec::new()).await;
    }
    take_turn(&store, "ada", 304).await;
    for (n, max_messages, oldest) in [(305, 1_000, 1), (306, 6, 2), (307, 5, 3), (308, 2, 304), (309, 0, 305)]
    {
        let window = HistoryWindow { max_messages, ..WIDE };
        let begun = store.begin_turn(beginning("ada", n, window)).await.unwrap();
        let said = [1, 2, 3, 304].into_iter().filter(|n| *n >= oldest);
        let said: Vec<_> = said.flat_map(|n| [format!("question {n}"), format!("answer {n}")]).collect();
        assert_eq!(texts(&begun.history), said);
        end(&store, n, TurnEnding::Failed { error: "test".into() }, Vec::new()).await;
    }
}
