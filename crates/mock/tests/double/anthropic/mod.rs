//! The double as Anthropic: the same scripts, in its protocol and with its manners.

mod faults;
mod models;
mod thinking;
mod tokens;
mod tools;

use playhouse_mock::MockServer;
use serde_json::{Value, json};

use crate::ask::{Answer, send_with, start};

const HEADERS: &str = "x-api-key: sk-any\r\nanthropic-version: 2023-06-01";
const SCRIPT: &str = "
rules:
  - when: {user: weather, protocol: anthropic-messages}
    reply: {text: I'll look., tool_calls: [{name: get_weather, arguments: {city: Oslo}}]}
  - when: {tool_result: get_weather}
    reply: Take an umbrella.
  - when: {user: full}
    fault: 529
";

fn body(user: &str, more: Value) -> Value {
    let mut body = json!({ "model": "claude-haiku-4-5", "max_tokens": 99, "messages": [{ "role": "user", "content": user }] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// What is asked, in the SDK's way.
async fn ask(server: &MockServer, body: &Value) -> Answer {
    send_with(server, "POST", "/v1/messages", HEADERS, &body.to_string()).await
}

/// The data of a stream's events, in order.
fn events(answer: &Answer) -> Vec<Value> {
    let data = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn a_script_answers_with_calls_and_takes_their_results() {
    let server = start(SCRIPT).await;
    let answer = ask(&server, &body("weather?", json!({}))).await;
    assert!(answer.header("request-id").is_some());
    let message = answer.json();
    let [said, call] = message["content"].as_array().unwrap().as_slice() else { panic!("{message}") };
    assert_eq!((&said["text"], &call["input"]), (&json!("I'll look."), &json!({ "city": "Oslo" })));
    assert!(call["id"].as_str().unwrap().starts_with("toolu_"), "{call}");
    assert_eq!(message["stop_reason"], "tool_use");
    let result = json!({ "type": "tool_result", "tool_use_id": call["id"], "content": "rain" });
    let messages = json!([
        { "role": "user", "content": "weather?" },
        { "role": "assistant", "content": message["content"] },
        { "role": "user", "content": [result] }
    ]);
    let answer = ask(&server, &body("", json!({ "messages": messages }))).await.json();
    assert_eq!(answer["content"], json!([{ "type": "text", "text": "Take an umbrella." }]));
}

#[tokio::test]
async fn a_stream_has_anthropics_events() {
    let server = start(SCRIPT).await;
    let text = ask(&server, &body("weather?", json!({ "stream": true }))).await.body;
    for event in
        ["message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop"]
    {
        assert!(text.contains(&format!("event: {event}\n")), "no {event} in {text}");
    }
    let usage = r#""usage":{"input_tokens":"#;
    assert!(text.matches(usage).count() >= 1, "{text}");
}

#[tokio::test]
async fn what_anthropic_refuses_is_refused_in_its_words() {
    let server = start("rules: [{reply: Hi}]").await;
    let told = |answer: Answer| {
        let error = answer.json()["error"].clone();
        (
            answer.status.unwrap(),
            error["type"].as_str().unwrap().to_owned(),
            error["message"].as_str().unwrap().to_owned(),
        )
    };
    let usual = body("Hi", json!({})).to_string();
    let send = |headers: &'static str| send_with(&server, "POST", "/v1/messages", headers, &usual);
    assert_eq!(told(send("anthropic-version: 2023-06-01").await).0, 401);
    let without_version = told(send("x-api-key: sk-any").await);
    assert_eq!((without_version.0, without_version.1.as_str()), (400, "invalid_request_error"));
    let unknown = told(ask(&server, &body("Hi", json!({ "n": 2 }))).await);
    assert_eq!(unknown.2, "n: Extra inputs are not permitted");
    let mut unbounded = body("Hi", json!({}));
    unbounded.as_object_mut().unwrap().remove("max_tokens");
    assert_eq!(told(ask(&server, &unbounded).await).2, "max_tokens: Field required");
    let broken = send_with(&server, "POST", "/v1/messages", HEADERS, "{").await;
    assert_eq!((broken.status, broken.json()["type"].as_str().unwrap()), (Some(400), "error"));
    assert_eq!(send_with(&server, "GET", "/v1/messages", HEADERS, "").await.status, Some(405));
}

#[tokio::test]
async fn models_are_anthropics_and_faults_are_told_as_it_does() {
    let server = start(SCRIPT).await;
    let unknown = ask(&server, &body("weather?", json!({ "model": "gpt-4o" }))).await;
    assert_eq!((unknown.status, &unknown.json()["error"]["message"]), (Some(404), &json!("model: gpt-4o")));
    let full = ask(&server, &body("full", json!({}))).await;
    let error = &full.json()["error"];
    assert_eq!(
        (full.status, &error["type"], &error["message"]),
        (Some(529), &json!("overloaded_error"), &json!("Overloaded"))
    );
}
