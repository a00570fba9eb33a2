//! Embeddings on their way to a vendor: the same bytes, through the same layers.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use playhouse_llm::{Error, ErrorKind, Event, Operation, Outcome, Provider, Request};
use playhouse_provider::{Deployment, Fallback, Meter, Retry, RetryPolicy};
use playhouse_wire::openai::embeddings::PROTOCOL;
use playhouse_wire::{Codec, OpenAiEmbeddings};

use crate::support::Kept;
use crate::upstream::{Step, Upstream, json};

const BODY: &str = r#"{"model": "fast",  "input": ["a", "b"], "encoding_format": "base64", "odd": [1.0]}"#;
const VECTORS: &str = r#"{"object": "list", "data": [{"object":"embedding","index":0,"embedding":"AACAPw=="}],  "model":"embed-1-2026","usage":{"prompt_tokens":7,"total_tokens":7}}"#;

fn request() -> Request {
    OpenAiEmbeddings.read_request(BODY.into()).unwrap().request
}

async fn only_event(provider: &impl Provider, request: Request) -> Result<Event, Error> {
    let mut events = provider.chat(request).await?;
    let event = events.next().await.unwrap()?;
    assert!(events.next().await.is_none());
    Ok(event)
}

#[tokio::test]
async fn the_bytes_go_through_but_for_the_models_name() {
    let upstream = Upstream::answering(json("200 OK", VECTORS)).await;
    let event = only_event(&upstream.provider(), request().for_model("embed-1".into())).await.unwrap();
    assert_eq!(event.body_in(PROTOCOL).unwrap(), VECTORS);
    let sent = &upstream.requests()[0];
    assert!(sent.starts_with("POST /v1/embeddings HTTP/1.1\r\n"), "{sent}");
    assert!(sent.ends_with(&BODY.replace("fast", "embed-1")), "{sent}");
}

#[tokio::test]
async fn what_is_no_embedding_is_said_to_be_none() {
    let upstream = Upstream::answering(json("200 OK", crate::upstream::COMPLETION)).await;
    let error = only_event(&upstream.provider(), request()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadReply);
    assert!(
        error.message.starts_with("provider 'upstream' answered something else than embeddings"),
        "{error}"
    );
}

#[tokio::test]
async fn a_refusal_is_the_vendors_own() {
    let body = r#"{"error":{"message":"no such model","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#;
    let upstream = Upstream::answering(json("404 Not Found", body)).await;
    let error = only_event(&upstream.provider(), request()).await.unwrap_err();
    assert_eq!((error.kind, error.upstream_status()), (ErrorKind::NotFound, Some(404)));
    assert_eq!(OpenAiEmbeddings.write_error(&error, 404, "r"), body);
}

#[tokio::test]
async fn it_is_asked_again_and_then_elsewhere_and_has_one_record() {
    let busy = json("503 Service Unavailable", r#"{"error":{"message":"busy"}}"#);
    let down = Upstream::start(vec![vec![Step::Send(busy)]]).await;
    let well = Upstream::answering(json("200 OK", VECTORS)).await;
    let policy = RetryPolicy { retries: 1, base: Duration::from_millis(1), max: Duration::from_millis(1) };
    let link = |upstream: &Upstream, model: &str| {
        Deployment::new(Arc::new(Retry::new(upstream.provider(), policy)), model)
    };
    let chain = Fallback::new(vec![link(&down, "embed-0"), link(&well, "embed-1")]);
    let kept = Arc::new(Kept::default());
    let meter = Meter::new(chain, Arc::default(), kept.clone());
    let event = only_event(&meter, request()).await.unwrap();
    assert_eq!(event.body_in(PROTOCOL).unwrap(), VECTORS);
    assert_eq!((down.requests().len(), well.requests().len()), (2, 1));
    let records = kept.records.lock().unwrap();
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((record.operation, record.outcome, record.attempts), (Operation::Embeddings, Outcome::Ok, 3));
    assert_eq!((&*record.model, record.model_served.as_deref()), ("fast", Some("embed-1-2026")));
    let usage = record.usage.as_ref().unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (7, 0, 7));
}
