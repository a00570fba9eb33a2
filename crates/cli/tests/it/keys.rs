//! `playhouse keys` over a database that a server may be using.

use std::path::Path;

use playhouse_store::{ApiKeys, KeyHash, KeyState, SqliteStore, StoreConfig};
use serde_json::Value;

use crate::invoke::{Outcome, playhouse};

fn told(folder: &Path, words: &[&str]) -> Outcome {
    playhouse(words.iter().copied()).env("PLAYHOUSE_DATA_DIR", folder.to_str().unwrap()).run()
}

fn json(folder: &Path, words: &[&str]) -> Value {
    let told = told(folder, words);
    assert_eq!(told.code, 0, "{told}");
    serde_json::from_str(&told.stdout).unwrap()
}

/// Has a key made; its id.
fn made(folder: &Path, name: &str) -> String {
    let made = json(folder, &["keys", "create", "--name", name, "--json"]);
    made["id"].as_str().unwrap().to_owned()
}

fn open(folder: &Path) -> (SqliteStore, tokio::runtime::Runtime) {
    let store = SqliteStore::open(&folder.join("playhouse.db"), &StoreConfig::default()).unwrap();
    (store, tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap())
}

#[test]
fn a_key_is_printed_once_and_kept_as_a_hash() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["keys", "create", "--name", "search", "--model", "gpt-4o*", "--model", "o3", "--rpm", "60"];
    let rest = ["--tpm", "90000", "--budget-usd", "12.5", "--per", "month", "--expires", "30d"];
    let told = told(folder.path(), &[&words[..], &rest[..]].concat());
    assert_eq!(told.code, 0, "{told}");
    let key = told.stdout.trim_end();
    assert!(key.starts_with("phk_") && !key.contains(char::is_whitespace), "{told}");
    assert!(told.stderr.contains("shown this once"), "{told}");

    let (store, runtime) = open(folder.path());
    let stored = runtime.block_on(store.key_by_hash(&KeyHash::of(key))).unwrap().unwrap();
    assert_eq!(stored.settings.models, ["gpt-4o*", "o3"].map(std::sync::Arc::<str>::from));
    assert_eq!(
        (stored.settings.requests_per_minute, stored.settings.tokens_per_minute),
        (Some(60), Some(90_000))
    );
    assert!(key.starts_with(&*stored.prefix));
    drop(store);
    let bytes = std::fs::read(folder.path().join("playhouse.db")).unwrap();
    let kept = bytes.windows(key.len()).any(|window| window == key.as_bytes());
    assert!(!kept, "the key itself is in the database");
}

#[test]
fn keys_are_listed_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = told(folder.path(), &["keys"]);
    assert!(nothing.stderr.contains("no keys yet"), "{nothing}");
    let (first, second) = (made(folder.path(), "first"), made(folder.path(), "second"));

    let table = told(folder.path(), &["keys"]).stdout;
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows[0].starts_with("ID") && rows[0].contains("BUDGET"), "{table}");
    assert!(rows[1].starts_with(&second) && rows[1].contains("active"), "{table}");
    assert!(rows[2].starts_with(&first) && rows[2].contains("all"), "{table}");
    let lines = told(folder.path(), &["keys", "list", "--json"]).stdout;
    assert_eq!(lines.lines().count(), 2);

    let shown = json(folder.path(), &["keys", "show", &first, "--json"]);
    assert_eq!((&shown["name"], &shown["usage"]["month"]["calls"]), (&"first".into(), &0.into()));
    let text = told(folder.path(), &["keys", "show", &first]).stdout;
    assert!(text.contains("used today    0 calls, 0 tokens"), "{text}");
}

