//! Servers at an address, good and bad.

use std::sync::atomic::{AtomicUsize, Ordering};

use playhouse_agent::mcp::{McpServer, McpServerConfig};
use serde_json::json;

use crate::fake::{answer, failure};
use crate::web::{Answer, Asked, Web};

#[tokio::test]
async fn every_request_shows_the_credential_and_the_session_and_closing_ends_it() {
    let web = Web::start(|_| None).await;
    let server = web.connect().await;
    assert_eq!(answer(&server, "echo", json!({"text": "x"})).await, "well");
    let [call] = web.asked("tools/call").try_into().unwrap();
    assert_eq!(call.header("authorization"), Some("bearer sk-123456"));
    assert_eq!(call.header("mcp-session-id"), Some("first"));
    assert_eq!(call.header("mcp-protocol-version"), Some("2025-11-25"));
    assert_eq!(call.header("accept"), Some("application/json, text/event-stream"));
    assert_eq!(call.message["params"]["arguments"], json!({"text": "x"}));
    assert_eq!(web.asked("initialize")[0].header("mcp-session-id"), None);
    server.close().await;
    let end = web.heard(|asked| asked.http_method == "DELETE").await;
    assert_eq!(end.header("mcp-session-id"), Some("first"));
    assert_eq!(end.header("authorization"), Some("bearer sk-123456"));
}

#[tokio::test]
async fn an_answer_may_come_as_events() {
    let web = Web::calling(|call| {
        let progress = json!({
            "jsonrpc": "2.0", "method": "notifications/progress",
            "params": {"progressToken": 1, "progress": 1},
        });
        Answer::Events(vec![progress, call.reply_text("at last")])
    });
    let web = web.await;
    let server = web.connect().await;
    assert_eq!(answer(&server, "echo", json!({})).await, "at last");
}

#[tokio::test]
async fn one_that_wants_a_credential_is_told_without_the_one_it_was_given() {
    let denied = |_: &Asked| Some(Answer::Body(401, "text/plain", b"bad token sk-123456".to_vec()));
    let error = Web::start(denied).await.refusal().await;
    assert_eq!(
        error,
        "the MCP server 'web' did not start: it answered 401 Unauthorized: bad token ***; give it a \
         credential in `headers`"
    );
}

#[tokio::test]
async fn one_that_cannot_be_reached_is_told() {
    let gone = Web::start(|_| None).await;
    let config = gone.config();
    drop(gone);
    let error = McpServer::connect("web", config).await.unwrap_err().to_string();
    assert!(error.contains("did not start: it cannot be reached: Connection refused"), "{error}");
}

#[tokio::test]
async fn one_that_is_something_else_is_told_what_to_look_at() {
    let page = |_: &Asked| Some(Answer::Body(200, "text/html", b"<html>".to_vec()));
    let error = Web::start(page).await.refusal().await;
    assert!(error.contains("it answered with what is no message of the protocol (text/html)"), "{error}");
    let missing = |_: &Asked| Some(Answer::Body(404, "text/html", b"<html>".to_vec()));
    let error = Web::start(missing).await.refusal().await;
    assert!(error.contains("it answered 404 Not Found; look whether `url`"), "{error}");
    let moved = |_: &Asked| Some(Answer::Body(308, "text/html", b"<html>".to_vec()));
    let error = Web::start(moved).await.refusal().await;
    assert!(error.contains("308 Permanent Redirect; give the address that it points to"), "{error}");
}

