//! OpenAI's Responses, over whatever provider.

use playhouse_agent::AgentConfig;
use playhouse_llm::{Error, ErrorKind};
use playhouse_mock::{Answer, MockProvider};
use playhouse_server::{App, assemble};
use playhouse_wire::OpenAiResponses;
use serde_json::{Value, json};

use crate::messages::sitting;
use crate::support::TestApp;

const ROUTE: &str = "/v1/responses";

fn ask(stream: bool) -> Value {
    json!({ "model": "m-1", "input": "Hi", "instructions": "Be brief.", "stream": stream })
}

/// The names and the data of a stream's events.
fn events(text: &str) -> Vec<(String, Value)> {
    let mut events = Vec::new();
    for frame in text.split_terminator("\n\n") {
        let (name, data) = frame.split_once('\n').unwrap();
        let data = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        events.push((name.strip_prefix("event: ").unwrap().to_owned(), data));
    }
    events
}

#[tokio::test]
async fn a_whole_response() {
    let app = TestApp::saying(&["Hello!"]);
    let answer = app.post(ROUTE, ask(false)).await;
    assert_eq!((answer.status().as_u16(), answer.header("content-type")), (200, "application/json"));
    let response = answer.json();
    assert_eq!((&response["object"], &response["status"]), (&json!("response"), &json!("completed")));
    assert!(response["id"].as_str().unwrap().starts_with("resp_"), "{response}");
    let text = json!([{ "type": "output_text", "text": "Hello!", "annotations": [], "logprobs": [] }]);
    assert_eq!(response["output"][0]["content"], text);
    assert_eq!((&response["model"], &response["instructions"]), (&json!("m-1"), &json!("Be brief.")));
    assert!(response["usage"]["output_tokens"].as_u64().unwrap() > 0);
    let asked = app.mock.journal().requests().pop().unwrap();
    assert_eq!(asked.prompt().unwrap().messages.len(), 2);
}

#[tokio::test]
async fn a_stream_has_openais_events_and_numbers() {
    let app = TestApp::saying(&["Hello there"]);
    let answer = app.post(ROUTE, ask(true)).await;
    assert!(answer.header("content-type").starts_with("text/event-stream"));
    let events = events(&answer.text());
    let mut names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(names, expected);
    for (at, (name, event)) in events.iter().enumerate() {
        assert_eq!((&event["type"], &event["sequence_number"]), (&json!(name), &json!(at)));
    }
    let (_, last) = events.last().unwrap();
    assert_eq!(last["response"]["output"][0]["content"][0]["text"], "Hello there");
    assert_eq!(last["response"]["instructions"], "Be brief.");
}

fn assert_is_openais(answer: &playhouse_server::Answer, status: u16, class: &str) {
    let body = answer.json();
    assert_eq!((answer.status().as_u16(), &body["error"]["type"]), (status, &json!(class)), "{body}");
    assert!(!body["error"]["message"].as_str().unwrap().is_empty());
    assert!(body["error"].get("param").is_some() && body["error"].get("code").is_some(), "{body}");
}

#[tokio::test]
async fn failures_have_openais_shape_whatever_fails() {
    let refused = Error::new(ErrorKind::RateLimited, "slowly").retry_after(std::time::Duration::from_secs(3));
    let app = TestApp::over(MockProvider::answers([Answer::failure(refused)]));
    let limited = app.post(ROUTE, ask(true)).await;
    assert_is_openais(&limited, 429, "rate_limit_error");
    assert_eq!(limited.header("retry-after"), "3");
    assert_is_openais(&app.post(ROUTE, json!({ "input": "Hi" })).await, 400, "invalid_request_error");
    assert_is_openais(&app.app.post(ROUTE, "{").await, 400, "invalid_request_error");
    let wrong_method = app.app.get(ROUTE).await;
    assert_is_openais(&wrong_method, 405, "invalid_request_error");
    assert_eq!(wrong_method.header("allow"), "POST");
    let large = format!(r#"{{"model":"m","input":"{}"}}"#, "x".repeat(21 << 20));
    assert_is_openais(&app.app.post(ROUTE, large).await, 413, "invalid_request_error");
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_an_error_and_no_finish() {
    let broken = Answer::text("Hello there").broken_by(Error::new(ErrorKind::Interrupted, "cut off"));
    let app = TestApp::over(MockProvider::answers([broken]));
    let events = events(&app.post(ROUTE, ask(true)).await.text());
    let (name, error) = events.last().unwrap();
    assert_eq!((name.as_str(), &error["message"]), ("error", &json!("cut off")));
    assert_eq!(
        (&error["error"]["message"], &error["sequence_number"]),
        (&json!("cut off"), &json!(events.len() - 1))
    );
    assert!(!events.iter().any(|(name, _)| name == "response.completed"));
}

/// An answer of a vendor that speaks Responses.
fn thoughtful() -> Value {
    json!({
        "id": "resp_1", "object": "response", "created_at": 7, "model": "gpt-5", "status": "completed", "error": null,
        "output": [
            { "type": "reasoning", "id": "rs_1", "summary": [{ "type": "summary_text", "text": "Who is it?" }], "encrypted_content": "sealed" },
            { "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
              "content": [{ "type": "output_text", "text": "Ada.", "annotations": [] }] },
        ],
        "usage": { "input_tokens": 1, "output_tokens": 2, "total_tokens": 3 }
    })
}

#[tokio::test]
async fn sealed_reasoning_goes_back_with_what_came_of_it() {
    let sitting = sitting(&OpenAiResponses, thoughtful(), tempfile::tempdir().unwrap());
    let heard = sitting.say("I am Ada.").await;
    assert_eq!(
        (&heard["store"], &heard["include"][0]),
        (&json!(false), &json!("reasoning.encrypted_content"))
    );
    let heard = sitting.say("Who am I?").await;
    assert_eq!(heard["input"][1], thoughtful()["output"][0], "{heard}");
    assert_eq!(heard["input"][2]["content"], "Ada.", "{heard}");
    assert_eq!(heard["input"][3]["content"], "Who am I?", "{heard}");
}

#[tokio::test]
async fn an_agent_answers_a_response() {
    let mock = MockProvider::answers([Answer::text("42"), Answer::text("43")]);
    let config = AgentConfig { tools: vec!["calculator".to_owned()], ..AgentConfig::default() };
    let agents = [("math".to_owned(), config)];
    let roster = assemble(agents.iter().map(|(name, config)| (name, config)), "test-model").unwrap();
    let data_dir = tempfile::tempdir().unwrap();
    let app = App::with_agents(mock.clone(), roster, data_dir.path()).unwrap();
    let items = json!([
        { "role": "user", "content": "6 * 7?" },
        { "type": "function_call", "call_id": "c", "name": "calculator", "arguments": "{}" },
        { "type": "function_call_output", "call_id": "c", "output": "42" },
    ]);
    let body = json!({ "model": "agent:math", "input": items, "store": true });
    let response = app.post(ROUTE, body.to_string()).await.json();
    assert_eq!(response["output"][0]["content"][0]["text"], "42", "{response}");
    let asked = mock.journal().requests().pop().unwrap().prompt().unwrap().clone();
    // Nothing of the caller's protocol goes on to the model.
    assert!(asked.extra.is_empty(), "{:?}", asked.extra);
    assert_eq!(asked.messages.len(), 3);
    let streamed = json!({ "model": "agent:math", "input": "6 * 7?", "stream": true }).to_string();
    let events = events(&app.post(ROUTE, streamed).await.text());
    assert_eq!(events.last().unwrap().1["response"]["output"][0]["content"][0]["text"], "43");
}
