//! Models, and the paths under which Anthropic is found.

use serde_json::json;

use super::{HEADERS, ask, body};
use crate::ask::{send, send_with, start};

#[tokio::test]
async fn models_are_told_in_the_shape_of_who_is_asked() {
    let server = start("rules: [{when: {user: Hi}, reply: Hello}]").await;
    let list = send_with(&server, "GET", "/v1/models?limit=3", HEADERS, "").await;
    let told = list.json();
    assert_eq!((list.status, told["data"].as_array().unwrap().len()), (Some(200), 3));
    assert_eq!((&told["has_more"], &told["data"][0]["type"]), (&json!(true), &json!("model")));
    assert!(list.header("request-id").is_some());
    let one = send_with(&server, "GET", "/v1/models/claude-haiku-4-5", HEADERS, "").await.json();
    assert_eq!(
        (&one["id"], &one["display_name"]),
        (&json!("claude-haiku-4-5-20251001"), &json!("Claude Haiku 4.5"))
    );
    let unknown = send_with(&server, "GET", "/v1/models/gpt-4o", HEADERS, "").await;
    assert_eq!((unknown.status, &unknown.json()["error"]["type"]), (Some(404), &json!("not_found_error")));
    let other = send(&server, "GET", "/v1/models", "").await.json();
    assert_eq!(other["object"], "list");
    assert!(other["data"].as_array().unwrap().iter().all(|model| model["object"] == "model"));
}

#[tokio::test]
async fn base_urls_may_have_names_and_namespaces() {
    let server = start("rules: [{reply: Hi}]").await;
    let usual = body("Hi", json!({})).to_string();
    for path in [
        "/messages",
        "/anthropic/v1/messages",
        "/anthropic/messages",
        "/ns/mine/v1/messages",
        "/ns/mine/anthropic/v1/messages",
    ] {
        let answer = send_with(&server, "POST", path, HEADERS, &usual).await;
        assert_eq!(
            (answer.status, answer.json()["content"][0]["text"].as_str()),
            (Some(200), Some("Hi")),
            "{path}"
        );
    }
    let counted =
        send_with(&server, "POST", "/anthropic/v1/messages/count_tokens", HEADERS, &body_to_count()).await;
    assert_eq!(counted.status, Some(200), "{counted:?}");
    let listed = send_with(
        &server,
        "GET",
        "/anthropic/v1/models",
        "x-api-key: sk-any\r\nanthropic-version: 2023-06-01",
        "",
    )
    .await;
    assert_eq!(listed.json()["data"][0]["type"], "model");
    let nowhere = send_with(&server, "POST", "/v1/complete", HEADERS, "{}").await;
    assert_eq!(
        (nowhere.status, nowhere.json()),
        (
            Some(404),
            json!({ "type": "error", "error": { "type": "not_found_error", "message": "Not Found" }, "request_id": nowhere.header("request-id") })
        )
    );
}

fn body_to_count() -> String {
    json!({ "model": "claude-haiku-4-5", "messages": [{ "role": "user", "content": "Hi" }] }).to_string()
}

#[tokio::test]
async fn a_model_that_a_rule_names_is_there() {
    let server = start("rules: [{when: {model: claude-mine}, reply: Hi}]").await;
    assert_eq!(ask(&server, &body("Hi", json!({ "model": "claude-mine" }))).await.status, Some(200));
    let unknown = ask(&server, &body("Hi", json!({ "model": "claude-yours" }))).await;
    assert_eq!(
        unknown.json()["error"],
        json!({ "type": "not_found_error", "message": "model: claude-yours" })
    );
}
