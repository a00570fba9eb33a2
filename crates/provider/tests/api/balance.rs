//! Balancing between deployments that serve the same.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use playhouse_llm::{ErrorKind, Provider};
use playhouse_provider::{
    Balance, BalancePolicy, Breaker, BreakerPolicy, Circuits, Deployment, Dice, Fallback, Vacancy,
};

use crate::support::{Act, Kept, Stage, fail, say};
use crate::upstream::{COMPLETION, Step, Upstream, ask, json, request};

fn group(members: &[(&Arc<Stage>, u32)], policy: BalancePolicy) -> Balance {
    let member = |(stage, weight): &(&Arc<Stage>, u32)| (Deployment::new((*stage).clone(), "m"), *weight);
    Balance::new(members.iter().map(member).collect(), policy, Dice::new(7))
}

fn alone(members: &[(&Arc<Stage>, u32)], policy: BalancePolicy) -> Fallback {
    Fallback::of_groups(vec![group(members, policy)])
}

#[tokio::test]
async fn each_gets_its_share() {
    let (three, one, none) = (Stage::well("three"), Stage::well("one"), Stage::well("none"));
    let chain = alone(&[(&three, 3), (&one, 1), (&none, 0)], BalancePolicy::Weighted);
    for _ in 0..4000 {
        ask(&chain, request()).await.unwrap();
    }
    assert!((2850..=3150).contains(&three.asked()), "{}", three.asked());
    assert_eq!((three.asked() + one.asked(), none.asked()), (4000, 0));
}

#[tokio::test]
async fn over_sockets_failure_moves_on_within_the_group() {
    let bad = Upstream::start(vec![vec![Step::Send(json("502 Bad Gateway", "{}"))]]).await;
    let good = Upstream::start(vec![vec![Step::Send(json("200 OK", COMPLETION))]]).await;
    let members = vec![
        (Deployment::new(Arc::new(bad.provider()), "m"), 9),
        (Deployment::new(Arc::new(good.provider()), "m"), 1),
    ];
    let chain = Fallback::of_groups(vec![Balance::new(members, BalancePolicy::Weighted, Dice::new(1))]);
    for _ in 0..8 {
        assert_eq!(ask(&chain, request()).await.unwrap().content(), "Hello!");
    }
    assert_eq!(good.requests().len(), 8);
    assert!(!bad.requests().is_empty());
}

#[tokio::test]
async fn a_group_that_is_down_is_followed_by_the_chain() {
    let (one, other) = (
        Stage::playing("one", [fail(ErrorKind::Upstream)]),
        Stage::playing("other", [fail(ErrorKind::BadReply)]),
    );
    let last = Stage::well("last");
    let links = vec![
        group(&[(&one, 1), (&other, 1)], BalancePolicy::Weighted),
        group(&[(&last, 1)], BalancePolicy::Weighted),
    ];
    assert_eq!(ask(&Fallback::of_groups(links), request()).await.unwrap().content(), "last");
    assert_eq!((one.asked(), other.asked(), last.asked()), (1, 1, 1));
}

#[tokio::test]
async fn a_wrong_request_is_wrong_everywhere() {
    let (one, other) = (Stage::playing("one", [fail(ErrorKind::InvalidRequest)]), Stage::well("other"));
    let chain = alone(&[(&one, 1), (&other, 0)], BalancePolicy::Weighted);
    assert_eq!(ask(&chain, request()).await.unwrap_err().kind, ErrorKind::InvalidRequest);
    assert_eq!(other.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_faster_one_is_preferred_and_the_slow_one_tried_again_one_day() {
    let slow = Stage::playing("slow", [Act::Say("slow", Duration::from_secs(2))]);
    let fast = Stage::playing("fast", [Act::Say("fast", Duration::from_millis(100))]);
    let chain = alone(&[(&slow, 1), (&fast, 1)], BalancePolicy::Latency);
    for _ in 0..20 {
        ask(&chain, request().streamed(true)).await.unwrap();
    }
    assert_eq!(slow.asked(), 1, "once it is known to be slow, it is left");
    assert_eq!(fast.asked(), 19);
    // What was measured is forgotten, and then it has its chance again.
    for _ in 0..600 {
        ask(&chain, request().streamed(true)).await.unwrap();
    }
    assert!((2..20).contains(&slow.asked()), "{}", slow.asked());
}

#[tokio::test(start_paused = true)]
async fn calls_under_way_count() {
    let (one, other) = (Stage::well("one"), Stage::well("other"));
    let chain = alone(&[(&one, 1), (&other, 1)], BalancePolicy::Latency);
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(chain.chat(request().streamed(true)).await.map_err(|error| error.message).unwrap());
    }
    assert_eq!((one.asked(), other.asked()), (5, 5));
    for mut events in held {
        while events.next().await.is_some() {}
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_fast_does_not_look_fast() {
    let bad = Stage::playing("bad", [fail(ErrorKind::Unreachable)]);
    let good = Stage::playing("good", [Act::Say("good", Duration::from_millis(500))]);
    let chain = alone(&[(&bad, 1), (&good, 1)], BalancePolicy::Latency);
    for _ in 0..10 {
        assert_eq!(ask(&chain, request()).await.unwrap().content(), "good");
    }
    assert_eq!((bad.asked(), good.asked()), (1, 10));
}

#[tokio::test(start_paused = true)]
async fn one_whose_circuit_is_open_is_passed_over() {
    let (bad, good) =
        (Stage::playing("bad", [fail(ErrorKind::Unreachable), say("bad")]), Stage::well("good"));
    let policy = BreakerPolicy { consecutive_failures: 1, ..BreakerPolicy::default() };
    let circuits = Arc::new(Circuits::new(Arc::from("bad"), policy, Arc::new(Kept::default())));
    let breaker = Breaker::new(bad.clone(), circuits.clone());
    let vacancy = Vacancy { circuits: Some(circuits), slots: None };
    let members = vec![
        (Deployment { vacancy, ..Deployment::new(Arc::new(breaker), "m") }, 1000),
        (Deployment::new(good.clone(), "m"), 1),
    ];
    let chain = Fallback::of_groups(vec![Balance::new(members, BalancePolicy::Weighted, Dice::new(3))]);
    for _ in 0..10 {
        assert_eq!(ask(&chain, request()).await.unwrap().content(), "good");
    }
    assert_eq!(bad.asked(), 1);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(ask(&chain, request()).await.unwrap().content(), "bad");
}
