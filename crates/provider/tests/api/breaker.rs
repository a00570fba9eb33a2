//! The circuit breaker between retries and a deployment.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use playhouse_llm::{ErrorKind, Provider};
use playhouse_provider::{
    Breaker, BreakerPolicy, CircuitBoard, CircuitState, Circuits, Deployment, Fallback, Limit, Retry,
    RetryPolicy, Vacancy,
};

use crate::support::{Act, Kept, Stage, fail, refused, say};
use crate::upstream::{COMPLETION, Step, Upstream, ask, json, request};

fn circuits(policy: BreakerPolicy) -> (Arc<Circuits>, Arc<Kept>) {
    let kept = Arc::new(Kept::default());
    (Arc::new(Circuits::new(Arc::from("stage"), policy, kept.clone())), kept)
}

fn policy() -> BreakerPolicy {
    BreakerPolicy { consecutive_failures: 2, ..BreakerPolicy::default() }
}

fn down() -> Act {
    fail(ErrorKind::Unreachable)
}

fn states(circuits: &Arc<Circuits>) -> Vec<(String, CircuitState)> {
    let readings = CircuitBoard::new([circuits.clone()]).readings();
    readings.into_iter().map(|reading| (reading.model.to_string(), reading.state)).collect()
}

#[tokio::test]
async fn an_upstream_that_answers_500_is_left_alone() {
    let bad = vec![Step::Send(json("500 Internal Server Error", "{}"))];
    let upstream = Upstream::start(vec![bad]).await;
    let (circuits, _) = circuits(policy());
    let breaker = Breaker::new(upstream.provider(), circuits);
    for _ in 0..2 {
        assert_eq!(ask(&breaker, request()).await.unwrap_err().upstream_status(), Some(500));
    }
    let refused = ask(&breaker, request()).await.unwrap_err();
    assert_eq!((refused.kind, upstream.requests().len()), (ErrorKind::CircuitOpen, 2));
    assert!(refused.message.contains("stage/m-1"), "{refused}");
    assert!(refused.retry_after.unwrap() <= Duration::from_secs(10));
}

