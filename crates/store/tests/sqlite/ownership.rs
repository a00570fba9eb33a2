//! Who may open a database, and what is told to those who may not.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use playhouse_store::{
    ApiKeys, CallFilter, Calls, Health, KeyHash, KeySettings, MessagePage, NewKey, Scope, Sessions,
    SqliteStore, StoreConfig, StoreError, TurnState,
};

use super::TestDatabase;
use crate::conformance::{begin, take_turn, turn_id};

fn refusal(path: &Path) -> StoreError {
    match SqliteStore::open(path, &StoreConfig::default()) {
        Err(refusal) => refusal,
        Ok(_) => panic!("it has been opened"),
    }
}

#[tokio::test]
async fn a_database_has_one_owner_at_a_time() {
    let database = TestDatabase::new();
    let owner = database.open();
    begin(&owner, "ada", 1).await.unwrap();
    let path = database.path();
    assert_eq!(refusal(&path), StoreError::InUse { path: path.clone() });
    drop(owner);
    database.open().probe().await.unwrap();
}

#[tokio::test]
async fn others_may_read_beside_the_owner() {
    let database = TestDatabase::new();
    let owner = database.open();
    begin(&owner, "ada", 1).await.unwrap();
    let reader = SqliteStore::open_read_only(&database.path()).unwrap();
    reader.probe().await.unwrap();
    let session = reader.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().unwrap();
    assert_eq!(session.messages.len(), 1);
    assert!(reader.list_calls(CallFilter::default()).await.unwrap().is_empty());
    assert!(matches!(begin(&reader, "bob", 2).await, Err(StoreError::Invalid { .. })));

    drop(owner);
    let session = reader.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().unwrap();
    assert_eq!(session.messages.len(), 1, "without an owner too");
}

#[tokio::test]
async fn keys_are_made_beside_the_owner_and_its_turns_go_on() {
    let database = TestDatabase::new();
    let owner = database.open();
    begin(&owner, "ada", 1).await.unwrap();
    let beside = SqliteStore::open_beside(&database.path(), &StoreConfig::default()).unwrap();
    let settings = KeySettings { name: "ada".into(), ..KeySettings::default() };
    let (id, hash): (Arc<str>, _) = ("0190b6e4-7a3c-7def-8000-000000000001".into(), KeyHash::of("secret"));
    let new = NewKey { id: id.clone(), hash, prefix: "phk_".into(), settings, now_us: 1 };
    let made = beside.create_key(new).await.unwrap();
    assert_eq!(owner.key_by_hash(&hash).await.unwrap(), Some(made));
    drop(beside);
    let turn = owner.turn(&Scope::Everything, &turn_id(1)).await.unwrap().unwrap();
    assert_eq!(turn.state, TurnState::Running);
    assert!(owner.key(&id).await.unwrap().is_some(), "the owner goes on");
}

#[tokio::test]
async fn reading_what_is_not_there_creates_nothing() {
    let database = TestDatabase::new();
    assert!(SqliteStore::open_read_only(&database.path()).is_err());
    assert!(!database.path().exists());
}

#[tokio::test]
async fn a_newer_schema_is_refused_by_its_number() {
    let database = TestDatabase::new();
    drop(database.open());
    let raw = rusqlite::Connection::open(database.path()).unwrap();
    raw.pragma_update(None, "user_version", 77).unwrap();
    drop(raw);
    let text = refusal(&database.path()).to_string();
    assert!(text.contains("has schema version 77, but this program knows only up to"), "{text}");
    assert!(SqliteStore::open_read_only(&database.path()).is_err());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let database = TestDatabase::new();
    drop(database.open());
    fs::write(database.path(), "my diary, page one\n".repeat(1_000)).unwrap();
    let refusal = refusal(&database.path());
    assert!(matches!(refusal, StoreError::Corrupt { .. }), "{refusal}");
    assert!(fs::read_to_string(database.path()).unwrap().starts_with("my diary"));
}

#[tokio::test]
async fn a_path_that_cannot_be_is_named() {
    let database = TestDatabase::new();
    drop(database.open());
    let below_a_file = database.path().join("playhouse.db");
    let text = refusal(&below_a_file).to_string();
    assert!(
        text.contains("data/playhouse.db/playhouse.db") && text.contains("check that its directory"),
        "{text}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn conversations_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let database = TestDatabase::new();
    let store = database.open();
    take_turn(&store, "ada", 1).await;
    for file in ["playhouse.db", "playhouse.db-wal", "playhouse.db-shm"] {
        let mode = fs::metadata(database.path().with_file_name(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} has mode {mode:o}");
    }
}
