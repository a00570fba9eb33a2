//! `MockProvider`: the same script and journal, without a socket.

use std::time::Duration;

use futures_util::StreamExt;
use playhouse_llm::{ErrorKind, Message, Prompt, Provider, Request, collect};
use playhouse_mock::journal::{Ended, Entry};
use playhouse_mock::{MockProvider, MockServer};

use tokio::time::Instant;

use crate::ask::{chat, script};

fn ask(stream: bool) -> Request {
    let mut request = Request::new("gpt-4o", Prompt::new(vec![Message::user("Hi")]));
    request.stream = stream;
    request
}

fn noted(entry: &Entry) -> (Option<u16>, String, Ended) {
    let body = String::from_utf8(entry.sent_body().to_vec()).unwrap();
    (entry.answer().map(|answer| answer.status), body, entry.sent().ended())
}

#[tokio::test]
async fn the_journal_tells_what_was_answered() {
    let mock = MockProvider::script(script("rules: [{reply: one two three}]"));
    for stream in [false, true] {
        let reply = collect(mock.chat(ask(stream)).await.unwrap()).await.unwrap();
        assert_eq!(reply.content(), "one two three");
        let call = mock.journal().last().unwrap();
        assert_eq!(noted(&call), (Some(200), "one two three".to_owned(), Ended::Complete));
        let answer = call.answer().unwrap();
        assert_eq!((answer.is_stream, answer.completion_tokens), (stream, Some(3)));
    }
}

#[tokio::test]
async fn a_reader_who_leaves_is_noted() {
    let mock = MockProvider::script(script("rules: [{reply: one two three}]"));
    let mut events = mock.chat(ask(true)).await.unwrap();
    for _ in 0..2 {
        events.next().await.unwrap().unwrap();
    }
    drop(events);
    let call = mock.journal().last().unwrap();
    assert_eq!(noted(&call), (Some(200), "one".to_owned(), Ended::ClientLeft));
}

#[tokio::test]
async fn refusals_are_those_of_the_vendor() {
    let mock =
        MockProvider::script(script("rules: [{fault: {status: 429, retry_after_s: 1.5, code: slow}}]"));
    let error = mock.chat(ask(false)).await.err().unwrap();
    assert_eq!((error.kind, error.upstream_status()), (ErrorKind::RateLimited, Some(429)));
    assert_eq!(error.retry_after, Some(Duration::from_millis(1500)));
    assert_eq!(error.upstream.as_ref().unwrap().code.as_deref(), Some("slow"));
    assert_eq!(noted(&mock.journal().last().unwrap()), (Some(429), error.message, Ended::Complete));
}

#[tokio::test]
async fn a_connection_that_nobody_takes_is_unreachable() {
    for fault in ["refuse", "reset_before_headers", "reset_in_headers"] {
        let mock = MockProvider::script(script(&format!("rules: [{{fault: {fault}}}]")));
        let error = mock.chat(ask(true)).await.err().unwrap();
        assert_eq!(error.kind, ErrorKind::Unreachable, "{fault}");
    }
}

#[tokio::test]
async fn what_breaks_off_is_noted_as_cut() {
    let mock =
        MockProvider::script(script("rules: [{reply: one two three, fault: {kind: cut, after_events: 2}}]"));
    let ended = collect(mock.chat(ask(true)).await.unwrap()).await;
    assert_eq!(ended.err().unwrap().kind, ErrorKind::Interrupted);
    assert_eq!(noted(&mock.journal().last().unwrap()).2, Ended::Cut);
}

#[tokio::test]
async fn a_server_over_a_provider_shares_its_script_and_journal() {
    let mock = MockProvider::script(script("rules: [{sequence: [one, two]}]"));
    let server = MockServer::start(mock.clone()).await.unwrap();
    let first = collect(mock.chat(ask(false)).await.unwrap()).await.unwrap();
    assert_eq!((first.content().as_str(), chat(&server, "Hi").await.content().as_str()), ("one", "two"));
    assert_eq!((mock.journal().len(), server.journal().len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn the_first_token_comes_when_it_should() {
    let mock =
        MockProvider::script(script("rules: [{reply: one two, pace: {first_token_ms: 500, token_ms: 40}}]"));
    let begun = Instant::now();
    let mut times = Vec::new();
    let mut events = mock.chat(ask(true)).await.unwrap();
    while events.next().await.is_some() {
        times.push(begun.elapsed().as_millis());
    }
    // Role, two tokens, finish, token counts; a timer fires at most a millisecond late.
    let expected = [500, 500, 540, 540, 540];
    assert!(times.iter().zip(expected).all(|(time, due)| (due..due + 3).contains(time)), "{times:?}");
    let begun = Instant::now();
    collect(mock.chat(ask(false)).await.unwrap()).await.unwrap();
    assert!((540..543).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
}
