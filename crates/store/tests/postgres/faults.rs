//! A server that goes away, stands still, restarts, or is not the one to write to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use playhouse_store::testing::postgres::{self, PostgresServer};
use playhouse_store::{
    Health, MessagePage, PostgresConfig, PostgresStore, Scope, Sessions, StoreError, TurnState,
};

use crate::conformance::{begin, take_turn, turn_id};

/// Short bounds: a test waits for them.
const CONFIG: PostgresConfig = PostgresConfig {
    max_connections: 4,
    connect_timeout_ms: 500,
    acquire_timeout_ms: 500,
    statement_timeout_ms: 500,
    lock_timeout_ms: 300,
};
/// Connecting or waiting, and the statement with its grace; twice for good measure on a busy machine.
const BOUND: Duration = Duration::from_secs(4);

async fn store(server: &Arc<PostgresServer>) -> PostgresStore {
    let database = server.database();
    PostgresStore::open(&database.url().into(), &CONFIG).await.unwrap()
}

/// Waits until the store can be used again.
async fn recovers(store: &PostgresStore) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while let Err(error) = store.probe().await {
        assert!(Instant::now() < deadline, "{error}");
        tokio::task::yield_now().await;
    }
}

fn is_away<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> String {
    let error = outcome.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("127.0.0.1:") && !text.contains("s3cret"), "{text}");
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_is_away_at_once_and_found_again() {
    let Some(server) = postgres::start() else { return };
    let store = store(&server).await;
    take_turn(&store, "ada", 1).await;
    begin(&store, "ada", 2).await.unwrap();
    for crash in [false, true] {
        match crash {
            true => server.kill(),
            false => server.stop(),
        }
        let began = Instant::now();
        is_away(begin(&store, "bob", 3).await);
        is_away(store.session(&Scope::Everything, "ada", MessagePage::default()).await);
        is_away(store.probe().await);
        assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
        server.restart();
        recovers(&store).await;
        // Everything that was acknowledged is there, and the turn of a living process still runs.
        assert_eq!(
            store.turn(&Scope::Everything, &turn_id(2)).await.unwrap().unwrap().state,
            TurnState::Running
        );
        assert_eq!(
            store
                .session(&Scope::Everything, "ada", MessagePage::default())
                .await
                .unwrap()
                .unwrap()
                .messages
                .len(),
            3
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_is_not_waited_for() {
    let Some(server) = postgres::start() else { return };
    let store = store(&server).await;
    take_turn(&store, "ada", 1).await;
    server.pause();
    let began = Instant::now();
    let asked = (2..10).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { begin(&store, &format!("session-{n}"), n).await })
    });
    for outcome in asked.collect::<Vec<_>>() {
        is_away(outcome.await.unwrap());
    }
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
    server.resume();
    recovers(&store).await;
    take_turn(&store, "ada", 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_are_replaced() {
    let Some(database) = postgres::database() else { return };
    let store = PostgresStore::open(&database.url().into(), &CONFIG).await.unwrap();
    for n in 1..=5 {
        take_turn(&store, "ada", n).await;
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE application_name = 'playhouse' AND datname = current_database()";
        assert_ne!(database.sql(cut), "0");
        recovers(&store).await;
    }
    assert_eq!(
        store
            .session(&Scope::Everything, "ada", MessagePage::default())
            .await
            .unwrap()
            .unwrap()
            .summary
            .turns,
        5
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_is_not_waited_for_without_end() {
    let Some(database) = postgres::database() else { return };
    let store = PostgresStore::open(&database.url().into(), &CONFIG).await.unwrap();
    take_turn(&store, "ada", 1).await;
    let server = Arc::clone(database.server());
    let holder = std::thread::spawn({
        let url = database.url();
        let name = url.rsplit('/').next().unwrap().to_owned();
        move || server.sql(&name, "BEGIN; LOCK TABLE turns; SELECT pg_sleep(2); COMMIT")
    });
    let locked =
        "SELECT count(*) FROM pg_locks WHERE relation = 'turns'::regclass AND mode = 'AccessExclusiveLock'";
    while database.sql(locked) == "0" {
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    let text = is_away(begin(&store, "ada", 2).await);
    assert!(text.contains("took too long"), "{text}");
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
    holder.join().unwrap();
    take_turn(&store, "ada", 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_told_of_without_secrets() {
    let Some(server) = postgres::start() else { return };
    let database = server.database();
    server.stop();
    let error = PostgresStore::open_read_only(&database.url().into(), &CONFIG).await;
    is_away(error.map(drop));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_stay_within_their_bound() {
    let Some(database) = postgres::database() else { return };
    let store = PostgresStore::open(&database.url().into(), &CONFIG).await.unwrap();
    let turns = (0..200).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { take_turn(&store, &format!("session-{n}"), n).await })
    });
    for turn in turns.collect::<Vec<_>>() {
        turn.await.unwrap();
    }
    let open = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'playhouse' \
         AND datname = current_database()";
    let open: usize = database.sql(open).parse().unwrap();
    assert!((1..=CONFIG.max_connections).contains(&open), "{open}");
}
