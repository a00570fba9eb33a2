//! Sessions, turns and the call log as the API shows them.

use playhouse_mock::Answer;

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
