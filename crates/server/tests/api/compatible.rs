//! The OpenAI-compatible routes.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use playhouse_edge::{BodyLimits, Edge};
use playhouse_llm::{Error, ErrorKind, ModelInfo, Models};
use playhouse_mock::{Answer, MockProvider};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::TestApp;

fn ask(stream: bool) -> Value {
    json!({ "model": "m-1", "messages": [{ "role": "user", "content": "Hi" }], "stream": stream })
}

fn chunks(text: &str) -> Vec<Value> {
    let data = text.split("\n\n").filter_map(|block| block.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn a_whole_completion() {
    let app = TestApp::saying(&["Hello!"]);
    let answer = app.post("/v1/chat/completions", ask(false)).await;
    assert_eq!((answer.status().as_u16(), answer.header("content-type")), (200, "application/json"));
    let completion = answer.json();
    assert_eq!(completion["object"], "chat.completion");
    assert_eq!(completion["model"], "m-1");
    assert_eq!(completion["choices"][0]["message"]["content"], "Hello!");
    assert_eq!(completion["choices"][0]["finish_reason"], "stop");
    assert!(completion["usage"]["total_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_stream_has_role_pieces_finish_and_done_and_no_usage_unasked() {
    let app = TestApp::saying(&["Hello there"]);
    let answer = app.post("/v1/chat/completions", ask(true)).await;
    let text = answer.text();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    let chunks = chunks(&text);
    assert_eq!(
        chunks[0]["choices"][0]["delta"],
        json!({ "role": "assistant", "content": "", "refusal": null })
    );
    let last = chunks.last().unwrap();
    assert_eq!(
        (&last["choices"][0]["finish_reason"], &last["choices"][0]["delta"]),
        (&json!("stop"), &json!({}))
    );
    assert!(chunks.iter().all(|chunk| chunk["usage"].is_null()), "{text}");
}

#[tokio::test]
async fn usage_comes_last_when_asked_for() {
    let app = TestApp::saying(&["Hello there"]);
    let mut body = ask(true);
    body["stream_options"] = json!({ "include_usage": true });
    let answer = app.post("/v1/chat/completions", body).await;
    let chunks = chunks(&answer.text());
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert!(last["usage"]["total_tokens"].as_u64().unwrap() > 0);
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_some()));
}

#[tokio::test]
async fn failures_come_in_openais_shape() {
    let refusal = || Answer::failure(Error::new(ErrorKind::NotFound, "no such model"));
    let app = TestApp::over(MockProvider::answers([refusal(), refusal()]));
    for stream in [false, true] {
        let answer = app.post("/v1/chat/completions", ask(stream)).await;
        assert_eq!(answer.status(), 404);
        let error = &answer.json()["error"];
        assert_eq!(error["message"], "no such model");
        for field in ["type", "param", "code"] {
            assert!(error.get(field).is_some(), "{field} is missing in {error}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_an_error_and_no_done() {
    let broken = Answer::text("Hello there").broken_by(Error::new(ErrorKind::Interrupted, "cut off"));
    let app = TestApp::over(MockProvider::answers([broken]));
    let text = app.post("/v1/chat/completions", ask(true)).await.text();
    let chunks = chunks(&text);
    assert_eq!(chunks.last().unwrap()["error"]["message"], "cut off");
    assert!(!text.contains("[DONE]"), "{text}");
    assert!(!text.contains(r#""finish_reason":"stop""#), "{text}");
}

#[tokio::test]
async fn wrong_requests_are_refused_with_the_field() {
    let app = TestApp::saying(&[]);
    for (body, param) in [
        (json!({ "messages": [{ "role": "user", "content": "Hi" }] }), "model"),
        (json!({ "model": "m", "messages": [] }), "messages"),
        (json!({ "model": "m" }), "messages"),
        (json!({ "model": 7, "messages": [{}] }), "model"),
        (
            json!({ "model": "m", "messages": [{ "role": "user", "content": "Hi" }], "stream": "yes" }),
            "stream",
        ),
    ] {
        let answer = app.post("/v1/chat/completions", body.clone()).await;
        assert_eq!(answer.status(), 400, "{body}");
        let error = answer.json()["error"].clone();
        assert_eq!(
            (&error["param"], &error["type"]),
            (&json!(param), &json!("invalid_request_error")),
            "{body}"
        );
    }
    assert!(app.mock.journal().is_empty());
}

#[tokio::test]
async fn models_are_listed() {
    let app = TestApp::saying(&[]);
    let list = app.app.get("/v1/models").await.json();
    assert_eq!((&list["object"], list["data"].is_array()), (&json!("list"), true));
}

/// A vendor with one model.
struct Listed;

#[async_trait]
impl Models for Listed {
    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error> {
        Ok(vec![ModelInfo { id: "openai/gpt-4o".into(), owned_by: "openai".into(), created: None }])
    }
}

#[tokio::test]
async fn a_model_is_read_by_its_name() {
    let provider = Arc::new(MockProvider::echo());
    let router = playhouse_edge::router(Edge {
        provider,
        models: Arc::new(Listed),
        counter: Arc::new(playhouse_provider::Estimate),
        limits: BodyLimits::default(),
    });
    let response = router.oneshot(Request::get("/v1/models/openai/gpt-4o").body(Body::empty()).unwrap());
    let body = response.await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let model: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&model["id"], &model["object"]), (&json!("openai/gpt-4o"), &json!("model")));
}

#[tokio::test]
async fn a_model_that_nobody_lists_is_not_found() {
    let app = TestApp::saying(&[]);
    let answer = app.app.get("/v1/models/gpt-9").await;
    assert_eq!((answer.status().as_u16(), &answer.json()["error"]["code"]), (404, &json!("model_not_found")));
    assert_eq!(app.app.delete("/v1/models/gpt-9").await.header("allow"), "GET");
}

#[tokio::test]
async fn other_methods_are_refused_in_shape() {
    let app = TestApp::saying(&[]);
    let answer = app.app.get("/v1/chat/completions").await;
    assert_eq!((answer.status().as_u16(), answer.header("allow")), (405, "POST"));
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("POST"));
}
