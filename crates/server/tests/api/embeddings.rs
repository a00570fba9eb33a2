//! Embeddings: the bytes go through, and the call is one like any other.

use std::time::Duration;

use bytes::Bytes;
use playhouse_mock::{MockProvider, MockServer, Script};
use playhouse_provider::{Endpoint, HttpClient, HttpProvider, ProviderConfig, vendor};
use playhouse_server::http::Method;
use playhouse_server::{Answer, App};
use playhouse_telemetry::{LoggingConfig, log};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::keyed::{Keyed, OPERATOR, Worker};
use crate::support::TestApp;

const ROUTE: &str = "/v1/embeddings";
const MODEL: &str = "text-embedding-3-small";

fn ask(fields: Value) -> Value {
    let mut body = json!({ "model": MODEL, "input": "a cat on a mat" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

/// An app over a double that has no script.
fn app() -> TestApp {
    TestApp::over(MockProvider::script(Script::default()))
}

fn vector(answer: &Answer, at: usize) -> Vec<f64> {
    let embedding = answer.json()["data"][at]["embedding"].clone();
    serde_json::from_value(embedding).unwrap_or_else(|_| panic!("no vector in {}", answer.text()))
}

#[tokio::test]
async fn texts_and_tokens_become_vectors() {
    let app = app();
    let answer = app.post(ROUTE, ask(json!({}))).await;
    assert_eq!((answer.status().as_u16(), answer.header("content-type")), (200, "application/json"));
    assert!(!answer.header("x-request-id").is_empty());
    let told = answer.json();
    assert_eq!((&told["object"], &told["model"]), (&json!("list"), &json!(MODEL)));
    assert_eq!(told["usage"], json!({ "prompt_tokens": 5, "total_tokens": 5 }));
    assert_eq!(vector(&answer, 0).len(), 1536);

    let batch = ask(json!({ "input": ["a cat on a mat", "a dog"], "dimensions": 8, "user": "ada" }));
    let batch = app.post(ROUTE, batch).await;
    assert_eq!((vector(&batch, 0).len(), vector(&batch, 1).len()), (8, 8));
    let tokens = app.post(ROUTE, ask(json!({ "input": [[1, 2, 3], [4]], "dimensions": 8 }))).await;
    assert_eq!(tokens.json()["usage"]["prompt_tokens"], 4);
    assert_eq!(tokens.json()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn base64_is_what_was_asked_for() {
    let app = app();
    let fields = json!({ "dimensions": 4, "encoding_format": "base64" });
    let answer = app.post(ROUTE, ask(fields)).await;
    let text = answer.json()["data"][0]["embedding"].as_str().unwrap().to_owned();
    assert_eq!(text.len(), 24, "16 bytes in base64: {text}");
}

#[tokio::test]
async fn a_call_is_recorded_logged_and_counted() {
    let (lines, _guard) = log::capture(&LoggingConfig::default());
    let app = app();
    let answer = app.post(ROUTE, ask(json!({}))).await;
    app.app.flush().await;
    let calls = app.app.get("/v1/calls").await.json();
    let call = &calls["calls"][0];
    assert_eq!((&call["operation"], &call["model"]), (&json!("embeddings"), &json!(MODEL)));
    assert_eq!(call["request_id"], answer.header("x-request-id"));
    assert_eq!((&call["prompt_tokens"], &call["completion_tokens"]), (&json!(5), &json!(0)));
    assert_eq!((&call["outcome"], &call["stream"]), (&json!("ok"), &json!(false)));
    let lines = lines.json();
    let line = lines.iter().find(|line| line["message"] == "LLM call completed").unwrap();
    assert_eq!((&line["operation"], &line["prompt_tokens"]), (&json!("embeddings"), &json!(5)));
    let metrics = app.app.get("/metrics").await.text();
    let counted = format!(
        r#"gen_ai_client_token_usage_sum{{gen_ai_operation_name="embeddings",gen_ai_provider_name="mock",gen_ai_request_model="{MODEL}",gen_ai_response_model="{MODEL}",gen_ai_token_type="input",server_address="",server_port=""}} 5"#
    );
    assert!(metrics.lines().any(|line| line == counted), "{metrics}");
    assert!(
        metrics.contains(r#"playhouse_requests_total{route="/v1/embeddings",status="200"} 1"#),
        "{metrics}"
    );
}

fn assert_is_openais(answer: &Answer, status: u16, param: &Value) {
    let body = answer.json();
    assert_eq!((answer.status().as_u16(), &body["error"]["param"]), (status, param), "{body}");
    assert!(!body["error"]["message"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn failures_have_openais_shape() {
    let app = app();
    for (body, param) in [
        (json!({ "model": MODEL }), json!("input")),
        (json!({ "input": "a" }), json!("model")),
        (ask(json!({ "input": null })), json!("input")),
        (ask(json!({ "model": 7 })), json!("model")),
        // What is within the input is for the provider to judge, here in OpenAI's own words.
        (ask(json!({ "input": ["a", null] })), Value::Null),
    ] {
        assert_is_openais(&app.post(ROUTE, body).await, 400, &param);
    }
    assert_is_openais(&app.app.post(ROUTE, "{").await, 400, &Value::Null);
    assert_is_openais(&app.post(ROUTE, ask(json!({ "model": "agent:math" }))).await, 404, &Value::Null);
    let wrong_method = app.app.get(ROUTE).await;
    assert_is_openais(&wrong_method, 405, &Value::Null);
    assert_eq!(wrong_method.header("allow"), "POST");
    assert_is_openais(&app.app.get("/v1/embeddings/7").await, 404, &Value::Null);
    let large = json!({ "model": MODEL, "input": "x".repeat(21 << 20) }).to_string();
    assert_is_openais(&app.app.post(ROUTE, large).await, 413, &Value::Null);
}

#[tokio::test]
async fn an_agent_has_no_embeddings_and_says_so() {
    let app = Keyed::over(Worker::counting(1, 1));
    let body = ask(json!({ "model": "agent:helper" }));
    let answer = app.send(Method::POST, ROUTE, OPERATOR, &body).await;
    assert_is_openais(&answer, 400, &json!("model"));
    assert_eq!(app.worker.asked(), 0);
}

#[tokio::test]
async fn nobody_embeds_without_a_key() {
    let app = Keyed::over(Worker::counting(1, 1));
    let answer = app.send(Method::POST, ROUTE, "sk-wrong", &ask(json!({}))).await;
    assert_is_openais(&answer, 401, &Value::Null);
    let (_, key) = app.make(json!({ "name": "search", "models": ["large"] })).await;
    let answer = app.send(Method::POST, ROUTE, &key, &ask(json!({ "model": "small" }))).await;
    assert_eq!(answer.status(), 403, "{}", answer.text());
    assert_eq!(app.worker.asked(), 0);
}

#[tokio::test]
async fn what_is_to_be_embedded_counts_against_the_keys_limits() {
    let app = Keyed::over(Worker::counting(60, 0));
    let (_, key) = app.make(json!({ "name": "search", "tokens_per_minute": 100 })).await;
    // 60 tokens, by number and by length: what a text has is estimated.
    let tokens = ask(json!({ "model": "small", "input": [vec![7; 30], vec![7; 30]] }));
    let first = app.send(Method::POST, ROUTE, &key, &tokens).await;
    assert_eq!(first.status(), 200, "{}", first.text());
    assert_eq!(first.header("x-ratelimit-limit-tokens"), "100");
    assert_eq!(first.header("x-ratelimit-remaining-tokens"), "40");
    let text = ask(json!({ "model": "small", "input": "x".repeat(240) }));
    let refused = app.send(Method::POST, ROUTE, &key, &text).await;
    assert_eq!((refused.status().as_u16(), app.worker.asked()), (429, 1), "{}", refused.text());
    assert_eq!(refused.json()["error"]["type"], "rate_limit_error");
    assert!(!refused.header("retry-after").is_empty());
}

#[tokio::test]
async fn what_is_embedded_costs_its_input() {
    let app = Keyed::over(Worker::counting(100, 0));
    // Each may cost 100 tokens at a thousandth of a cent.
    let (id, key) = app.make(json!({ "name": "search", "budget": { "usd": 0.0015, "per": "month" } })).await;
    let body = ask(json!({ "model": "small", "input": [vec![7; 100]] }));
    assert_eq!(app.send(Method::POST, ROUTE, &key, &body).await.status(), 200);
    app.app.flush().await;
    let refused = app.send(Method::POST, ROUTE, &key, &body).await;
    assert_eq!(refused.json()["error"]["code"], "insufficient_quota");
    let spent = app.store.key_usage(&id, 0).await.unwrap();
    assert!((spent.cost_usd - 0.001).abs() < 1e-9, "{spent:?}");
}

/// A server in front of a double on a socket, in the protocol of a vendor.
async fn gateway(name: &str) -> (App, MockServer, TempDir) {
    let double = MockServer::start(MockProvider::script(Script::default())).await.unwrap();
    let config = ProviderConfig { base_url: Some(double.base_url()), ..ProviderConfig::default() };
    let vendor = vendor(name).unwrap();
    let endpoint = Endpoint::new(vendor, &config).unwrap();
    let client = HttpClient::new(Duration::from_secs(5)).unwrap();
    let data_dir = tempfile::tempdir().unwrap();
    let app = App::with_provider(HttpProvider::new("lab", endpoint, vendor.codec, client), data_dir.path());
    (app.unwrap(), double, data_dir)
}

#[tokio::test]
async fn over_a_socket_the_bytes_go_through_as_they_came() {
    let (app, double, _data_dir) = gateway("custom").await;
    let body = r#"{ "input" : ["a cat","a dog"], "model":"text-embedding-3-small", "dimensions":2, "encoding_format":"base64"}"#;
    let answer = app.post(ROUTE, body).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let asked = double.journal().last().unwrap();
    assert_eq!((&*asked.target, &asked.facts.as_ref().unwrap().body), (ROUTE, &Bytes::from(body)));
    let direct = TestApp::over(MockProvider::script(Script::default())).app.post(ROUTE, body).await;
    assert_eq!(answer.text(), direct.text());
}

#[tokio::test]
async fn a_vendor_without_embeddings_is_named_and_not_asked() {
    let (app, double, _data_dir) = gateway("custom-anthropic").await;
    let answer = app.post(ROUTE, ask(json!({})).to_string()).await;
    assert_is_openais(&answer, 400, &json!("model"));
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains(MODEL) && message.contains("'lab'") && message.contains("provider/model"),
        "{message}"
    );
    assert!(double.journal().is_empty());
}
