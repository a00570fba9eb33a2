//! What goes wrong, what is limited and how fast it comes: as Anthropic tells it.

use playhouse_mock::journal::Ended;
use playhouse_mock::script::When;
use playhouse_mock::verify::Expectations;
use serde_json::{Value, json};

use super::{ask, body, events};
use crate::ask::{Answer, start};

async fn met(fault: &str, stream: bool) -> Answer {
    let server = start(&format!("rules: [{{fault: {fault}, reply: one two three four five six}}]")).await;
    ask(&server, &body("Hi", json!({ "stream": stream }))).await
}

#[tokio::test]
async fn every_status_is_refused_in_anthropics_shape() {
    for (status, class) in [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (529, "overloaded_error"),
    ] {
        let answer = met(&status.to_string(), false).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["error"]["type"]), (Some(status), &json!(class)));
        assert_eq!(told["type"], "error");
        assert_eq!(told["request_id"].as_str(), answer.header("request-id"));
        assert!(answer.header("anthropic-organization-id").is_some());
    }
}

#[tokio::test]
async fn a_limit_that_is_reached_is_told_in_headers_and_words() {
    let server = start("{quota: {requests_per_minute: 1}, rules: [{reply: Hi}]}").await;
    let first = ask(&server, &body("Hi", json!({}))).await;
    assert_eq!(
        (first.status, first.header("anthropic-ratelimit-requests-remaining")),
        (Some(200), Some("0"))
    );
    let second = ask(&server, &body("Hi", json!({}))).await;
    assert_eq!((second.status, second.header("anthropic-ratelimit-requests-limit")), (Some(429), Some("1")));
    assert!(second.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok_and(|n| n > 0)));
    let reset = second.header("anthropic-ratelimit-requests-reset").unwrap();
    assert!(reset.starts_with("20") && reset.ends_with('Z'), "{reset}");
    let error = &second.json()["error"];
    assert_eq!(error["type"], "rate_limit_error");
    let message = error["message"].as_str().unwrap();
    assert!(
        message
            .starts_with("This request would exceed your organization's rate limit of 1 requests per minute"),
        "{message}"
    );
    assert!(message.contains("model: claude-haiku-4-5"), "{message}");
}

#[tokio::test]
async fn tokens_are_limited_too() {
    let server = start("{quota: {tokens_per_minute: 1000}, rules: [{reply: Hi}]}").await;
    let answer = ask(&server, &body("Hi", json!({}))).await;
    assert_eq!(answer.header("anthropic-ratelimit-tokens-limit"), Some("1000"));
    assert!(answer.header("anthropic-ratelimit-input-tokens-remaining").is_some());
    let large = ask(&server, &body("Hi", json!({ "max_tokens": 5000 }))).await;
    assert_eq!((large.status, &large.json()["error"]["type"]), (Some(429), &json!("rate_limit_error")));
}

#[tokio::test]
async fn a_stream_ends_with_an_error() {
    let answer = met("{kind: error_event, after_events: 3}", true).await;
    let events = events(&answer);
    let last = events.last().unwrap();
    assert_eq!((answer.status, &last["type"]), (Some(200), &json!("error")));
    assert!(last["error"]["type"].is_string(), "{last}");
    assert!(answer.body.contains("event: error\n"), "{}", answer.body);
}

#[tokio::test]
async fn a_stream_is_cut_where_the_script_says() {
    let answer = met("{kind: cut, after_events: 3}", true).await;
    let seen = events(&answer);
    assert_eq!(seen[0]["type"], "message_start");
    assert!(seen.len() == 3 && seen.iter().all(|event| event["type"] != "message_stop"), "{seen:?}");
    let whole = met("truncated_json", false).await;
    assert!(serde_json::from_str::<Value>(&whole.body).is_err());
}

#[tokio::test]
async fn chaos_meets_anthropics_requests_as_well() {
    let server = start("{chaos: {rate: 1, seed: 7, faults: [529]}, rules: [{reply: Hi}]}").await;
    assert_eq!(ask(&server, &body("Hi", json!({}))).await.status, Some(529));
}

#[tokio::test]
async fn answers_come_at_their_pace() {
    let server = start("{pace: {first_token_ms: 120, token_ms: 5}, rules: [{reply: one two three}]}").await;
    for stream in [false, true] {
        let begun = std::time::Instant::now();
        assert_eq!(ask(&server, &body("Hi", json!({ "stream": stream }))).await.status, Some(200));
        assert!(begun.elapsed().as_millis() >= 120, "{stream}");
    }
}

#[tokio::test]
async fn calls_are_kept_and_verified() {
    let mut server = start("rules: [{name: greeting, when: {user: Hi, system: polite}, reply: Hello}]").await;
    ask(&server, &body("Hi", json!({ "system": "Be polite.", "stream": true }))).await;
    let call = server.journal().last().unwrap();
    assert_eq!((call.sent().ended(), call.answer().is_some()), (Ended::Complete, true));
    server.expect(Expectations::default().called(When::user("Hi"), 1).total(1).script_consumed());
}
