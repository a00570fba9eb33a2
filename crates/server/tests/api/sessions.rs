//! Sessions, turns and the call log as the API shows them.

use playhouse_llm::{CallRecord, Outcome};
use playhouse_mock::{Answer, MockProvider};
use playhouse_store::{Calls, SqliteStore, StoreConfig};

use crate::support::TestApp;

#[tokio::test]
async fn sessions_are_listed_read_and_deleted() {
    let app = TestApp::answering(|_| Answer::text("ok"));
    for session in ["s1", "s2", "s3"] {
        app.chat("Hi", session).await;
    }
    let page = app.app.get("/v1/sessions?limit=2").await.json();
    assert_eq!(page["sessions"].as_array().unwrap().len(), 2);
    let next = page["next"].as_str().unwrap();
    let rest = app.app.get(&format!("/v1/sessions?limit=2&after={next}")).await.json();
    assert_eq!((rest["sessions"].as_array().unwrap().len(), rest["next"].is_null()), (1, true));

    let session = app.app.get("/v1/sessions/s1").await.json();
    assert_eq!((&session["id"], &session["turns"]), (&"s1".into(), &1.into()));
    let said: Vec<_> =
        session["messages"].as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap()).collect();
    assert_eq!(said, ["Hi", "ok"]);

    assert_eq!(app.app.delete("/v1/sessions/s1").await.status(), 204);
    assert_eq!(app.app.get("/v1/sessions/s1").await.status(), 404);
    assert_eq!(app.app.delete("/v1/sessions/s1").await.status(), 404);
}

#[tokio::test]
async fn every_call_is_in_the_log_with_its_session_and_tokens() {
    let app = TestApp::answering(|_| Answer::text("ok"));
    let answer = app.chat("Hi", "s1").await;
    app.app.flush().await;
    let calls = app.app.get("/v1/calls?session_id=s1").await.json();
    let call = &calls["calls"][0];
    assert_eq!(call["request_id"], answer.header("x-request-id"));
    assert_eq!(
        (&call["provider"], &call["outcome"], &call["attempts"]),
        (&"mock".into(), &"ok".into(), &1.into())
    );
    assert_eq!(call["turn_id"], answer.json()["turn_id"]);
    assert_eq!(call["total_tokens"], answer.json()["usage"]["total_tokens"]);

    let stats = app.app.get("/v1/calls/stats?by=model").await.json();
    assert_eq!((&stats["stats"][0]["model"], &stats["stats"][0]["calls"]), (&"default".into(), &1.into()));
}

/// A call that was a step of this run.
fn call_of(run_id: &str, id: &str) -> CallRecord {
    CallRecord {
        id: id.into(),
        request_id: "r1".into(),
        session_id: None,
        turn_id: None,
        run_id: Some(run_id.into()),
        key_id: None,
        started_at_us: 0,
        operation: Default::default(),
        model: "default".into(),
        model_served: None,
        provider: None,
        stream: false,
        outcome: Outcome::Ok,
        status: Some(200),
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

#[tokio::test]
async fn the_calls_of_a_run_are_found_by_it() {
    let data_dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&data_dir.path().join("playhouse.db"), &StoreConfig::default()).unwrap();
    let (first, second) = ("019cae6b-6600-7000-8000-000000000001", "019cae6b-6600-7000-8000-000000000002");
    store.append_calls([call_of("run-1", first), call_of("run-2", second)].into()).await.unwrap();
    drop(store);

    let app = TestApp::with_data(MockProvider::replies(["ok"]), data_dir);
    app.chat("Hi", "s1").await;
    app.app.flush().await;
    let calls = app.app.get("/v1/calls?run_id=run-2").await.json();
    let [call] = calls["calls"].as_array().unwrap().as_slice() else { panic!("{calls}") };
    assert_eq!((&call["id"], &call["run_id"]), (&second.into(), &"run-2".into()));
    let calls = app.app.get("/v1/calls?session_id=s1").await.json();
    assert!(calls["calls"][0]["run_id"].is_null(), "{calls}");
}

#[tokio::test]
async fn calls_are_filtered_and_paged() {
    let app = TestApp::answering(|_| Answer::text("ok"));
    for turn in 0..5 {
        app.chat(&format!("{turn}"), "s1").await;
    }
    app.app.flush().await;
    let first = app.app.get("/v1/calls?limit=3").await.json();
    let next = first["next"].as_str().unwrap();
    let rest = app.app.get(&format!("/v1/calls?limit=3&before={next}")).await.json();
    assert_eq!((rest["calls"].as_array().unwrap().len(), rest["next"].is_null()), (2, true));
    for (query, found) in [("outcome=error", 0), ("model=default", 5), ("since=2999-01-01T00:00:00Z", 0)] {
        let calls = app.app.get(&format!("/v1/calls?{query}")).await.json();
        assert_eq!(calls["calls"].as_array().unwrap().len(), found, "{query}");
    }
}
