//! Input that is wrong gets a clear answer in the right shape, and changes nothing.

use axum::body::Body;
use playhouse_mock::Answer;
use playhouse_server::http::Request;
use serde_json::json;

use crate::support::TestApp;

async fn refused(app: &TestApp, body: &str) -> serde_json::Value {
    let answer = app.app.post("/v1/chat", body).await;
    assert_eq!(answer.status(), 400, "{body}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    answer.json()
}

#[tokio::test]
async fn native_requests_that_do_not_fit_are_refused() {
    let app = TestApp::answering(|_| Answer::text("ok"));
    for (body, told) in [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "does not fit"),
        (r#"{"message": 7}"#, "invalid type"),
        (r#"{}"#, "message"),
        (r#"{"message": "  "}"#, "empty"),
        (r#"{"message": "Hi", "temperature": 1}"#, "temperature"),
        (r#"{"message": "Hi", "session_id": "a b"}"#, "session_id"),
        (r#"{"message": "Hi", "session_id": ""}"#, "session_id"),
        (r#"{"message": "Hi", "stream": "yes"}"#, "boolean"),
        (r#"{"message": "Hi", "model": ""}"#, "model"),
    ] {
        let problem = refused(&app, body).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(told), "{body}: {detail}");
    }
    assert!(app.mock.journal().is_empty());
    assert_eq!(app.app.get("/v1/sessions").await.json()["sessions"], json!([]));
}

#[tokio::test]
async fn a_body_that_says_it_is_no_json_is_refused() {
    let app = TestApp::answering(|_| Answer::text("ok"));
    let request =
        Request::post("/v1/chat").header("content-type", "text/plain").body(Body::from("{}")).unwrap();
    assert_eq!(app.app.call(request).await.status(), 400);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_in_each_shape() {
    let app = TestApp::answering(|_| Answer::text("ok"));
    let large = format!(r#"{{"message": "{}"}}"#, "x".repeat(21 << 20));
    let native = app.app.post("/v1/chat", large.clone()).await;
    assert_eq!((native.status().as_u16(), native.json()["code"].as_str()), (413, Some("too_large")));
    let compatible = app.app.post("/v1/chat/completions", large).await;
    assert_eq!(compatible.status(), 413);
    assert!(compatible.json()["error"]["message"].as_str().unwrap().contains("larger than"));
}

#[tokio::test]
async fn unknown_routes_methods_and_parameters_are_problems() {
    let app = TestApp::answering(|_| Answer::text("ok"));
    for (path, status) in [
        ("/nowhere", 404),
        ("/v1/chat", 405),
        ("/v1/sessions?limit=0", 400),
        ("/v1/sessions?limit=many", 400),
        ("/v1/sessions?colour=red", 400),
        ("/v1/sessions?after=nonsense", 400),
        ("/v1/calls?since=yesterday", 400),
        ("/v1/calls?before=nonsense", 400),
        ("/v1/calls?outcome=maybe", 400),
        ("/v1/sessions/nobody", 404),
        ("/v1/turns/none", 404),
    ] {
        let answer = app.app.get(path).await;
        assert_eq!(answer.status(), status, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(answer.json()["status"], status, "{path}");
    }
}

#[tokio::test]
async fn what_there_is_not_below_v1_is_refused_as_a_vendors_client_reads_it() {
    let app = TestApp::answering(|_| Answer::text("ok"));
    let answer = app.app.post("/v1/moderations", r#"{"model": "m", "input": "x"}"#).await;
    assert_eq!((answer.status().as_u16(), answer.header("content-type")), (404, "application/json"));
    let error = &answer.json()["error"];
    assert_eq!(error["message"], "there is nothing at /v1/moderations; see /docs for what there is");
    assert_eq!(error["type"], "invalid_request_error");
}
