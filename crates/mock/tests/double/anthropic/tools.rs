//! Calls of tools in fragments, and answers that are held to a schema.

use serde_json::{Value, json};

use super::{SCRIPT, ask, body, events};
use crate::ask::start;

#[tokio::test]
async fn arguments_come_in_fragments() {
    let server = start(SCRIPT).await;
    let streamed = events(&ask(&server, &body("weather?", json!({ "stream": true }))).await);
    let call: Vec<&Value> = streamed.iter().filter(|event| event["index"] == 1).collect();
    let block = &call[0]["content_block"];
    assert_eq!(
        (&block["type"], &block["name"], &block["input"]),
        (&json!("tool_use"), &json!("get_weather"), &json!({}))
    );
    let deltas = call.iter().filter(|event| event["type"] == "content_block_delta");
    let fragments: Vec<&str> = deltas
        .map(|event| {
            assert_eq!(event["delta"]["type"], "input_json_delta");
            event["delta"]["partial_json"].as_str().unwrap()
        })
        .collect();
    assert!(fragments.len() > 1, "{fragments:?}");
    let input: Value = serde_json::from_str(&fragments.concat()).unwrap();
    assert_eq!(input, json!({ "city": "Oslo" }));
    let stop = streamed.iter().find(|event| event["type"] == "message_delta").unwrap();
    assert_eq!(stop["delta"]["stop_reason"], "tool_use");
}

#[tokio::test]
async fn results_that_answer_no_call_are_refused() {
    let server = start(SCRIPT).await;
    let message = ask(&server, &body("weather?", json!({}))).await.json();
    let call = &message["content"][1]["id"];
    let messages = json!([
        { "role": "user", "content": "weather?" },
        { "role": "assistant", "content": message["content"] },
        { "role": "user", "content": "and now?" }
    ]);
    let refused = ask(&server, &body("", json!({ "messages": messages }))).await.json();
    let told = refused["error"]["message"].as_str().unwrap();
    assert!(
        told.contains("`tool_use` ids were found without `tool_result` blocks immediately after"),
        "{told}"
    );
    assert!(told.contains(call.as_str().unwrap()), "{told}");
}

#[tokio::test]
async fn answers_satisfy_the_schema_that_is_asked_for() {
    let server = start("rules: [{reply: {generate: true}}]").await;
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string" }, "degrees": { "type": "integer" } },
        "required": ["city", "degrees"],
        "additionalProperties": false
    });
    let config = json!({ "format": { "type": "json_schema", "schema": schema } });
    let message = ask(&server, &body("weather?", json!({ "output_config": config }))).await.json();
    let text = message["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{message}"));
    let made: Value = serde_json::from_str(text).unwrap();
    assert!(made["city"].is_string() && made["degrees"].is_i64(), "{made}");
}
