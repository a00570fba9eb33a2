//! A server forgets what is too old, and tells so.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use playhouse_llm::CallRecord;
use playhouse_store::run::INTERRUPTED;
use playhouse_store::{BeginRun, CallFilter, Calls, RunFilter, Runs, SqliteStore, StoreConfig};

use crate::calls::record;

const DAY_MS: u64 = 86_400_000;
/// In days; the configuration keeps things for 30.
const OLD: u64 = 40;
const YOUNG: u64 = 20;

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// A run that began so many days ago.
fn run(days_ago: u64) -> BeginRun {
    let began_ms = now_ms() - days_ago * DAY_MS;
    let id = format!("{:08x}-{:04x}-7000-8000-000000000000", began_ms >> 16, began_ms & 0xffff);
    BeginRun {
        key_id: None,
        run_id: id.into(),
        agent: "calculator".into(),
        model: "small".into(),
        input: Vec::new(),
        resumable: false,
        request_id: days_ago.to_string().into(),
        session_id: None,
        turn_id: None,
        idempotency: None,
        now_us: i64::try_from(began_ms).unwrap() * 1_000,
    }
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(&folder.join("playhouse.db"), &StoreConfig::default()).unwrap()
}

fn demo(folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_playhouse"))
        .args(["demo", "--listen", "127.0.0.1:0", "--data-dir", folder.to_str().unwrap()])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn old_calls_and_runs_are_removed_when_a_server_starts() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = open(folder.path());
    runtime.block_on(async {
        let old = CallRecord { id: run(OLD).run_id, ..record(1, 0) };
        store.append_calls(Arc::from([old])).await.unwrap();
        store.begin_run(run(OLD)).await.unwrap();
        store.begin_run(run(YOUNG)).await.unwrap();
    });
    drop(store);

    let mut server = demo(folder.path());
    let mut told = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
    for message in ["Old call records removed", "Old runs removed"] {
        let line = told.find(|line| line.contains(message)).unwrap();
        assert!(line.contains("\"removed\":1"), "{line}");
    }
    kill(Pid::from_raw(server.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(server.wait().unwrap().code(), Some(0));

    let store = open(folder.path());
    runtime.block_on(async {
        assert!(store.list_calls(CallFilter::default()).await.unwrap().is_empty());
        let left = store.list_runs(RunFilter::default()).await.unwrap().runs;
        let [young] = left.as_slice() else { panic!("{left:?}") };
        assert_eq!((&*young.request_id, &*young.status), (&*YOUNG.to_string(), INTERRUPTED));
    });
}
