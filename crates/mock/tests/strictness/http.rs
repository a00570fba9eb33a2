//! What is refused before anybody looks at what is asked: keys, methods, paths, forms of bodies.

use playhouse_mock::MockServer;
use playhouse_mock::script::Script;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CASES: &str = include_str!("http.jsonl");
const ANTHROPIC: &str = include_str!("anthropic_http.jsonl");

/// What a client of OpenAI's sends unless a case says otherwise, and one of Anthropic's.
const OPENAI_HEADERS: [(&str, &str); 1] = [("authorization", "Bearer sk-test-default")];
const ANTHROPIC_HEADERS: [(&str, &str); 2] =
    [("x-api-key", "sk-test-default"), ("anthropic-version", "2023-06-01")];

#[tokio::test]
async fn bad_exchanges_are_refused_in_openais_words() {
    let server = MockServer::start(Script::default()).await.unwrap();
    let mut astray = Vec::new();
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (status, told) = send(&server, &case, "/v1/chat/completions", &OPENAI_HEADERS).await;
        let error = &told["error"];
        let begins = |message: &str| error["message"].as_str().is_some_and(|told| told.starts_with(message));
        let is_right = json!(status) == case["status"]
            && begins(case["message"].as_str().unwrap())
            && error["type"] == "invalid_request_error"
            && error["param"] == case["param"]
            && error["code"] == case["code"];
        if !is_right {
            astray.push(format!("{}: {status} {told}", case["why"]));
        }
    }
    assert!(astray.is_empty(), "{}", astray.join("\n"));
}

#[tokio::test]
async fn bad_exchanges_are_refused_in_anthropics_words() {
    let server = MockServer::start(Script::default()).await.unwrap();
    let mut astray = Vec::new();
    for line in ANTHROPIC.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (status, told) = send(&server, &case, "/v1/messages", &ANTHROPIC_HEADERS).await;
        let error = &told["error"];
        let begins = |message: &str| error["message"].as_str().is_some_and(|told| told.starts_with(message));
        let is_right = json!(status) == case["status"]
            && begins(case["message"].as_str().unwrap())
            && (&told["type"], &error["type"]) == (&json!("error"), &case["type"])
            && told["request_id"].is_string();
        if !is_right {
            astray.push(format!("{}: {status} {told}", case["why"]));
        }
    }
    assert!(astray.is_empty(), "{}", astray.join("\n"));
}

#[tokio::test]
async fn answers_are_kept_where_that_is_asked_for() {
    let server = MockServer::start(Script::default()).await.unwrap();
    let ask = |store: bool, stream: bool| {
        let messages = json!([{"role": "user", "content": "Hi"}]);
        json!({"model": "gpt-4o", "messages": messages, "store": store, "stream": stream}).to_string()
    };
    for body in [ask(true, false), ask(false, false), ask(true, true)] {
        exchange(&server, "POST", "/v1/chat/completions", &KEY, &body).await;
    }
    let (status, page) = exchange(&server, "GET", "/v1/chat/completions", &KEY, "").await;
    let page: Value = serde_json::from_str(&page).unwrap();
    let kept = page["data"].as_array().unwrap();
    assert_eq!((status, kept.len()), (200, 2));
    for answer in kept {
        assert_eq!((&answer["object"], &answer["metadata"]), (&json!("chat.completion"), &json!({})));
        assert_eq!(answer["choices"][0]["message"]["content"], "Hi");
    }
    let path = format!("/v1/chat/completions/{}/messages", kept[0]["id"].as_str().unwrap());
    let (_, messages) = exchange(&server, "GET", &path, &KEY, "").await;
    let messages: Value = serde_json::from_str(&messages).unwrap();
    assert_eq!(messages["data"][0]["content"], "Hi");
    let elsewhere = exchange(&server, "GET", "/ns/other/v1/chat/completions", &KEY, "").await.1;
    assert_eq!(serde_json::from_str::<Value>(&elsewhere).unwrap()["data"], json!([]));
}

const KEY: [(&str, Option<&str>); 1] = [("authorization", Some("Bearer sk-test-default"))];

/// The status and the body of what is answered to a case, which may send other headers than the usual.
async fn send(server: &MockServer, case: &Value, path: &str, usual: &[(&str, &str)]) -> (u16, Value) {
    let method = case["method"].as_str().unwrap_or("POST");
    let path = case["path"].as_str().unwrap_or(path);
    let own: Vec<(&str, Option<&str>)> = case["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let kept = usual.iter().filter(|(name, _)| !own.iter().any(|(other, _)| other == name));
    let headers: Vec<(&str, Option<&str>)> =
        kept.map(|(name, value)| (*name, Some(*value))).chain(own.iter().copied()).collect();
    let (status, body) = exchange(server, method, path, &headers, case["body"].as_str().unwrap()).await;
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

/// One exchange on a connection of its own; a header without a value is left out.
async fn exchange(
    server: &MockServer,
    method: &str,
    path: &str,
    headers: &[(&str, Option<&str>)],
    body: &str,
) -> (u16, String) {
    let json = [("content-type", Some("application/json"))];
    let json = json.iter().filter(|(name, _)| !headers.iter().any(|(other, _)| other == name));
    let lines = json.chain(headers).filter_map(|(name, value)| Some(format!("{name}: {}\r\n", (*value)?)));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n{}\r\n",
        body.len(),
        lines.collect::<String>(),
    );
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
