//! Each phase of a call has its own longest wait. Time is short here, never slept through.

use std::time::Duration;

use playhouse_llm::{ErrorKind, Phase, Provider};
use playhouse_provider::Timeouts;

use crate::upstream::{STREAM_HEAD, Step, Upstream, ask, delta, request};

const SHORT: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_secs(60);

fn timeouts(first_token: Duration, idle: Duration, total: Duration) -> Timeouts {
    Timeouts { first_token, idle, total }
}

#[tokio::test]
async fn no_head_is_no_first_token() {
    let upstream = Upstream::start(vec![vec![Step::AwaitClose]]).await;
    let provider = upstream.provider_within(timeouts(SHORT, LONG, LONG));
    let error = ask(&provider, request().streamed(true)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout(Phase::FirstToken));
}

#[tokio::test]
async fn comments_do_not_put_the_first_token_off() {
    let comments = format!("{STREAM_HEAD}: still working\n\n: still working\n\n");
    let upstream = Upstream::start(vec![vec![Step::Send(comments.into()), Step::AwaitClose]]).await;
    let provider = upstream.provider_within(timeouts(SHORT, LONG, LONG));
    let error = ask(&provider, request().streamed(true)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout(Phase::FirstToken));
}

#[tokio::test]
async fn silence_in_the_middle_is_idleness() {
    let begun = format!("{STREAM_HEAD}{}", delta("Hel"));
    let upstream = Upstream::start(vec![vec![Step::Send(begun.into()), Step::AwaitClose]]).await;
    let provider = upstream.provider_within(timeouts(LONG, SHORT, LONG));
    let error = ask(&provider, request().streamed(true)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout(Phase::Idle));
}

#[tokio::test]
async fn a_whole_answer_is_bounded_by_the_total_alone() {
    let upstream = Upstream::start(vec![vec![Step::AwaitClose]]).await;
    let provider =
        upstream.provider_within(timeouts(Duration::from_millis(1), Duration::from_millis(1), SHORT));
    let Err(error) = provider.chat(request()).await else { panic!("an answer came of it") };
    assert_eq!(error.kind, ErrorKind::Timeout(Phase::Total));
    assert!(error.message.contains("30 ms"), "{}", error.message);
}
