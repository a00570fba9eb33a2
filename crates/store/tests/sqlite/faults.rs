//! A database that goes away and comes back while the store is open.

use std::fs;
use std::time::{Duration, Instant};

use playhouse_store::{Health, MessagePage, Scope, Sessions, SqliteStore, StoreError};

use super::TestDatabase;
use crate::conformance::{begin, take_turn, texts};

/// Waits for the store to find back by itself: a matter of seconds at most.
async fn recovery(store: &SqliteStore) {
    let began = Instant::now();
    while let Err(reason) = store.probe().await {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not recover: {reason}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn reason(store: &SqliteStore) -> String {
    match store.probe().await {
        Err(StoreError::Unavailable { reason }) => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_that_is_moved_away_and_back_loses_nothing() {
    let database = TestDatabase::new();
    let store = database.open();
    take_turn(&store, "ada", 1).await;
    assert!(store.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().is_some());
    let away = database.path().with_file_name("away.db");

    fs::rename(database.path(), &away).unwrap();
    let refusal = begin(&store, "ada", 2).await.unwrap_err();
    assert!(refusal.is_unavailable(), "{refusal}");
    assert!(
        store.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap_err().is_unavailable()
    );
    assert!(reason(&store).await.contains("is gone; put it back"));

    fs::rename(&away, database.path()).unwrap();
    recovery(&store).await;
    assert_eq!(texts(&begin(&store, "ada", 2).await.unwrap().history), ["question 1", "answer 1"]);
    assert!(store.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_that_is_replaced_is_left_whole_for_the_new_one() {
    let (database, other) = (TestDatabase::new(), TestDatabase::new());
    let store = database.open();
    take_turn(&store, "ada", 1).await;
    let other_store = other.open();
    take_turn(&other_store, "bob", 2).await;
    begin(&other_store, "cy", 3).await.unwrap();
    drop(other_store);

    let away = database.path().with_file_name("away.db");
    fs::rename(database.path(), &away).unwrap();
    fs::rename(other.path(), database.path()).unwrap();
    recovery(&store).await;
    assert!(store.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().is_none());
    assert_eq!(begin(&store, "bob", 4).await.unwrap().history.len(), 2);
    begin(&store, "cy", 5).await.expect("the turn that ran in the other file is over");

    // What the old file was told is in the old file.
    let old = SqliteStore::open_read_only(&away).unwrap();
    assert_eq!(
        old.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().unwrap().messages.len(),
        2
    );
}

#[tokio::test]
async fn a_file_that_is_deleted_is_made_anew_after_a_while() {
    let database = TestDatabase::new();
    let store = database.open();
    take_turn(&store, "ada", 1).await;
    fs::remove_dir_all(database.path().parent().unwrap()).unwrap();
    assert!(begin(&store, "ada", 2).await.unwrap_err().is_unavailable());
    recovery(&store).await;
    assert!(begin(&store, "ada", 2).await.unwrap().new_session);
    assert!(store.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lock_held_elsewhere_is_waited_for_once() {
    let database = TestDatabase::new();
    let store = database.open();
    take_turn(&store, "ada", 1).await;
    let other = rusqlite::Connection::open(database.path()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();

    let began = Instant::now();
    for n in 2..100 {
        let refusal = begin(&store, "ada", n).await.unwrap_err();
        assert!(refusal.to_string().contains("another program holds the lock"), "{refusal}");
    }
    // One wait of 200 ms; a hundred of them would take 20 s.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(
        store.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().is_some(),
        "reading goes on"
    );

    other.execute_batch("ROLLBACK").unwrap();
    recovery(&store).await;
    assert_eq!(begin(&store, "ada", 2).await.unwrap().number, 2);
}

#[tokio::test]
async fn a_short_lock_is_not_noticed() {
    let database = TestDatabase::new();
    let store = database.open();
    let other = rusqlite::Connection::open(database.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        other.execute_batch("ROLLBACK").unwrap();
    });
    begin(&store, "ada", 1).await.unwrap();
    release.join().unwrap();
}

#[tokio::test]
async fn reading_alone_notices_and_recovers_too() {
    let database = TestDatabase::new();
    let store = database.open();
    take_turn(&store, "ada", 1).await;
    let away = database.path().with_file_name("away.db");
    fs::rename(database.path(), &away).unwrap();
    assert!(
        store.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap_err().is_unavailable()
    );
    fs::rename(&away, database.path()).unwrap();
    let began = Instant::now();
    while store.session(&Scope::Everything, "ada", MessagePage::default()).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not recover");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
