//! An upstream that speaks OpenAI's Responses: what it is sent, and what its answers become.

use std::time::Duration;

use playhouse_llm::{ErrorKind, Message, Part, Prompt, Provider, Request, collect};
use playhouse_provider::{Endpoint, HttpClient, HttpProvider, ProviderConfig, vendor};
use playhouse_wire::{Codec, OpenAiResponses};
use secrecy::SecretString;

use crate::upstream::Upstream;

const RESPONSE: &str = r#"{"id":"resp_1","object":"response","created_at":7,"status":"completed","error":null,"model":"gpt-5","output":[{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"x"},{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hello!","annotations":[]}]}],"usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5}}"#;

fn answer(kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nx-request-id: req_7\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn provider(name: &str, upstream: &Upstream) -> HttpProvider {
    let config = ProviderConfig {
        base_url: Some(upstream.url()),
        api_key: Some(SecretString::from("sk-upstream")),
        ..ProviderConfig::default()
    };
    let vendor = vendor(name).unwrap();
    let endpoint = Endpoint::new(vendor, &config).unwrap();
    HttpProvider::new(name, endpoint, vendor.codec, HttpClient::new(Duration::from_secs(5)).unwrap())
}

#[tokio::test]
async fn it_is_asked_as_openai_wants_it() {
    for name in ["openai-responses", "custom-responses"] {
        let upstream = Upstream::answering(answer("application/json", RESPONSE)).await;
        let request = Request::new("gpt-5", Prompt::new(vec![Message::user("Hi")]));
        let reply = collect(provider(name, &upstream).chat(request).await.unwrap()).await.unwrap();
        assert_eq!((reply.content().as_str(), reply.usage.as_ref().unwrap().total_tokens), ("Hello!", 5));
        assert!(reply.choices[0].message.parts.first().is_some_and(Part::is_sealed));
        let seen = &upstream.requests()[0];
        assert!(
            seen.starts_with("POST /v1/responses HTTP/1.1\r\n")
                || seen.starts_with("POST /responses HTTP/1.1\r\n"),
            "{seen}"
        );
        assert!(seen.contains("authorization: Bearer sk-upstream\r\n"), "{seen}");
        assert!(seen.contains(r#""store":false"#), "{seen}");
        assert!(seen.contains(r#""include":["reasoning.encrypted_content"]"#), "{seen}");
    }
}

#[tokio::test]
async fn a_stream_without_its_last_event_is_an_error() {
    let begun = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"model\":\"gpt-5\"}}\n\n";
    let upstream = Upstream::answering(answer("text/event-stream", begun)).await;
    let body = r#"{"model":"gpt-5","input":"Hi","stream":true}"#;
    let request = OpenAiResponses.read_request(body.into()).unwrap().request;
    let events = provider("custom-responses", &upstream).chat(request).await.unwrap();
    let error = collect(events).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Interrupted, "{error}");
}
