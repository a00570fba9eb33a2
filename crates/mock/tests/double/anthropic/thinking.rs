//! Blocks of thinking: sealed when they are told, whole when they come back.

use serde_json::{Value, json};

use super::{ask, body, events};
use crate::ask::start;

const SCRIPT: &str = "
rules:
  - when: {turn: 2}
    reply: As I said.
  - reply: {reasoning: The user greets., text: Hello}
";

fn thinking(more: Value) -> Value {
    let mut asked =
        body("Hi", json!({ "max_tokens": 4000, "thinking": { "type": "enabled", "budget_tokens": 1024 } }));
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked
}

#[tokio::test]
async fn what_was_thought_is_signed_and_taken_back() {
    let server = start(SCRIPT).await;
    let message = ask(&server, &thinking(json!({}))).await.json();
    let [thought, said] = message["content"].as_array().unwrap().as_slice() else { panic!("{message}") };
    assert_eq!((&thought["thinking"], &said["text"]), (&json!("The user greets."), &json!("Hello")));
    assert!(thought["signature"].as_str().unwrap().len() > 100, "{thought}");
    let messages = json!([
        { "role": "user", "content": "Hi" },
        { "role": "assistant", "content": message["content"] },
        { "role": "user", "content": "Again" }
    ]);
    let again = ask(&server, &thinking(json!({ "messages": messages }))).await;
    assert_eq!(again.json()["content"][0]["text"], "As I said.", "{again:?}");
    let mut unsigned = messages;
    unsigned[1]["content"][0].as_object_mut().unwrap().remove("signature");
    let refused = ask(&server, &thinking(json!({ "messages": unsigned }))).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["message"]),
        (Some(400), &json!("messages.1.content.0.thinking.signature: Field required"))
    );
}

#[tokio::test]
async fn a_stream_tells_the_signature_last() {
    let server = start(SCRIPT).await;
    let whole = ask(&server, &thinking(json!({}))).await.json();
    let streamed = events(&ask(&server, &thinking(json!({ "stream": true }))).await);
    let deltas: Vec<&Value> = streamed.iter().filter(|event| event["index"] == 0).collect();
    assert_eq!(deltas[0]["content_block"], json!({ "type": "thinking", "thinking": "", "signature": "" }));
    let thought: String = deltas.iter().filter_map(|event| event["delta"]["thinking"].as_str()).collect();
    assert_eq!(thought, "The user greets.");
    let [.., signature, stop] = deltas.as_slice() else { panic!("{deltas:?}") };
    assert_eq!(
        (&signature["delta"]["type"], &stop["type"]),
        (&json!("signature_delta"), &json!("content_block_stop"))
    );
    assert_eq!(signature["delta"]["signature"], whole["content"][0]["signature"]);
}
