//! An upstream that speaks Anthropic's Messages: what it is sent, and what its answers become.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_llm::{CountTokens, Message, Models, Prompt, Provider, Request, collect};
use playhouse_provider::{Endpoint, HttpClient, HttpProvider, ProviderConfig, vendor};
use playhouse_wire::{AnthropicMessages, Codec, OpenAiChat};
use secrecy::SecretString;

use crate::upstream::Upstream;

const MESSAGE: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[{"type":"text","text":"Hello!"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":2}}"#;
const BODY: &str =
    r#"{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#;

fn answer(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_7\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn provider(upstream: &Upstream, headers: &[(&str, &str)]) -> HttpProvider {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let config = ProviderConfig {
        base_url: Some(upstream.url()),
        api_key: Some(SecretString::from("sk-upstream")),
        headers: BTreeMap::from_iter(headers),
        ..ProviderConfig::default()
    };
    let anthropic = vendor("anthropic").unwrap();
    let endpoint = Endpoint::new(anthropic, &config).unwrap();
    let client = HttpClient::new(Duration::from_secs(5)).unwrap();
    HttpProvider::new("anthropic", endpoint, anthropic.codec, client)
}

/// A request as it came over a protocol, with these fields of its head.
fn arrived(codec: &dyn Codec, headers: Vec<(&'static str, Box<str>)>) -> Request {
    codec.read_request(BODY.into()).unwrap().request.with_headers(headers)
}

/// The values of a field that was sent.
fn sent<'a>(request: &'a str, name: &str) -> Vec<&'a str> {
    let fields = request.lines().filter_map(|line| line.split_once(": "));
    fields.filter(|(known, _)| *known == name).map(|(_, value)| value).collect()
}

#[tokio::test]
async fn it_is_asked_as_anthropic_wants_it() {
    let upstream = Upstream::answering(answer(MESSAGE)).await;
    let request = Request::new("claude-haiku-4-5", Prompt::new(vec![Message::user("Hi")]));
    let trail = request.context.trail.clone();
    let reply = collect(provider(&upstream, &[]).chat(request).await.unwrap()).await.unwrap();
    assert_eq!((reply.content().as_str(), reply.usage.unwrap().total_tokens), ("Hello!", 5));
    assert_eq!(trail.last_attempt().unwrap().upstream_request_id.as_deref(), Some("req_7"));
    let seen = &upstream.requests()[0];
    assert!(seen.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{seen}");
    assert_eq!(sent(seen, "x-api-key"), ["sk-upstream"]);
    assert_eq!(sent(seen, "anthropic-version"), ["2023-06-01"]);
    assert!(sent(seen, "authorization").is_empty() && sent(seen, "anthropic-beta").is_empty());
}

#[tokio::test]
async fn a_callers_version_and_features_are_passed_on_where_it_speaks_the_same() {
    let upstream = Upstream::answering(answer(MESSAGE)).await;
    let own = || vec![("anthropic-version", "2024-01-01".into()), ("anthropic-beta", "a,b".into())];
    let messages = || arrived(&AnthropicMessages, own());
    provider(&upstream, &[]).chat(messages()).await.map(drop).unwrap();
    provider(&upstream, &[("Anthropic-Beta", "mine")]).chat(messages()).await.map(drop).unwrap();
    provider(&upstream, &[]).chat(arrived(&OpenAiChat, own())).await.map(drop).unwrap();
    let seen = upstream.requests();
    let fields = |at: usize| (sent(&seen[at], "anthropic-version"), sent(&seen[at], "anthropic-beta"));
    assert_eq!(fields(0), (vec!["2024-01-01"], vec!["a,b"]));
    assert_eq!(fields(1), (vec!["2024-01-01"], vec!["mine"]));
    assert_eq!(fields(2), (vec!["2023-06-01"], vec![]));
    assert!(seen[0].ends_with(BODY), "the bytes go through as they came");
}

#[tokio::test]
async fn it_counts_tokens_and_what_it_says_goes_through() {
    let counted = r#"{"input_tokens":11,"context_management":{"original_input_tokens":20}}"#;
    let upstream = Upstream::answering(answer(counted)).await;
    let count = provider(&upstream, &[]).count_tokens(arrived(&AnthropicMessages, Vec::new())).await.unwrap();
    assert_eq!(count.input_tokens, 11);
    assert_eq!(AnthropicMessages.counting().unwrap().write_count(&count), counted);
    assert!(upstream.requests()[0].starts_with("POST /v1/messages/count_tokens HTTP/1.1\r\n"));
}

#[tokio::test]
async fn what_it_refuses_to_count_is_its_own_refusal() {
    let body =
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"slowly"},"request_id":"req_7"}"#;
    let refusal = format!(
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 3\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let upstream = Upstream::answering(refusal).await;
    let error =
        provider(&upstream, &[]).count_tokens(arrived(&AnthropicMessages, Vec::new())).await.unwrap_err();
    assert_eq!((error.upstream_status(), error.retry_after), (Some(429), Some(Duration::from_secs(3))));
    assert_eq!(AnthropicMessages.write_error(&error, 429, "r"), body);
}

#[tokio::test]
async fn its_models_are_read() {
    let list = r#"{"data":[{"type":"model","id":"claude-opus-4-1","display_name":"Claude","created_at":"2025-08-05T00:00:00Z"}],"has_more":false,"first_id":"a","last_id":"a"}"#;
    let upstream = Upstream::answering(answer(list)).await;
    let models = provider(&upstream, &[]).list_models().await.unwrap();
    assert_eq!((&*models[0].id, &*models[0].owned_by), ("claude-opus-4-1", "anthropic"));
    assert_eq!(models[0].created, Some(1_754_352_000));
    let seen = &upstream.requests()[0];
    assert!(seen.starts_with("GET /v1/models?limit=1000 HTTP/1.1\r\n"), "{seen}");
    assert_eq!(sent(seen, "anthropic-version"), ["2023-06-01"]);
}
