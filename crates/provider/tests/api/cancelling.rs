//! A caller who goes away takes the upstream request along, at once.

use futures_util::StreamExt;
use playhouse_llm::Provider;

use crate::upstream::{STREAM_HEAD, Step, Upstream, delta, open, request};

#[tokio::test]
async fn before_the_head_has_come() {
    let mut upstream = Upstream::start(vec![vec![Step::AwaitClose]]).await;
    let provider = upstream.provider();
    let waiting = tokio::spawn(async move { provider.chat(request()).await.is_ok() });
    while upstream.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    upstream.hung_up().await;
}

#[tokio::test]
async fn while_a_whole_answer_is_awaited() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{";
    let mut upstream = Upstream::start(vec![vec![Step::Send(head.into()), Step::AwaitClose]]).await;
    let provider = upstream.provider();
    let waiting = tokio::spawn(async move { provider.chat(request()).await.is_ok() });
    while upstream.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    upstream.hung_up().await;
}

#[tokio::test]
async fn in_the_middle_of_a_stream() {
    let begun = format!("{STREAM_HEAD}{}", delta("Hel"));
    let mut upstream = Upstream::start(vec![vec![Step::Send(begun.into()), Step::AwaitClose]]).await;
    let mut events = open(&upstream.provider()).await;
    events.next().await.unwrap().unwrap();
    drop(events);
    upstream.hung_up().await;
}
