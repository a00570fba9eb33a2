//! Limits and budgets of stored keys: reserved before a call, settled after it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use playhouse_server::Answer;
use playhouse_server::http::Method;
use playhouse_store::Scope;
use serde_json::{Value, json};

use crate::keyed::{Keyed, OPERATOR, Worker};

/// What the prompt of [`Keyed::complete`] is estimated at: a message of 5 bytes.
const PROMPT_TOKENS: u64 = 4 + 2;

fn granted(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status() == 200).count()
}

/// Waits for a condition, within a bound.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), wait).await.is_ok(), "{what}");
}

#[tokio::test]
async fn requests_beyond_the_limit_are_told_when_to_come_back() {
    let app = Keyed::over(Worker::counting(10, 5));
    let (_, key) = app.make(json!({"name": "search", "requests_per_minute": 2})).await;
    let first = app.complete(&key, 5).await;
    assert_eq!(first.status(), 200);
    assert_eq!(first.header("x-ratelimit-limit-requests"), "2");
    assert_eq!(first.header("x-ratelimit-remaining-requests"), "1");
    assert!(!first.header("x-ratelimit-reset-requests").is_empty());
    assert_eq!(first.header("x-ratelimit-limit-tokens"), "");
    assert_eq!(first.header("ratelimit-policy"), r#""requests";q=2;w=60"#);
    assert!(first.header("ratelimit").starts_with(r#""requests";r=1;t="#), "{}", first.header("ratelimit"));

    assert_eq!(app.complete(&key, 5).await.status(), 200);
    let refused = app.complete(&key, 5).await;
    assert_eq!(refused.status(), 429);
    let error = &refused.json()["error"];
    assert_eq!((&error["type"], &error["code"]), (&json!("rate_limit_error"), &json!("rate_limit_exceeded")));
    assert_eq!(refused.header("x-ratelimit-remaining-requests"), "0");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&wait), "a request comes back every 30 s, not in {wait}");
    assert_eq!(app.worker.asked(), 2);
    assert_eq!(app.complete(OPERATOR, 5).await.header("ratelimit"), "", "operators have no limits");
}

#[tokio::test]
async fn a_native_refusal_is_a_problem() {
    let app = Keyed::over(Worker::counting(10, 5));
    let (_, key) = app.make(json!({"name": "search", "requests_per_minute": 1})).await;
    let first = app.chat(&key, "s1", "Hello").await;
    assert_eq!((first.status().as_u16(), first.header("ratelimit-policy")), (200, r#""requests";q=1;w=60"#));
    assert_eq!(first.header("x-ratelimit-limit-requests"), "", "a vendor's headers on a native route");
    let refused = app.chat(&key, "s1", "Hello again").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.json()["code"], "rate_limited");
    assert!(!refused.header("retry-after").is_empty());
    assert!(refused.header("ratelimit").starts_with(r#""requests";r=0;t="#));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_at_once_do_not_overdraw_a_budget() {
    // Each may cost (6 + 94) tokens at a thousandth of a cent: 0.001 dollars. There is room for 40.
    let app = Arc::new(Keyed::over(Worker::counting(6, 34).waiting()));
    let budget = json!({"name": "search", "budget": {"usd": 0.04, "per": "month"}});
    let (id, key) = app.make(budget).await;
    let requests = (0..1_000).map(|_| {
        let (app, key) = (app.clone(), key.clone());
        tokio::spawn(async move { app.complete(&key, 100 - PROMPT_TOKENS).await })
    });
    let requests: Vec<_> = requests.collect();
    until("all but those there is room for are refused", || {
        requests.iter().filter(|request| request.is_finished()).count() == 960
    })
    .await;
    assert_eq!(app.worker.asked(), 40, "more were asked than there is money for");
    app.worker.may_answer.add_permits(1_000);
    let answers: Vec<Answer> = join_all(requests).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(granted(&answers), 40);
    let refused = answers.iter().find(|answer| answer.status() != 200).unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.json()["error"]["code"], "insufficient_quota");
    assert_eq!(refused.json()["error"]["type"], "insufficient_quota");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);

    // They cost less than they might have, and what is left can be spent: (6 + 34) tokens each.
    app.app.flush().await;
    let mut more = 0;
    while app.complete(&key, 100 - PROMPT_TOKENS).await.status() == 200 {
        more += 1;
        app.app.flush().await;
    }
    // 100 calls of 0.0004 dollars fit, and the last may begin only where 0.001 are left.
    assert_eq!(40 + more, 98);
    let spent = app.store.key_usage(&id, 0).await.unwrap();
    assert!((spent.cost_usd - 0.0392).abs() < 1e-9, "{spent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_at_once_do_not_overshoot_tokens() {
    let app = Arc::new(Keyed::over(Worker::counting(6, 94).waiting()));
    let (_, key) = app.make(json!({"name": "search", "tokens_per_minute": 5_000})).await;
    let started = Instant::now();
    let requests = (0..1_000).map(|_| {
        let (app, key) = (app.clone(), key.clone());
        tokio::spawn(async move { app.complete(&key, 100 - PROMPT_TOKENS).await })
    });
    let requests: Vec<_> = requests.collect();
    until("the rest is refused", || requests.iter().filter(|request| request.is_finished()).count() >= 900)
        .await;
    app.worker.may_answer.add_permits(1_000);
    let answers: Vec<Answer> = join_all(requests).await.into_iter().map(Result::unwrap).collect();
    // Every minute brings 5,000 tokens back, and a request takes 100.
    let come_back = (started.elapsed().as_secs_f64() / 60.0 * 50.0).ceil() as usize;
    let granted = granted(&answers);
    assert!((50..=50 + come_back).contains(&granted), "{granted} of 50 and {come_back} were granted");
}

#[tokio::test]
async fn a_call_that_failed_takes_no_tokens() {
    let app = Keyed::over(Worker { fails: true, ..Worker::counting(10, 5) });
    let (_, key) = app.make(json!({"name": "search", "tokens_per_minute": 110})).await;
    for _ in 0..5 {
        assert_eq!(app.complete(&key, 100).await.status(), 502);
        app.app.flush().await;
    }
    assert_eq!(app.worker.asked(), 5);
}

#[tokio::test]
async fn an_answer_that_nobody_counted_is_taken_for_the_most_it_can_be() {
    let app = Keyed::over(Worker { usage: None, ..Worker::counting(0, 0) });
    let (_, key) = app.make(json!({"name": "search", "tokens_per_minute": 110})).await;
    let first = app.complete(&key, 100).await;
    assert_eq!((first.status().as_u16(), first.header("x-ratelimit-remaining-tokens")), (200, "4"));
    app.app.flush().await;
    let refused = app.complete(&key, 100).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("smaller max_tokens"));
}

#[tokio::test]
async fn a_caller_that_leaves_takes_the_prompt_with_it() {
    let app = Arc::new(Keyed::over(Worker::counting(10, 5).waiting()));
    let (id, key) = app.make(json!({"name": "search", "tokens_per_minute": 110})).await;
    let leaving = tokio::spawn({
        let (app, key) = (app.clone(), key.clone());
        async move { app.complete(&key, 100).await }
    });
    until("the call reaches the provider", || app.worker.asked() == 1).await;
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());
    app.app.flush().await;
    app.worker.may_answer.add_permits(1);
    let answer = app.complete(&key, 90).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    // Of 110 tokens 6 went with the one that left; this may use 96.
    let left: u64 = answer.header("x-ratelimit-remaining-tokens").parse().unwrap();
    assert!((8..=12).contains(&left), "{left}");
    app.app.flush().await;
    assert_eq!(app.store.key_usage(&id, 0).await.unwrap().calls, 2);
}

#[tokio::test]
async fn a_budget_outlasts_the_process() {
    let app = Keyed::over(Worker::counting(6, 94));
    let (_, key) = app.make(json!({"name": "search", "budget": {"usd": 0.0025, "per": "month"}})).await;
    for _ in 0..2 {
        assert_eq!(app.complete(&key, 94).await.status(), 200);
        app.app.flush().await;
    }
    assert_eq!(app.complete(&key, 94).await.status(), 429);
    let restarted = app.another();
    assert_eq!(restarted.complete(&key, 94).await.status(), 429, "what was spent is forgotten");
    assert_eq!(restarted.complete(&key, 40).await.status(), 200, "what is left cannot be spent");
}

#[tokio::test]
async fn several_answers_are_reserved_as_such() {
    let app = Keyed::over(Worker::counting(10, 5));
    let (_, key) = app.make(json!({"name": "search", "tokens_per_minute": 250})).await;
    let body = |n: u64| json!({"model": "small", "max_tokens": 100, "n": n, "messages": [{"role": "user", "content": "Hello"}]});
    assert_eq!(app.send(Method::POST, "/v1/chat/completions", &key, &body(3)).await.status(), 429);
    assert_eq!(app.send(Method::POST, "/v1/chat/completions", &key, &body(2)).await.status(), 200);
}

#[tokio::test]
async fn an_unlimited_answer_may_be_asked_for_within_a_small_limit() {
    let app = Keyed::over(Worker::counting(10, 5));
    let (_, key) = app.make(json!({"name": "search", "tokens_per_minute": 100})).await;
    let body = json!({"model": "small", "messages": [{"role": "user", "content": "Hello"}]});
    assert_eq!(app.send(Method::POST, "/v1/chat/completions", &key, &body).await.status(), 200);
}

#[tokio::test]
async fn a_refused_call_has_no_record() {
    let app = Keyed::over(Worker::counting(10, 5));
    let (id, key) = app.make(json!({"name": "search", "requests_per_minute": 1})).await;
    assert_eq!(app.complete(&key, 5).await.status(), 200);
    assert_eq!(app.complete(&key, 5).await.status(), 429);
    app.app.flush().await;
    let filter = playhouse_store::CallFilter { scope: Scope::Key(id.into()), ..Default::default() };
    assert_eq!(app.store.list_calls(filter).await.unwrap().len(), 1);
    let metrics = app.send(Method::GET, "/metrics", OPERATOR, &Value::Null).await.text();
    assert!(metrics.contains(r#"playhouse_key_refusals_total{reason="requests"} 1"#), "{metrics}");
}
