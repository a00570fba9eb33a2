//! Several processes over one database: stores that know nothing of each other.

use playhouse_store::testing::postgres;
use playhouse_store::{PostgresStore, Runs, Scope, Sessions, StoreError, TurnState};

use super::{PATIENT, open};
use crate::conformance::run_support::{begin_run, run_id, status_of};
use crate::conformance::{answer, begin, take_turn, texts, turn_id};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_turns_on_two_replicas_one_proceeds() {
    let Some(database) = postgres::database() else { return };
    let replicas = [open(&database).await, open(&database).await, open(&database).await];
    for round in 0..20 {
        let session = format!("session-{round}");
        let tries = (0..9).map(|n| {
            let (store, session) = (replicas[n as usize % 3].clone(), session.clone());
            tokio::spawn(async move { begin(&store, &session, round * 10 + n).await })
        });
        let mut begun = Vec::new();
        for (n, attempt) in (0..).zip(tries.collect::<Vec<_>>()) {
            match attempt.await.unwrap() {
                Ok(turn) => begun.push((n, turn)),
                Err(StoreError::TurnRunning { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let [(n, turn)] = begun.as_slice() else { panic!("{} proceed", begun.len()) };
        assert_eq!((turn.number, turn.new_session), (1, true));
        // A turn is ended by who began it.
        answer(&replicas[*n as usize % 3], round * 10 + n).await;
        assert_eq!(begin(&replicas[1], &session, round * 10 + 9).await.unwrap().number, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_replica_has_written_another_reads() {
    let Some(database) = postgres::database() else { return };
    let (one, other) = (open(&database).await, open(&database).await);
    take_turn(&one, "ada", 1).await;
    let second = begin(&other, "ada", 2).await.unwrap();
    assert_eq!((second.number, texts(&second.history).join(" ")), (2, "question 1 answer 1".to_owned()));
    answer(&other, 2).await;
    assert_eq!(one.turn(&Scope::Everything, &turn_id(2)).await.unwrap().unwrap().state, TurnState::Completed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_ends_nothing_of_the_others() {
    let Some(database) = postgres::database() else { return };
    let one = open(&database).await;
    begin(&one, "ada", 1).await.unwrap();
    begin_run(&one, 1).await;
    let other = open(&database).await;
    assert_eq!(other.turn(&Scope::Everything, &turn_id(1)).await.unwrap().unwrap().state, TurnState::Running);
    assert_eq!(status_of(&other, 1).await.as_deref(), Some("running"));
    answer(&one, 1).await;
    assert!(one.run(&Scope::Everything, &run_id(1)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_start_at_once_bring_one_schema() {
    let Some(database) = postgres::database() else { return };
    let starts = (0..8).map(|_| {
        let url = database.url();
        tokio::spawn(async move { PostgresStore::open(&url.into(), &PATIENT).await })
    });
    for (n, start) in (1..).zip(starts.collect::<Vec<_>>()) {
        let store = start.await.unwrap().unwrap();
        take_turn(&store, &format!("session-{n}"), n).await;
    }
    let applied = database.sql("SELECT count(*) = max(version), count(*) > 0 FROM playhouse_migrations");
    assert_eq!(applied, "t|t");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_program_goes_on_while_a_new_one_runs() {
    let Some(database) = postgres::database() else { return };
    let store = open(&database).await;
    take_turn(&store, "ada", 1).await;
    // What a later version may do: add.
    database.sql(
        "ALTER TABLE turns ADD COLUMN mood TEXT; ALTER TABLE sessions ADD COLUMN mood TEXT NOT NULL DEFAULT 'fine'; \
         ALTER TABLE calls ADD COLUMN mood TEXT; \
         INSERT INTO playhouse_migrations SELECT max(version) + 1, 'later', 1 FROM playhouse_migrations",
    );
    take_turn(&store, "ada", 2).await;
    take_turn(&open(&database).await, "bob", 3).await;

    // What works with nothing but itself.
    database.sql("INSERT INTO playhouse_migrations VALUES (9000, 'much later', 9000)");
    let error = PostgresStore::open(&database.url().into(), &PATIENT).await.map(drop);
    let error = error.unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 9000, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_for_reading_is_left_as_it_is() {
    let Some(database) = postgres::database() else { return };
    let error = PostgresStore::open_read_only(&database.url().into(), &PATIENT).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("start the server once"), "{error}");
    assert_eq!(database.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
    take_turn(&open(&database).await, "ada", 1).await;
    let reader = PostgresStore::open_read_only(&database.url().into(), &PATIENT).await.unwrap();
    assert!(reader.turn(&Scope::Everything, &turn_id(1)).await.unwrap().is_some());
}
