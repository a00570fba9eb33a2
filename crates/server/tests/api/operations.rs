//! Health, metrics, logs.

use playhouse_mock::Answer;
use playhouse_telemetry::{LoggingConfig, log};

use crate::support::TestApp;

#[tokio::test]
async fn health_says_what_the_design_says() {
    let app = TestApp::saying(&[]);
    assert_eq!(app.app.get("/health").await.text(), r#"{"status":"healthy"}"#);
    assert_eq!(
        app.app.get("/health/detailed").await.text(),
        r#"{"status":"healthy","checks":{"database":"ok"}}"#
    );
    assert_eq!(app.app.get("/health/ready").await.status(), 200);
    assert!(app.mock.journal().is_empty(), "a probe called the model");
}

#[tokio::test]
async fn a_draining_server_is_not_ready_but_alive() {
    let app = TestApp::saying(&[]);
    app.app.lifecycle().set_draining();
    let ready = app.app.get("/health/ready").await;
    assert_eq!((ready.status().as_u16(), ready.header("connection")), (503, "close"));
    assert_eq!(app.app.get("/health").await.status(), 200);
}

#[tokio::test]
async fn what_happened_is_in_the_metrics() {
    let app = TestApp::answering(|_| Answer::text("Hello!"));
    app.chat("Hi", "s1").await;
    app.app.get("/v1/sessions/s1").await;
    app.app.get("/no/such/route").await;
    let metrics = app.app.get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
    let text = metrics.text();
    for line in [
        r#"playhouse_requests_total{route="/v1/chat",status="200"} 1"#,
        r#"playhouse_requests_total{route="/v1/sessions/{id}",status="200"} 1"#,
        r#"playhouse_requests_total{route="unmatched",status="404"} 1"#,
        // The request that asks is the one under way.
        "http_server_active_requests 1",
        "playhouse_inflight_requests 1",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    for name in
        ["gen_ai_client_operation_duration_seconds_count", "playhouse_tokens_total", "playhouse_build_info"]
    {
        assert!(text.contains(name), "{name} is missing in\n{text}");
    }
}

#[tokio::test]
async fn every_request_and_call_is_one_line_with_the_same_id_and_no_prompt() {
    let (lines, _guard) = log::capture(&LoggingConfig::default());
    let app = TestApp::answering(|_| Answer::text("the secret answer"));
    let answer = app.chat("the secret question", "s1").await;

    let logged = lines.json();
    let messages: Vec<&str> = logged.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["LLM call completed", "Request completed"]);
    for line in &logged {
        assert_eq!(line["request_id"], answer.header("x-request-id"));
        for field in ["timestamp", "level", "logger", "module", "function", "line", "duration_ms"] {
            assert!(line.get(field).is_some(), "{field} is missing in {line}");
        }
        assert!(!line.to_string().contains("secret"), "{line}");
    }
    assert_eq!(logged[0]["provider"], "mock");
    assert_eq!(logged[0]["total_tokens"], answer.json()["usage"]["total_tokens"]);
    assert_eq!((&logged[1]["path"], &logged[1]["status_code"]), (&"/v1/chat".into(), &200.into()));
}
