//! A second try beside a first one that is slow to begin.

use std::sync::Arc;
use std::time::Duration;

use playhouse_llm::{Context, ErrorKind, Provider, Request};
use playhouse_provider::{Deployment, Fallback, Hedge, HedgeBudget, Meter, PriceTable, Tally};
use playhouse_wire::{Codec, OpenAiChat};

use crate::support::{Act, Kept, Stage, fail};
use crate::upstream::{COMPLETION, STREAM_HEAD, Step, Upstream, ask, json, request};

const SLOW: Duration = Duration::from_secs(30);

fn slow(text: &'static str) -> Act {
    Act::Say(text, SLOW)
}

fn hedged(stages: &[&Arc<Stage>], percent: u32, kept: &Arc<Kept>) -> Hedge {
    let deployment = |stage: &&Arc<Stage>| {
        let name = format!("{}", stages.iter().position(|other| Arc::ptr_eq(other, stage)).unwrap());
        Deployment::new(Arc::new(Tally::new((*stage).clone(), name.into(), kept.clone())), "m")
    };
    let chain = Fallback::new(stages.iter().map(deployment).collect());
    Hedge::new(chain, Duration::from_millis(200), Arc::new(HedgeBudget::new(percent)))
}

fn kept() -> Arc<Kept> {
    Arc::new(Kept::default())
}

#[tokio::test(start_paused = true)]
async fn the_faster_of_two_wins_and_the_other_is_given_up_at_once() {
    let (first, second) = (Stage::playing("first", [slow("first")]), Stage::well("second"));
    let kept = kept();
    let meter =
        Meter::new(hedged(&[&first, &second], 100, &kept), Arc::new(PriceTable::default()), kept.clone());
    let asked_at = tokio::time::Instant::now();
    assert_eq!(ask(&meter, request()).await.unwrap().content(), "second");
    assert_eq!(asked_at.elapsed(), Duration::from_millis(200));
    assert_eq!((first.asked(), first.given_up(), second.asked()), (1, 1, 1));
    let attempts = kept.attempts.lock().unwrap().clone();
    assert_eq!(attempts, [("1".to_owned(), None), ("0".to_owned(), Some(ErrorKind::Cancelled))]);
    let records = kept.records.lock().unwrap();
    assert_eq!((records[0].attempts, records[0].provider.as_deref()), (2, Some("second")));
}

#[tokio::test(start_paused = true)]
async fn one_that_answers_in_time_is_not_doubled() {
    let first = Stage::playing("first", [Act::Say("first", Duration::from_millis(199))]);
    let second = Stage::well("second");
    assert_eq!(ask(&hedged(&[&first, &second], 100, &kept()), request()).await.unwrap().content(), "first");
    assert_eq!(second.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_first_may_still_win() {
    let first = Stage::playing("first", [Act::Say("first", Duration::from_millis(300))]);
    let second = Stage::playing("second", [slow("second")]);
    let kept = kept();
    let meter =
        Meter::new(hedged(&[&first, &second], 100, &kept), Arc::new(PriceTable::default()), kept.clone());
    let context = Arc::new(Context::named("r"));
    assert_eq!(ask(&meter, request().within(context.clone())).await.unwrap().content(), "first");
    assert_eq!((second.given_up(), context.trail.attempts()), (1, 2));
    assert_eq!(kept.records.lock().unwrap()[0].provider.as_deref(), Some("first"));
}

#[tokio::test(start_paused = true)]
async fn where_one_fails_the_other_is_waited_for() {
    for failing_first in [true, false] {
        let bad = Stage::playing("bad", [Act::Fail(refusal(), Duration::from_millis(500))]);
        let good = Stage::playing("good", [Act::Say("good", Duration::from_secs(2))]);
        let order = if failing_first { [&bad, &good] } else { [&good, &bad] };
        assert_eq!(ask(&hedged(&order, 100, &kept()), request()).await.unwrap().content(), "good");
    }
}

fn refusal() -> playhouse_llm::Error {
    playhouse_llm::Error::new(ErrorKind::Unreachable, "as told")
}

#[tokio::test(start_paused = true)]
async fn a_wrong_request_is_told_at_once() {
    let wrong = playhouse_llm::Error::new(ErrorKind::InvalidRequest, "as told");
    let first = Stage::playing("first", [Act::Fail(wrong, Duration::from_millis(500))]);
    let second = Stage::playing("second", [slow("second")]);
    let error = ask(&hedged(&[&first, &second], 100, &kept()), request()).await.unwrap_err();
    assert_eq!((error.kind, second.given_up()), (ErrorKind::InvalidRequest, 1));
}

#[tokio::test(start_paused = true)]
async fn alone_it_is_asked_twice() {
    let only = Stage::playing("only", [slow("slow"), Act::Say("quick", Duration::from_millis(1))]);
    assert_eq!(ask(&hedged(&[&only], 100, &kept()), request()).await.unwrap().content(), "quick");
    assert_eq!((only.asked(), only.given_up()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn only_a_share_is_doubled() {
    let (first, second) =
        (Stage::playing("first", [slow("first")]), Stage::playing("second", [slow("second")]));
    let hedge = hedged(&[&first, &second], 10, &kept());
    for _ in 0..100 {
        ask(&hedge, request()).await.unwrap();
    }
    // One is there from the start, and each ten requests earn another.
    assert_eq!((first.asked(), second.asked()), (100, 11));
    let never = hedged(&[&first, &second], 0, &kept());
    ask(&never, request()).await.unwrap();
    assert_eq!(second.asked(), 11);
}

#[tokio::test(start_paused = true)]
async fn what_does_more_than_answer_is_never_doubled() {
    let (first, second) = (Stage::playing("first", [slow("first")]), Stage::well("second"));
    let hedge = hedged(&[&first, &second], 100, &kept());
    let body = r#"{"model":"m","store":true,"messages":[{"role":"user","content":"Hi"}]}"#;
    let stored: Request = OpenAiChat.read_request(body.into()).unwrap().request;
    assert_eq!(ask(&hedge, stored).await.unwrap().content(), "first");
    assert_eq!(second.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn both_failing_is_a_failure() {
    let late = |kind| Act::Fail(playhouse_llm::Error::new(kind, "as told"), Duration::from_millis(500));
    let first = Stage::playing("first", [late(ErrorKind::Unreachable)]);
    let second = Stage::playing("second", [fail(ErrorKind::BadReply)]);
    let error = ask(&hedged(&[&first, &second], 100, &kept()), request()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable);
}

#[tokio::test]
async fn over_sockets_the_loser_is_hung_up_on() {
    let silent = vec![Step::Send(STREAM_HEAD.into()), Step::AwaitClose];
    let mut first = Upstream::start(vec![silent]).await;
    let second = Upstream::start(vec![vec![Step::Send(json("200 OK", COMPLETION))]]).await;
    let chain = Fallback::new(vec![
        Deployment::new(Arc::new(first.provider()), "a"),
        Deployment::new(Arc::new(second.provider()), "b"),
    ]);
    let hedge = Hedge::new(chain, Duration::from_millis(20), Arc::new(HedgeBudget::new(100)));
    let events = hedge.chat(request().streamed(true)).await.map_err(|error| error.message).unwrap();
    first.hung_up().await;
    assert_eq!(playhouse_llm::collect(events).await.unwrap().content(), "Hello!");
    assert!(second.requests()[0].contains(r#""model":"b""#));
}