#[tokio::test]
async fn one_that_never_answers_is_given_up() {
    let error = Web::start(|_| Some(Answer::Silence)).await.refusal().await;
    assert!(error.contains("was not ready within 1000 ms"), "{error}");
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_before_it_is_held() {
    let large = "x".repeat(200_000);
    let as_body = large.clone();
    let web = Web::calling(move |call| Answer::json(&call.reply_text(&as_body))).await;
    let config = McpServerConfig { max_message_bytes: 100_000, ..web.config() };
    let server = McpServer::connect("web", config).await.unwrap();
    let error = failure(&server, "echo", json!({})).await;
    assert!(error.contains("it sent a message of more than 100000 bytes"), "{error}");

    let web = Web::calling(move |call| Answer::Events(vec![call.reply_text(&large)])).await;
    let config = McpServerConfig { max_message_bytes: 100_000, ..web.config() };
    let server = McpServer::connect("web", config).await.unwrap();
    let error = failure(&server, "echo", json!({})).await;
    assert!(error.contains("it sent a message of more than 100000 bytes"), "{error}");
}

#[tokio::test]
async fn a_session_that_the_server_forgot_is_begun_anew_and_the_refused_call_made() {
    let forgotten = json!({"jsonrpc": "2.0", "error": {"code": -32000, "message": "No valid session ID"}});
    for status in [404, 400] {
        let calls = AtomicUsize::new(0);
        let body = forgotten.clone();
        let web = Web::calling(move |call| match calls.fetch_add(1, Ordering::Relaxed) {
            0 => Answer::json_with(status, &body),
            _ => Answer::json(&call.reply_text("again")),
        });
        let web = web.await;
        let server = web.connect().await;
        assert_eq!(answer(&server, "echo", json!({})).await, "again", "{status}");
        assert_eq!(web.asked("initialize").len(), 2, "{status}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_in_a_call_is_told_and_the_call_not_repeated() {
    let calls = AtomicUsize::new(0);
    let web = Web::calling(move |call| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => Answer::Close,
        1 => Answer::Events(Vec::new()),
        _ => Answer::json(&call.reply_text("back")),
    });
    let web = web.await;
    let server = web.connect().await;
    for calls in 1..=2 {
        let error = failure(&server, "echo", json!({})).await;
        assert!(error.contains("failed while 'echo' ran") && error.contains("is not known"), "{error}");
        assert_eq!(web.asked("tools/call").len(), calls);
    }
    assert_eq!(answer(&server, "echo", json!({})).await, "back");
    assert_eq!(web.asked("initialize").len(), 3);
}

#[tokio::test]
async fn one_that_goes_and_comes_back_is_reached_again() {
    let first = Web::start(|_| None).await;
    let port = first.port();
    let server = first.connect().await;
    drop(first);
    failure(&server, "echo", json!({})).await;
    let second = Web::start_at(port, |_| None).await;
    assert_eq!(answer(&server, "echo", json!({})).await, "well");
    assert_eq!(second.asked("initialize").len(), 1);
}

#[tokio::test]
async fn a_refusal_is_told_whatever_its_status_and_the_session_goes_on() {
    let calls = AtomicUsize::new(0);
    let web = Web::calling(move |_| match calls.fetch_add(1, Ordering::Relaxed) {
        // Without the id that it should have.
        0 => Answer::json_with(
            400,
            &json!({
                "jsonrpc": "2.0", "error": {"code": -32602, "message": "no such tool"},
            }),
        ),
        _ => Answer::Body(503, "text/plain", b"too busy".to_vec()),
    });
    let web = web.await;
    let server = web.connect().await;
    assert_eq!(failure(&server, "echo", json!({})).await, "no such tool");
    assert_eq!(failure(&server, "echo", json!({})).await, "it answered 503 Service Unavailable: too busy");
    assert_eq!(web.asked("initialize").len(), 1);
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_cancelled_at_the_server() {
    let web = Web::calling(|_| Answer::Silence).await;
    let config = McpServerConfig { call_timeout_ms: 300, ..web.config() };
    let server = McpServer::connect("web", config).await.unwrap();
    let error = failure(&server, "echo", json!({})).await;
    assert!(error.contains("took too long"), "{error}");
    let told = web.heard(|asked| asked.method() == "notifications/cancelled").await;
    assert_eq!(told.message["params"]["requestId"], web.asked("tools/call")[0].message["id"]);
}

#[tokio::test]
async fn one_that_speaks_only_the_newer_protocol_is_understood() {
    let web = Web::start(|asked| match asked.method() {
        "initialize" => Some(Answer::json_with(
            400,
            &json!({
                "jsonrpc": "2.0", "id": asked.message["id"],
                "error": {"code": -32601, "message": "Method not found"},
            }),
        )),
        "server/discover" => Some(Answer::json(&asked.reply(json!({
            "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}},
            "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
        })))),
        _ => None,
    });
    let web = web.await;
    let server = web.connect().await;
    assert_eq!(answer(&server, "echo", json!({})).await, "well");
    let [call] = web.asked("tools/call").try_into().unwrap();
    assert_eq!(call.header("mcp-protocol-version"), Some("2026-07-28"));
    assert_eq!(call.header("mcp-method"), Some("tools/call"));
    assert_eq!(call.header("mcp-session-id"), None);
}
