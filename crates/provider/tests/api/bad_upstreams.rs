//! Upstreams that refuse, talk nonsense or break off: each is one clear error.

use futures_util::StreamExt;
use playhouse_llm::{Error, ErrorKind};
use std::time::Duration;

use crate::upstream::{COMPLETION, DONE, FINISH, Upstream, ask, delta, http, json, open, request, stream};

async fn failure_of(answer: Vec<u8>) -> Error {
    let upstream = Upstream::answering(answer).await;
    ask(&upstream.provider(), request()).await.expect_err("an answer came of it")
}

async fn failure_of_stream(answer: Vec<u8>) -> Error {
    let upstream = Upstream::answering(answer).await;
    ask(&upstream.provider(), request().streamed(true)).await.expect_err("an answer came of it")
}

#[tokio::test]
async fn a_refusal_keeps_status_code_wait_and_body() {
    let body =
        r#"{"error":{"message":"slow down","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#;
    let head = "content-type: application/json\r\nretry-after: 7\r\n";
    let error = failure_of(http("429 Too Many Requests", head, body)).await;
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
    let upstream = error.upstream.unwrap();
    assert_eq!((upstream.status, upstream.code.as_deref()), (Some(429), Some("rate_limit_exceeded")));
    assert_eq!(upstream.body.unwrap().bytes, body.as_bytes());
}

#[tokio::test]
async fn a_refusal_that_is_too_long_or_breaks_off_is_not_told_as_empty() {
    let long = failure_of(http("500 Internal Server Error", "", &"x".repeat(1 << 20))).await;
    assert_eq!(long.kind, ErrorKind::Upstream);
    assert_eq!(
        long.message,
        "provider 'upstream' answered with status 500 and 262144 bytes of text that is not JSON"
    );
    let cut = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 99\r\n\r\n{\"error\":{";
    let cut = failure_of(cut.as_bytes().to_vec()).await;
    assert!(cut.message.ends_with("JSON that breaks off after 10 bytes"), "{}", cut.message);
}

#[tokio::test]
async fn statuses_become_kinds() {
    for (status, kind) in [
        ("400 Bad Request", ErrorKind::InvalidRequest),
        ("401 Unauthorized", ErrorKind::Unauthenticated),
        ("404 Not Found", ErrorKind::NotFound),
        ("500 Internal Server Error", ErrorKind::Upstream),
        ("503 Service Unavailable", ErrorKind::Overloaded),
        ("529 Overloaded", ErrorKind::Overloaded),
        ("301 Moved", ErrorKind::BadReply),
    ] {
        assert_eq!(failure_of(json(status, "{}")).await.kind, kind, "{status}");
    }
}

#[tokio::test]
async fn nonsense_is_a_bad_reply_that_quotes_nothing() {
    let html = "<html>secret-ish</html>";
    for answer in [
        http("200 OK", "content-type: text/html\r\n", html),
        json("200 OK", html),
        json("200 OK", r#"{"id":"chatcmpl-1","choi"#),
        json("200 OK", ""),
        json("200 OK", "[]"),
        json("200 OK", r#"{"choices":[]}"#),
        http("200 OK", "content-type: application/json\r\ncontent-encoding: gzip\r\n", "\u{1f}junk"),
    ] {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        let error = failure_of(answer).await;
        assert_eq!(error.kind, ErrorKind::BadReply, "{shown}");
        assert!(!error.message.contains("secret-ish"), "{}", error.message);
        assert!(error.message.contains("'upstream'"), "{}", error.message);
    }
}

#[tokio::test]
async fn a_stream_of_nonsense_is_a_bad_reply() {
    for answer in [
        http("200 OK", "content-type: text/html\r\n", "<html></html>"),
        stream("data: {\"choices\": [\n\n"),
        stream("data: <html>\n\n"),
    ] {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        let kind = failure_of_stream(answer).await.kind;
        assert!(matches!(kind, ErrorKind::BadReply | ErrorKind::Interrupted), "{kind:?} for {shown}");
    }
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_an_error() {
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{COMPLETION}"
    );
    assert_eq!(failure_of(answer.into_bytes()).await.kind, ErrorKind::BadReply);
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_unreachable() {
    assert_eq!(failure_of(Vec::new()).await.kind, ErrorKind::Unreachable);
}

#[tokio::test]
async fn a_stream_that_ends_without_a_finish_is_interrupted() {
    for end in ["", DONE] {
        let error = failure_of_stream(stream(&format!("{}{end}", delta("Hel")))).await;
        assert_eq!(error.kind, ErrorKind::Interrupted, "ended by {end:?}");
    }
}

#[tokio::test]
async fn what_came_before_a_stream_broke_is_not_lost() {
    let half = &FINISH[..40];
    let upstream = Upstream::answering(stream(&format!("{}{half}", delta("Hel")))).await;
    let mut events = open(&upstream.provider()).await;
    let first = events.next().await.unwrap().unwrap();
    assert_eq!(first.chunks().unwrap()[0].content(), "Hel");
    assert_eq!(events.next().await.unwrap().unwrap_err().kind, ErrorKind::Interrupted);
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn an_error_within_a_stream_is_the_upstreams_error() {
    let events =
        format!("{}data: {{\"error\":{{\"message\":\"overheated\",\"code\":\"hot\"}}}}\n\n", delta("Hel"));
    let error = failure_of_stream(stream(&events)).await;
    assert_eq!(error.kind, ErrorKind::Upstream);
    assert_eq!(error.upstream.unwrap().code.as_deref(), Some("hot"));
}

#[tokio::test]
async fn an_endless_line_is_cut_off() {
    let upstream = Upstream::answering(stream(&format!("data: {}", "x".repeat(200_000)))).await;
    let bounds = playhouse_provider::Bounds { max_reply_bytes: 1 << 20, max_line_bytes: 64 << 10 };
    let provider = upstream.provider().with_bounds(bounds);
    let error = ask(&provider, request().streamed(true)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadReply);
}

#[tokio::test]
async fn an_answer_over_the_bound_is_refused() {
    let upstream = Upstream::answering(json("200 OK", &" ".repeat(100_000))).await;
    let bounds = playhouse_provider::Bounds { max_reply_bytes: 1000, max_line_bytes: 1000 };
    let error = ask(&upstream.provider().with_bounds(bounds), request()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadReply);
    assert!(error.message.contains("max_reply_bytes"), "{}", error.message);
}

#[tokio::test]
async fn one_alternatives_end_is_not_the_end_of_all() {
    let other = delta("Hey").replace(r#""index":0"#, r#""index":1"#);
    let upstream = Upstream::answering(stream(&[&delta("Hi"), &other, FINISH, DONE].concat())).await;
    let request = request().streamed(true).asking_for(2);
    let error = ask(&upstream.provider(), request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Interrupted);
    assert!(error.message.contains("choice 1"), "{error}");
}