#[test]
fn keys_are_made_and_revoked_while_a_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (server, runtime) = open(folder.path());
    let id = made(folder.path(), "search");
    let key = runtime.block_on(server.key(&id)).unwrap().unwrap();
    assert_eq!(key.state(0), KeyState::Active);
    let revoked = told(folder.path(), &["keys", "revoke", &id]);
    assert_eq!(revoked.code, 0, "{revoked}");
    let key = runtime.block_on(server.key(&id)).unwrap().unwrap();
    assert_eq!(key.state(0), KeyState::Revoked);
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    for (words, hint) in [
        (&["--name", ""][..], "a key's name takes"),
        (&["--name", "x", "--rpm", "0"], "requests_per_minute takes"),
        (&["--name", "x", "--budget-usd", "5"], "--per"),
        (&["--name", "x", "--budget-usd", "-5", "--per", "day"], ""),
        (&["--name", "x", "--expires", "yesterday"], "no moment to come"),
        (&[], "--name"),
    ] {
        let told = told(folder.path(), &[&["keys", "create"][..], words].concat());
        assert_eq!(told.code, 2, "{told}");
        assert!(told.stderr.contains(hint), "{told}");
    }
    assert!(!folder.path().join("playhouse.db").exists());
    let unknown = told(folder.path(), &["keys", "revoke", "nobody"]);
    assert_eq!(unknown.code, 1, "{unknown}");
    assert!(unknown.stderr.contains("there is no API key 'nobody'"), "{unknown}");
}

#[test]
fn a_change_leaves_what_it_does_not_name() {
    let folder = tempfile::tempdir().unwrap();
    let words =
        ["keys", "create", "--json", "--name", "search", "--model", "gpt-4o*", "--rpm", "60", "--tpm", "900"];
    let rest = ["--budget-usd", "5", "--per", "month", "--expires", "30d"];
    let made = json(folder.path(), &[&words[..], &rest[..]].concat());
    let id = made["id"].as_str().unwrap();
    let update = |words: &[&str]| {
        let changed = json(folder.path(), &[&["keys", "update", id, "--json"], words].concat());
        assert_eq!(json(folder.path(), &["keys", "list", "--json"]), changed, "it is kept");
        changed
    };

    let changed = update(&["--name", "find", "--rpm", "120", "--tpm", "none"]);
    assert_eq!(changed["name"], "find");
    assert_eq!((&changed["requests_per_minute"], &changed["tokens_per_minute"]), (&120.into(), &Value::Null));
    for kept in ["models", "budget", "expires_at"] {
        assert_eq!(changed[kept], made[kept], "{kept}");
    }

    let changed = update(&["--model", "o3", "--model", "o4*", "--budget-usd", "0.5", "--per", "day"]);
    assert_eq!(changed["models"], serde_json::json!(["o3", "o4*"]));
    assert_eq!(changed["budget"], serde_json::json!({"usd": 0.5, "per": "day"}));

    let changed = update(&["--model", "none", "--rpm", "none", "--budget-usd", "none", "--expires", "none"]);
    assert_eq!(changed["models"], serde_json::json!([]));
    for gone in ["requests_per_minute", "budget", "expires_at"] {
        assert_eq!(changed[gone], Value::Null, "{gone}");
    }
    assert_eq!(changed["name"], "find");
}

#[test]
fn a_change_holds_while_a_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (server, runtime) = open(folder.path());
    let id = made(folder.path(), "search");
    let told = told(folder.path(), &["keys", "update", &id, "--tpm", "7"]);
    assert_eq!(told.code, 0, "{told}");
    assert!(told.stderr.contains("changed 'search'"), "{told}");
    let key = runtime.block_on(server.key(&id)).unwrap().unwrap();
    assert_eq!(key.settings.tokens_per_minute, Some(7));
}

#[test]
fn a_change_that_cannot_be_is_refused_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    for (words, hint) in [
        (&[][..], "--rpm"),
        (&["--name", ""], "a key's name takes"),
        (&["--rpm", "0"], "requests_per_minute takes"),
        (&["--rpm", "many"], "invalid value 'many'"),
        (&["--budget-usd", "5"], "--per day"),
        (&["--budget-usd", "0", "--per", "day"], "a key's budget is more than 0"),
        (&["--budget-usd", "none", "--per", "day"], "--per goes with an amount"),
        (&["--per", "day"], "--budget-usd"),
        (&["--model", "none", "--model", "o3"], "allows all models"),
        (&["--expires", "yesterday"], "no moment to come"),
    ] {
        let told = told(folder.path(), &[&["keys", "update", "an-id"][..], words].concat());
        assert_eq!(told.code, 2, "{told}");
        assert!(told.stderr.contains(hint), "{told}");
    }
    assert!(!folder.path().join("playhouse.db").exists());
    let unknown = told(folder.path(), &["keys", "update", "nobody", "--rpm", "5"]);
    assert_eq!(unknown.code, 1, "{unknown}");
    assert!(unknown.stderr.contains("there is no API key 'nobody'"), "{unknown}");
}
