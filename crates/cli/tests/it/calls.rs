//! `playhouse calls` over a database made by the store itself.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use playhouse_llm::{CallRecord, Outcome, Usage};
use playhouse_store::{CallLedger, Calls, SqliteStore, StoreConfig};

use crate::invoke::playhouse;

/// 2026-03-01 at noon, UTC.
const NOON_US: i64 = 1_772_366_400_000_000;

/// A call so long after the noon.
pub(crate) fn record(number: u8, minutes: i64) -> CallRecord {
    let started_at_us = NOON_US + minutes * 60_000_000;
    let id = format!(
        "{:08x}-{:04x}-7000-8000-0000000000{number:02x}",
        (started_at_us / 1000) >> 16,
        (started_at_us / 1000) & 0xffff
    );
    CallRecord {
        id: id.into(),
        request_id: format!("r{number}").into(),
        session_id: Some("ada".into()),
        turn_id: None,
        run_id: None,
        key_id: None,
        started_at_us,
        operation: Default::default(),
        model: "gpt-4o-mini".into(),
        model_served: Some("gpt-4o-mini-2024-07-18".into()),
        provider: Some("openai".into()),
        stream: true,
        outcome: Outcome::Ok,
        status: Some(200),
        error: None,
        finish_reason: Some("stop".into()),
        attempts: 1,
        ttft_ms: Some(312.5),
        duration_ms: 1_840.0,
        usage: Some(Usage::new(1200, 85)),
        cost_usd: Some(0.000_231),
        upstream_request_id: None,
    }
}

fn records() -> Vec<CallRecord> {
    let failed = CallRecord {
        outcome: Outcome::Error,
        status: Some(429),
        error: Some("rate_limited".into()),
        model: "lab/llama\u{1b}[31m".into(),
        provider: Some("lab".into()),
        usage: None,
        cost_usd: None,
        ttft_ms: None,
        finish_reason: None,
        duration_ms: 75.0,
        ..record(2, 1)
    };
    let left = CallRecord { outcome: Outcome::Cancelled, usage: None, cost_usd: None, ..record(3, 24 * 60) };
    let step = CallRecord { run_id: Some("019cae6b-6600-7000-8000-000000000009".into()), ..record(1, 0) };
    vec![step, failed, left]
}

/// A data folder with these calls in it.
fn folder(records: Vec<CallRecord>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("playhouse.db"), &StoreConfig::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(store.append_calls(Arc::from(records))).unwrap();
    folder
}

fn told(folder: &Path, words: &[&str]) -> String {
    let run = playhouse(words.iter().copied()).env("PLAYHOUSE_DATA_DIR", folder.to_str().unwrap()).run();
    run.to_string().replace(folder.to_str().unwrap(), "DATA_DIR")
}

#[test]
fn calls_are_shown_newest_first() {
    let folder = folder(records());
    for (name, words) in [
        ("table", &["calls"][..]),
        ("json", &["calls", "list", "--json", "--limit", "1"]),
        ("errors", &["calls", "--outcome", "error"]),
        ("nothing", &["calls", "--model", "gpt-9"]),
        ("run", &["calls", "--run", "019cae6b-6600-7000-8000-000000000009", "--json"]),
        ("stats_by_day", &["calls", "stats"]),
        ("stats_by_model", &["calls", "stats", "--by", "model"]),
        ("stats_by_both", &["calls", "stats", "--by", "day-and-model", "--json"]),
    ] {
        insta::assert_snapshot!(format!("calls_{name}"), told(folder.path(), words));
    }
}

#[test]
fn the_log_can_be_read_while_a_server_writes_it() {
    let folder = folder(Vec::new());
    let store = SqliteStore::open(&folder.path().join("playhouse.db"), &StoreConfig::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(store.append_calls(Arc::from(records()))).unwrap();
    assert_eq!(told(folder.path(), &["calls", "--json"]).matches("\"started_at\"").count(), 3);
}

#[test]
fn a_tail_shows_what_comes_until_it_is_interrupted() {
    let folder = folder(Vec::new());
    let store = SqliteStore::open(&folder.path().join("playhouse.db"), &StoreConfig::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut tail = Command::new(env!("CARGO_BIN_EXE_playhouse"))
        .args(["calls", "tail", "--json", "--data-dir", folder.path().to_str().unwrap()])
        .env_clear()
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    // A call that took long is written after younger ones, and shown all the same.
    for number in [2, 1] {
        runtime.block_on(store.append_calls(Arc::from([record(number, number.into())]))).unwrap();
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains(&format!("\"request_id\":\"r{number}\"")), "{line}");
    }
    kill(Pid::from_raw(tail.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(tail.wait().unwrap().code(), Some(0));
}

/// A data folder whose ledger has delivered its calls.
fn ledger(records: Vec<CallRecord>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = StoreConfig::default();
    let store = Arc::new(SqliteStore::open(&folder.path().join("playhouse.db"), &config).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let ledger = CallLedger::open(&folder.path().join("ledger"), store, &config).unwrap();
        records.into_iter().for_each(|record| ledger.record(record));
        ledger.flush().await;
    });
    folder
}

/// Days are not counted back from the day the calls were made on: none may be too old.
const KEPT_FOR_EVER: (&str, &str) = ("PLAYHOUSE_STORE__CALL_RETENTION_DAYS", "0");

fn verified(folder: &Path, words: &[&str]) -> String {
    let run = playhouse(words.iter().copied())
        .env("PLAYHOUSE_DATA_DIR", folder.to_str().unwrap())
        .env(KEPT_FOR_EVER.0, KEPT_FOR_EVER.1)
        .run();
    run.to_string().replace(folder.to_str().unwrap(), "DATA_DIR")
}

#[test]
fn the_ledger_is_compared_with_the_database() {
    let folder = ledger(records());
    insta::assert_snapshot!("calls_verify", verified(folder.path(), &["calls", "--verify"]));
    insta::assert_snapshot!("calls_verify_json", verified(folder.path(), &["calls", "--verify", "--json"]));
}

#[test]
fn a_call_that_is_missing_is_named_and_the_exit_says_so() {
    let folder = ledger(records());
    let store = SqliteStore::open(&folder.path().join("playhouse.db"), &StoreConfig::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(store.prune_calls(i64::MAX, 1)).unwrap();
    drop(store);
    insta::assert_snapshot!("calls_verify_missing", verified(folder.path(), &["calls", "--verify"]));
}

#[test]
fn no_log_yet_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("calls_no_log", told(folder.path(), &["calls"]));
}