#[tokio::test]
async fn what_the_caller_did_wrong_is_no_failure() {
    let wrong = vec![Step::Send(json("400 Bad Request", "{}"))];
    let good = vec![Step::Send(json("200 OK", COMPLETION))];
    let upstream = Upstream::start(vec![wrong.clone(), wrong.clone(), wrong, good]).await;
    let (circuits, kept) = circuits(policy());
    let breaker = Breaker::new(upstream.provider(), circuits);
    for _ in 0..3 {
        assert_eq!(ask(&breaker, request()).await.unwrap_err().kind, ErrorKind::InvalidRequest);
    }
    ask(&breaker, request()).await.unwrap();
    assert!(kept.circuits.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn it_is_tried_again_after_a_while_and_closes_on_success() {
    let stage = Stage::playing("stage", [down(), down(), down(), say("well")]);
    let (circuits, kept) = circuits(policy());
    let breaker = Breaker::new(stage.clone(), circuits.clone());
    for _ in 0..2 {
        ask(&breaker, request()).await.unwrap_err();
    }
    assert_eq!(states(&circuits), [("m-1".to_owned(), CircuitState::Open)]);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(states(&circuits), [("m-1".to_owned(), CircuitState::HalfOpen)]);
    assert_eq!(ask(&breaker, request()).await.unwrap_err().kind, ErrorKind::Unreachable, "the probe is real");
    assert_eq!(ask(&breaker, request()).await.unwrap_err().kind, ErrorKind::CircuitOpen);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(ask(&breaker, request()).await.unwrap().content(), "well");
    assert_eq!(stage.asked(), 4);
    let told: Vec<_> = kept.circuits.lock().unwrap().iter().map(|(_, state)| *state).collect();
    assert_eq!(told, [CircuitState::Open, CircuitState::Open, CircuitState::Closed]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_off_is_a_failure_and_one_that_is_left_is_not() {
    let stage = Stage::playing("stage", [Act::BreakOff]);
    let (circuits, _) = circuits(policy());
    let breaker = Breaker::new(stage.clone(), circuits.clone());
    for _ in 0..5 {
        let mut events = breaker.chat(request().streamed(true)).await.map_err(|error| error.message).unwrap();
        events.next().await.unwrap().unwrap();
    }
    assert_eq!(states(&circuits), []);
    for _ in 0..2 {
        assert_eq!(ask(&breaker, request().streamed(true)).await.unwrap_err().kind, ErrorKind::Interrupted);
    }
    assert_eq!(states(&circuits), [("m-1".to_owned(), CircuitState::Open)]);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_given_up_lets_another_through() {
    let stage =
        Stage::playing("stage", [down(), down(), Act::Say("late", Duration::from_secs(5)), say("well")]);
    let (circuits, _) = circuits(policy());
    let breaker = Breaker::new(stage.clone(), circuits.clone());
    for _ in 0..2 {
        ask(&breaker, request()).await.unwrap_err();
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    let given_up = tokio::time::timeout(Duration::from_secs(1), breaker.chat(request())).await;
    assert!(given_up.is_err());
    assert_eq!(ask(&breaker, request()).await.unwrap().content(), "well");
}

#[tokio::test(start_paused = true)]
async fn one_models_trouble_is_not_anothers() {
    let stage = Stage::playing("stage", [down(), down(), say("well")]);
    let (circuits, _) = circuits(policy());
    let breaker = Breaker::new(stage, circuits);
    for _ in 0..2 {
        ask(&breaker, request()).await.unwrap_err();
    }
    assert_eq!(ask(&breaker, request().for_model(Arc::from("m-2"))).await.unwrap().content(), "well");
}

#[tokio::test(start_paused = true)]
async fn retries_end_where_the_circuit_opens() {
    let stage = Stage::playing("stage", [down()]);
    let (circuits, _) = circuits(policy());
    let retries = RetryPolicy { retries: 9, ..RetryPolicy::default() };
    let retry = Retry::new(Breaker::new(stage.clone(), circuits), retries);
    assert_eq!(ask(&retry, request()).await.unwrap_err().kind, ErrorKind::CircuitOpen);
    let asked_at = tokio::time::Instant::now();
    assert_eq!(ask(&retry, request()).await.unwrap_err().kind, ErrorKind::CircuitOpen);
    assert_eq!((stage.asked(), asked_at.elapsed()), (2, Duration::ZERO), "an open circuit is not waited for");
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_the_upstream_asks_for_is_kept_by_all() {
    let pause = refused(ErrorKind::RateLimited, 429).retry_after(Duration::from_secs(3));
    let stage = Stage::playing("stage", [Act::Fail(pause, Duration::ZERO), say("well")]);
    let (circuits, _) = circuits(policy());
    let breaker = Arc::new(Breaker::new(stage.clone(), circuits.clone()));
    ask(&breaker, request()).await.unwrap_err();
    let refusal = ask(&breaker, request()).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.retry_after), (ErrorKind::RateLimited, Some(Duration::from_secs(3))));
    assert_eq!((stage.asked(), states(&circuits)), (1, vec![("m-1".to_owned(), CircuitState::Paused)]));
    // Whoever may wait does, and is answered.
    let retry = Retry::new(breaker, RetryPolicy::default());
    assert_eq!(ask(&retry, request()).await.unwrap().content(), "well");
    assert_eq!(stage.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_chain_passes_over_what_is_open_or_full() {
    let (down, full, up) = (Stage::playing("down", [down()]), Stage::well("full"), Stage::well("up"));
    let (circuits, _) = circuits(policy());
    let breaker = Breaker::new(down.clone(), circuits.clone());
    let limited = Limit::new(full.clone(), 1);
    let held = limited.chat(request()).await.map_err(|error| error.message).unwrap();
    let slots = Some(limited.slots());
    let chain = Fallback::new(vec![
        Deployment {
            vacancy: Vacancy { circuits: Some(circuits), slots: None },
            ..Deployment::new(Arc::new(breaker), "m")
        },
        Deployment { vacancy: Vacancy { circuits: None, slots }, ..Deployment::new(Arc::new(limited), "m") },
        Deployment::new(up.clone(), "m"),
    ]);
    for _ in 0..5 {
        assert_eq!(ask(&chain, request()).await.unwrap().content(), "up");
    }
    assert_eq!((down.asked(), full.asked(), up.asked()), (2, 1, 5));
    drop(held);
    assert_eq!(ask(&chain, request()).await.unwrap().content(), "full");
}

#[tokio::test(start_paused = true)]
async fn where_nobody_is_left_the_chain_says_so_at_once() {
    let stage = Stage::playing("stage", [down()]);
    let (circuits, _) = circuits(policy());
    let breaker = Breaker::new(stage.clone(), circuits.clone());
    let vacancy = Vacancy { circuits: Some(circuits), slots: None };
    let chain = Fallback::new(vec![Deployment { vacancy, ..Deployment::new(Arc::new(breaker), "m") }]);
    for _ in 0..2 {
        ask(&chain, request()).await.unwrap_err();
    }
    let refused = ask(&chain, request()).await.unwrap_err();
    assert_eq!((refused.kind, stage.asked()), (ErrorKind::CircuitOpen, 2));
    assert!(refused.retry_after.is_some());
}
