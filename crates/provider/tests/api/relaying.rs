//! What goes out and what comes back when all is well.

use std::sync::Arc;

use futures_util::StreamExt;
use playhouse_llm::{Context, FinishReason};
use playhouse_telemetry::TraceParent;

use crate::upstream::{COMPLETION, DONE, FINISH, Upstream, ask, delta, json, open, request, stream};

#[tokio::test]
async fn a_whole_answer_comes_back_with_its_usage() {
    let upstream = Upstream::answering(json("200 OK", COMPLETION)).await;
    let reply = ask(&upstream.provider(), request()).await.unwrap();
    assert_eq!(reply.content(), "Hello!");
    assert_eq!(reply.usage.unwrap().total_tokens, 5);
}

#[tokio::test]
async fn the_request_carries_key_id_and_trace_and_asks_for_no_compression() {
    let upstream = Upstream::answering(json("200 OK", COMPLETION)).await;
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let context = Context {
        trace: TraceParent::parse(traceparent).map(|caller| caller.context(Some(Arc::from("a=1")))),
        ..Context::named("req-1")
    };
    ask(&upstream.provider(), request().within(Arc::new(context))).await.unwrap();

    let sent = &upstream.requests()[0];
    assert!(sent.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{sent}");
    for header in [
        "authorization: Bearer sk-upstream",
        "x-request-id: req-1",
        &format!("traceparent: {traceparent}"),
        "tracestate: a=1",
        "accept-encoding: identity",
        "content-type: application/json",
    ] {
        assert!(sent.contains(&format!("\r\n{header}\r\n")), "{header} is missing in\n{sent}");
    }
}

#[tokio::test]
async fn a_stream_comes_back_in_pieces_and_asks_for_usage() {
    let upstream = Upstream::answering(stream(&[&delta("Hel"), &delta("lo"), FINISH, DONE].concat())).await;
    let reply = ask(&upstream.provider(), request().streamed(true)).await.unwrap();
    assert_eq!(reply.content(), "Hello");
    assert_eq!(reply.finish(), Some(&FinishReason::Stop));
    assert!(upstream.requests()[0].contains(r#""stream_options":{"include_usage":true}"#));
}

#[tokio::test]
async fn a_stream_split_at_every_byte_is_the_same_stream() {
    let events = [&delta("Gr\u{fc}\u{df}e"), FINISH, DONE].concat();
    let mut script = vec![crate::upstream::Step::Send(crate::upstream::STREAM_HEAD.into())];
    script.extend(events.bytes().map(|byte| crate::upstream::Step::Send(vec![byte])));
    let upstream = Upstream::start(vec![script]).await;
    let reply = ask(&upstream.provider(), request().streamed(true)).await.unwrap();
    assert_eq!(reply.content(), "Gr\u{fc}\u{df}e");
}

#[tokio::test]
async fn a_whole_answer_to_a_request_for_a_stream_is_taken() {
    let upstream = Upstream::answering(json("200 OK", COMPLETION)).await;
    let mut events = open(&upstream.provider()).await;
    let event = events.next().await.unwrap().unwrap();
    assert!(event.is_whole());
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn the_trail_says_who_answered_and_what_it_took() {
    let head = "content-type: application/json\r\nx-request-id: req_up\r\n";
    let upstream = Upstream::answering(crate::upstream::http("200 OK", head, COMPLETION)).await;
    let context = Arc::new(Context::named("req-1"));
    ask(&upstream.provider(), request().within(context.clone())).await.unwrap();

    let attempt = context.trail.last_attempt().unwrap();
    assert_eq!((&*attempt.provider, &*attempt.model, attempt.status), ("upstream", "m-1", Some(200)));
    assert_eq!(attempt.upstream_request_id.as_deref(), Some("req_up"));
    assert_eq!(context.trail.attempts(), 1);
    assert!(!context.trail.upstream_time().is_zero());
}
