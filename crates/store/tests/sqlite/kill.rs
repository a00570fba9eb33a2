//! What a process has acknowledged survives its death by `kill -9`.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use playhouse_llm::{CallRecord, Outcome};
use playhouse_store::run::{INTERRUPTED, RUNNING};
use playhouse_store::{CallFilter, Calls, Runs, Scope, Sessions, SqliteStore, Store, StoreConfig, TurnState};

use super::TestDatabase;
use crate::conformance::run_support::{begin_run, run_end, run_id, step, tool_end};
use crate::conformance::{take_turn, turn_id};

/// Tells the child where to write. The child is this very program, at the one test below.
const FOLDER: &str = "PLAYHOUSE_TEST_WRITE_UNTIL_KILLED";
const ACKNOWLEDGED: usize = 300;

#[tokio::test]
async fn nothing_acknowledged_is_lost_by_a_kill() {
    let database = TestDatabase::new();
    let mut child = spawn_writer(&database);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    // The test harness prints lines of its own.
    let acknowledged =
        lines.filter_map(|line| Some(line.strip_prefix("acknowledged ")?.parse::<u32>().unwrap()));
    let acknowledged: Vec<u32> = acknowledged.take(ACKNOWLEDGED).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(acknowledged.len(), ACKNOWLEDGED);

    let store = database.open();
    for n in acknowledged {
        let turn = store
            .turn(&Scope::Everything, &turn_id(n))
            .await
            .unwrap()
            .expect("an acknowledged turn is there");
        assert_eq!((turn.state, turn.messages.len()), (TurnState::Completed, 2));
        let filter = CallFilter { request_id: Some(n.to_string().into()), ..CallFilter::default() };
        assert_eq!(store.list_calls(filter).await.unwrap().len(), 1);
        check_run(&store, n).await;
    }
}

/// A run, half of them to its end: one tool of two has ended.
async fn take_half_a_run(store: &dyn Store, n: u32) {
    let id = begin_run(store, n.into()).await;
    store.add_step(&id, step(1, &["c1", "c2"])).await.unwrap();
    store.end_tool(&id, 1, tool_end("c2")).await.unwrap();
    if n.is_multiple_of(2) {
        store.finish_run(run_end(n.into())).await.unwrap();
    }
}

/// The run is there with all it did; if it had not ended it goes on from there.
async fn check_run(store: &SqliteStore, n: u32) {
    let run = store.run(&Scope::Everything, &run_id(n.into())).await.unwrap().unwrap();
    assert_eq!(run.steps[0].step, step(1, &["c1", "c2"]));
    let ended: Vec<_> = run.steps[0].tools.iter().map(|tool| &*tool.output).collect();
    assert_eq!(ended, ["result of c2"]);
    if n.is_multiple_of(2) {
        assert_eq!((&*run.summary.status, run.answer), ("completed", Some(format!("answer {n}"))));
    } else {
        assert_eq!(&*run.summary.status, INTERRUPTED);
        let resumed = store.resume_run(&Scope::Everything, &run.summary.id, None, 9).await.unwrap();
        assert_eq!((&*resumed.summary.status, resumed.steps), (RUNNING, run.steps));
    }
}

fn spawn_writer(database: &TestDatabase) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite::kill::write_until_killed", "--ignored", "--nocapture"])
        .env(FOLDER, database.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of nothing_acknowledged_is_lost_by_a_kill"]
async fn write_until_killed() {
    let Some(path) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let store = std::sync::Arc::new(SqliteStore::open(&path, &StoreConfig::default()).unwrap());
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let store = std::sync::Arc::clone(&store);
            tokio::spawn(async move {
                for n in (caller..).step_by(8) {
                    take_turn(&*store, &format!("session-{caller}"), n).await;
                    store.append_calls([record(n)].into_iter().collect()).await.unwrap();
                    take_half_a_run(&*store, n).await;
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "acknowledged {n}").unwrap();
                    out.flush().unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

fn record(n: u32) -> CallRecord {
    CallRecord {
        id: turn_id(n),
        request_id: n.to_string().into(),
        session_id: None,
        turn_id: None,
        run_id: None,
        key_id: None,
        started_at_us: 0,
        operation: Default::default(),
        model: "small".into(),
        model_served: None,
        provider: None,
        stream: false,
        outcome: Outcome::Ok,
        status: None,
        error: None,
        finish_reason: None,
        attempts: 1,
        ttft_ms: None,
        duration_ms: 1.0,
        usage: None,
        cost_usd: None,
        upstream_request_id: None,
    }
}
