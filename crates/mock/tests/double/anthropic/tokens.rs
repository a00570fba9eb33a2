//! Tokens: counted before and after, and bounded.

use serde_json::{Value, json};

use super::{HEADERS, ask, body, events};
use crate::ask::{send_with, start};

fn asked() -> Value {
    json!({
        "model": "claude-haiku-4-5",
        "system": "You are a careful forecaster.",
        "messages": [{ "role": "user", "content": "What will the weather be in Oslo?" }],
        "tools": [{
            "name": "get_weather",
            "description": "The weather of a city.",
            "input_schema": { "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] }
        }]
    })
}

#[tokio::test]
async fn a_count_is_what_the_message_then_has() {
    let server = start("rules: [{reply: Sunny}]").await;
    let count = send_with(&server, "POST", "/v1/messages/count_tokens", HEADERS, &asked().to_string()).await;
    let counted = count.json();
    assert!(counted["input_tokens"].as_u64().is_some_and(|tokens| tokens > 20), "{counted}");
    let mut message = asked();
    message["max_tokens"] = json!(50);
    let whole = ask(&server, &message).await.json();
    assert_eq!(whole["usage"]["input_tokens"], counted["input_tokens"]);
    message["stream"] = json!(true);
    let streamed = events(&ask(&server, &message).await);
    assert_eq!(streamed[0]["message"]["usage"]["input_tokens"], counted["input_tokens"]);
}

#[tokio::test]
async fn a_count_is_refused_as_a_message_is() {
    let server = start("rules: [{reply: Sunny}]").await;
    let mut wrong = asked();
    wrong["max_tokens"] = json!(50);
    let refused = send_with(&server, "POST", "/v1/messages/count_tokens", HEADERS, &wrong.to_string()).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["message"]),
        (Some(400), &json!("max_tokens: Extra inputs are not permitted"))
    );
}

#[tokio::test]
async fn an_answer_ends_where_its_length_does() {
    let server = start("rules: [{reply: one two three four five six seven}]").await;
    let short = ask(&server, &body("Hi", json!({ "max_tokens": 3 }))).await.json();
    assert_eq!((&short["stop_reason"], &short["usage"]["output_tokens"]), (&json!("max_tokens"), &json!(3)));
    let stopped = ask(&server, &body("Hi", json!({ "stop_sequences": ["four"] }))).await.json();
    assert!(!stopped["content"][0]["text"].as_str().unwrap().contains("four"), "{stopped}");
}
