//! Anthropic's routes, over whatever provider.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::Request as HttpRequest;
use playhouse_llm::{Error, ErrorKind, EventStream, Provider, Request};
use playhouse_mock::{Answer, MockProvider};
use playhouse_server::App;
use playhouse_telemetry::{LoggingConfig, log};
use playhouse_wire::{AnthropicMessages, Codec, Dialect, OpenAiChat};
use serde_json::{Value, json};

use crate::support::TestApp;

const ROUTE: &str = "/v1/messages";
const COUNT_ROUTE: &str = "/v1/messages/count_tokens";

fn ask(stream: bool) -> Value {
    json!({ "model": "m-1", "max_tokens": 9, "messages": [{ "role": "user", "content": "Hi" }], "stream": stream })
}

#[tokio::test]
async fn a_whole_message() {
    let app = TestApp::saying(&["Hello!"]);
    let answer = app.post(ROUTE, ask(false)).await;
    assert_eq!((answer.status().as_u16(), answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.header("request-id"), answer.header("x-request-id"));
    let message = answer.json();
    assert_eq!((&message["type"], &message["role"]), (&json!("message"), &json!("assistant")));
    assert_eq!(message["content"], json!([{ "type": "text", "text": "Hello!" }]));
    assert_eq!((&message["stop_reason"], &message["model"]), (&json!("end_turn"), &json!("m-1")));
    assert!(message["usage"]["output_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_stream_has_anthropics_events_in_their_order() {
    let app = TestApp::saying(&["Hello there"]);
    let answer = app.post(ROUTE, ask(true)).await;
    assert!(answer.header("content-type").starts_with("text/event-stream"));
    assert!(!answer.header("request-id").is_empty());
    let text = answer.text();
    let mut names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    names.dedup();
    let expected = [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(names, expected, "{text}");
    assert!(!text.contains("[DONE]"), "{text}");
}

fn assert_is_anthropics(answer: &playhouse_server::Answer, status: u16, class: &str) {
    let body = answer.json();
    assert_eq!(
        (answer.status().as_u16(), &body["type"], &body["error"]["type"]),
        (status, &json!("error"), &json!(class)),
        "{body}"
    );
    assert!(!body["error"]["message"].as_str().unwrap().is_empty());
    assert_eq!(body["request_id"], answer.header("request-id"));
    assert_eq!(answer.header("request-id"), answer.header("x-request-id"));
}

#[tokio::test]
async fn failures_have_anthropics_shape_whatever_fails() {
    let refused = Error::new(ErrorKind::RateLimited, "slowly").retry_after(std::time::Duration::from_secs(3));
    let app = TestApp::over(MockProvider::answers([Answer::failure(refused)]));
    let limited = app.post(ROUTE, ask(true)).await;
    assert_is_anthropics(&limited, 429, "rate_limit_error");
    assert_eq!(limited.header("retry-after"), "3");
    for path in [ROUTE, COUNT_ROUTE] {
        assert_is_anthropics(&app.post(path, json!({ "messages": [] })).await, 400, "invalid_request_error");
        assert_is_anthropics(&app.app.post(path, "{").await, 400, "invalid_request_error");
        let wrong_method = app.app.get(path).await;
        assert_is_anthropics(&wrong_method, 405, "invalid_request_error");
        assert_eq!(wrong_method.header("allow"), "POST");
    }
    assert_is_anthropics(&app.app.get("/v1/messages/batches").await, 404, "not_found_error");
    let large =
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{}"}}]}}"#, "x".repeat(21 << 20));
    assert_is_anthropics(&app.app.post(ROUTE, large).await, 413, "request_too_large");
}

#[tokio::test]
async fn a_missing_field_is_named() {
    let app = TestApp::saying(&[]);
    let answer = app.post(ROUTE, json!({ "messages": [{ "role": "user", "content": "Hi" }] })).await;
    assert_eq!(answer.json()["error"]["message"], "model: Field required");
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_an_error_and_no_stop() {
    let broken = Answer::text("Hello there").broken_by(Error::new(ErrorKind::Interrupted, "cut off"));
    let app = TestApp::over(MockProvider::answers([broken]));
    let text = app.post(ROUTE, ask(true)).await.text();
    let (_, error) = text.split_once("event: error\ndata: ").unwrap();
    let error: Value = serde_json::from_str(error.trim()).unwrap();
    assert_eq!((&error["type"], &error["error"]["message"]), (&json!("error"), &json!("cut off")));
    assert!(!text.contains("message_stop") && !text.contains("end_turn"), "{text}");
}

#[tokio::test]
async fn tokens_are_estimated_where_nobody_counts_them() {
    let app = TestApp::saying(&[]);
    let mut body = ask(false);
    body.as_object_mut().unwrap().remove("max_tokens");
    let few = app.post(COUNT_ROUTE, body.clone()).await;
    assert_eq!((few.status().as_u16(), few.json()), (200, json!({ "input_tokens": 5 })));
    body["tools"] = json!([{ "name": "find", "input_schema": { "type": "object" } }]);
    let more = app.post(COUNT_ROUTE, body).await.json()["input_tokens"].as_u64().unwrap();
    assert!(more > 5);
    assert!(app.mock.journal().is_empty());
}

#[tokio::test]
async fn models_are_listed_as_anthropic_does_for_its_clients() {
    let app = TestApp::saying(&[]);
    let get =
        |path: &str| HttpRequest::get(path).header("anthropic-version", "2023-06-01").body(Body::empty());
    let list = app.app.call(get("/v1/models").unwrap()).await.json();
    assert_eq!((&list["has_more"], list["data"].is_array()), (&json!(false), true));
    assert_is_anthropics(&app.app.call(get("/v1/models/gpt-9").unwrap()).await, 404, "not_found_error");
}

/// A vendor: it keeps the request as it would have come over the wire, and answers with
/// these bytes.
struct Vendor {
    heard: Arc<Mutex<Vec<Value>>>,
    codec: &'static dyn Codec,
    answer: Value,
}

#[async_trait]
impl Provider for Vendor {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        let sent = self.codec.write_request(&request, &Dialect::default())?;
        self.heard.lock().unwrap().push(serde_json::from_slice(&sent).unwrap());
        let event = self.codec.read_reply(Bytes::from(self.answer.to_string()))?;
        Ok(Box::pin(stream::iter([Ok(event)])))
    }
}

fn thoughtful() -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn",
        "content": [
            { "type": "thinking", "thinking": "Who is it?", "signature": "sealed" },
            { "type": "text", "text": "Ada." }
        ],
        "usage": { "input_tokens": 1, "output_tokens": 2 }
    })
}

/// A conversation with it.
pub(crate) struct Sitting {
    pub(crate) app: App,
    heard: Arc<Mutex<Vec<Value>>>,
    data_dir: tempfile::TempDir,
}

pub(crate) fn sitting(codec: &'static dyn Codec, answer: Value, data_dir: tempfile::TempDir) -> Sitting {
    let heard = Arc::<Mutex<Vec<Value>>>::default();
    let app = App::with_provider(Vendor { heard: heard.clone(), codec, answer }, data_dir.path()).unwrap();
    Sitting { app, heard, data_dir }
}

impl Sitting {
    /// Says this in native chat; what the vendor was sent then.
    pub(crate) async fn say(&self, message: &str) -> Value {
        let body = json!({ "message": message, "session_id": "s1", "model": "m" }).to_string();
        let answer = self.app.post("/v1/chat", body).await;
        assert_eq!(answer.status(), 200, "{}", answer.text());
        self.heard.lock().unwrap().last().unwrap().clone()
    }
}

#[tokio::test]
async fn sealed_reasoning_goes_back_to_whoever_sealed_it_and_to_nobody_else() {
    let sitting_there = sitting(&AnthropicMessages, thoughtful(), tempfile::tempdir().unwrap());
    sitting_there.say("I am Ada.").await;
    let heard = sitting_there.say("Who am I?").await;
    assert_eq!(heard["messages"][1]["content"], thoughtful()["content"], "{heard}");
    sitting_there.app.flush().await;

    // The same session, now over a vendor that speaks another protocol.
    let Sitting { app, data_dir, .. } = sitting_there;
    drop(app);
    let elsewhere = json!({
        "id": "c", "object": "chat.completion", "model": "gpt",
        "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": "Ada." } }]
    });
    let moved = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(data_dir.path()).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() {
            std::fs::copy(file.path(), moved.path().join(file.file_name())).unwrap();
        }
    }
    let heard = sitting(&OpenAiChat, elsewhere, moved).say("And now?").await;
    assert_eq!(heard["messages"][1], json!({ "role": "assistant", "content": "Ada." }), "{heard}");
    assert!(!heard.to_string().contains("sealed"), "{heard}");
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_by_name_or_dropped_and_counted() {
    let sitting = sitting(&AnthropicMessages, thoughtful(), tempfile::tempdir().unwrap());
    let (lines, _guard) = log::capture(&LoggingConfig::default());
    let asked = |fields: Value| {
        let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "Hi" }] });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body.to_string()
    };
    let refused = sitting.app.post("/v1/chat/completions", asked(json!({ "n": 2 }))).await;
    assert_eq!((refused.status().as_u16(), &refused.json()["error"]["param"]), (400, &json!("n")));
    let answer = sitting.app.post("/v1/chat/completions", asked(json!({ "seed": 7, "store": true }))).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.json()["choices"][0]["message"]["content"]),
        (200, &json!("Ada."))
    );
    let lines = lines.json();
    let dropped = |message: &str| {
        let line = lines.iter().find(|line| line["message"] == message).unwrap();
        line["dropped_fields"].clone()
    };
    assert_eq!((dropped("LLM call failed"), dropped("LLM call completed")), (Value::Null, json!(2)));
}
