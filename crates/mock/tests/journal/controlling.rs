//! The control API over an engine that only holds journals.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use playhouse_mock::server::control::{Reset, claims};
use playhouse_mock::verify::RuleState;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::engine::Engine;
use crate::support::Sample;

fn ids(list: &Value) -> Vec<u64> {
    list["calls"].as_array().unwrap().iter().map(|call| call["id"].as_u64().unwrap()).collect()
}

fn engine_with(calls: usize) -> Engine {
    let engine = Engine::default();
    for call in 0..calls {
        Sample::user(&format!("call {call}")).answered(&engine.journal_of("ns1"));
    }
    engine
}

#[test]
fn only_its_own_paths_are_claimed() {
    assert!(claims("/__playhouse") && claims("/__playhouse/") && claims("/__playhouse/anything"));
    assert!(!claims("/__playhousing") && !claims("/v1/__playhouse/health"));
}

#[tokio::test]
async fn health_says_that_it_is_ready() {
    let (status, health) = engine_with(1).get("/health").await;
    assert_eq!((status, &health["status"], &health["namespaces"]), (200, &json!("healthy"), &json!(1)));
}

#[tokio::test]
async fn the_page_asks_nobody_else() {
    let engine = Engine::default();
    let page = engine.exchange(Method::GET, "/", &[], "").await;
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"), "{policy}");
    let html = std::str::from_utf8(page.body()).unwrap();
    assert!(
        !html.contains("://") && !html.contains("innerHTML"),
        "the page loads or builds what it should not"
    );
    let bare = engine.exchange(Method::GET, "", &[], "").await;
    assert_eq!(
        (bare.status().as_u16(), &bare.headers()["location"]),
        (308, &"/__playhouse/".parse().unwrap())
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let engine = Engine::default();
    let (status, problem) = engine.get("/calls").await;
    assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    let refused = engine.exchange(Method::GET, "/namespaces/ns1/verify", &[], "").await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["allow"]), (405, &"POST".parse().unwrap()));
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn namespaces_are_listed_with_what_came() {
    let engine = engine_with(2);
    Sample::user("Hi").missed("weather", "user: another").answered(&engine.journal_of("a"));
    let (_, list) = engine.get("/namespaces").await;
    insta::assert_json_snapshot!(list);
}

#[tokio::test]
async fn a_namespace_can_be_forgotten() {
    let engine = engine_with(1);
    assert_eq!(engine.send(Method::DELETE, "/namespaces/ns1", "").await.0, 204);
    let (status, problem) = engine.send(Method::DELETE, "/namespaces/ns1", "").await;
    assert_eq!((status, &problem["detail"]), (404, &json!("there is no namespace 'ns1'")));
}

#[tokio::test]
async fn calls_are_listed_in_pages() {
    let engine = engine_with(3);
    let (_, first) = engine.get("/namespaces/ns1/calls?limit=2").await;
    assert_eq!((ids(&first), &first["next"], &first["oldest"]), (vec![1, 2], &json!(2), &json!(1)));
    let (_, second) = engine.get("/namespaces/ns1/calls?limit=2&since=2").await;
    assert_eq!((ids(&second), &second["next"]), (vec![3], &json!(3)));
    assert_eq!(second["calls"][0]["messages"][0]["text"], "call 2");
    let (_, unused) = engine.get("/namespaces/nobody/calls").await;
    assert!(ids(&unused).is_empty());
}

#[tokio::test]
async fn calls_can_be_listed_in_brief() {
    let (_, list) = engine_with(1).get("/namespaces/ns1/calls?brief=true").await;
    let call = list["calls"][0].as_object().unwrap();
    assert_eq!(call["user"], "call 0");
    assert!(!call.contains_key("messages") && !call.contains_key("request") && !call.contains_key("sent"));
}

#[tokio::test]
async fn an_answer_with_many_large_calls_is_bounded() {
    let engine = Engine::default();
    for _ in 0..3 {
        Sample::user(&"x".repeat(1 << 20)).answered(&engine.journal_of("ns1"));
    }
    let (_, list) = engine.get("/namespaces/ns1/calls").await;
    let first = ids(&list);
    assert!((1..3).contains(&first.len()), "{first:?}");
    let (_, rest) = engine.get(&format!("/namespaces/ns1/calls?since={}", list["next"])).await;
    assert_eq!(ids(&rest)[0], first.len() as u64 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_poll_waits_for_the_next_call() {
    let engine = Arc::new(engine_with(1));
    let polling = tokio::spawn({
        let engine = engine.clone();
        async move { engine.get("/namespaces/ns1/calls?since=1&wait_ms=5000").await.1 }
    });
    tokio::task::yield_now().await;
    assert!(!polling.is_finished());
    Sample::user("next").answered(&engine.journal_of("ns1"));
    assert_eq!(ids(&polling.await.unwrap()), [2]);
}

#[tokio::test(start_paused = true)]
async fn a_poll_in_vain_ends_with_the_time() {
    let (engine, before) = (Engine::default(), Instant::now());
    let (status, list) = engine.get("/namespaces/ns1/calls?wait_ms=5000").await;
    assert_eq!((status, ids(&list), before.elapsed()), (200, vec![], Duration::from_secs(5)));
}

#[tokio::test(start_paused = true)]
async fn a_poll_for_changes_sees_ends_and_clearing() {
    let engine = Engine::default();
    let journal = engine.journal_of("ns1");
    let recording = Sample::user("Hi").begin(&journal);
    let (_, list) = engine.get("/namespaces/ns1/calls?changed_since=0").await;
    assert_eq!((ids(&list), &list["calls"][0]["ended"]), (vec![1], &json!("running")));
    drop(recording);
    let path = format!("/namespaces/ns1/calls?wait_ms=5000&changed_since={}", list["next"]);
    let (_, list) = engine.get(&path).await;
    assert_eq!((ids(&list), &list["calls"][0]["ended"]), (vec![1], &json!("client_left")));
    journal.clear();
    let path = format!("/namespaces/ns1/calls?wait_ms=5000&changed_since={}", list["next"]);
    let (_, list) = engine.get(&path).await;
    assert_eq!((ids(&list), &list["oldest"]), (vec![], &json!(2)));
}

#[tokio::test]
async fn one_call_is_told_in_full() {
    let engine = engine_with(2);
    let (_, call) = engine.get("/namespaces/ns1/calls/2").await;
    assert_eq!((&call["id"], &call["sent"]["body"]), (&json!(2), &json!(r#"{"ok":true}"#)));
    for id in ["3", "0", "x"] {
        let (status, problem) = engine.get(&format!("/namespaces/ns1/calls/{id}")).await;
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{id}");
    }
}

#[tokio::test]
async fn parameters_out_of_bounds_are_refused() {
    let engine = Engine::default();
    let queries = ["limit=0", "limit=1001", "wait_ms=60001", "since=-1", "sinc=1", "since=1&changed_since=1"];
    let mut refusals = Vec::new();
    for query in queries {
        let (status, problem) = engine.get(&format!("/namespaces/ns1/calls?{query}")).await;
        assert_eq!(status, 400, "{query}");
        refusals.push(format!("{query}: {}", problem["detail"].as_str().unwrap()));
    }
    insta::assert_snapshot!(refusals.join("\n"));
}

#[tokio::test]
async fn a_script_is_put_for_all_or_for_one() {
    let engine = Engine::default();
    let yaml = [("content-type", "application/yaml")];
    let put = engine.exchange(Method::PUT, "/script", &yaml, "rules: []").await;
    let accepted: Value = serde_json::from_slice(put.body()).unwrap();
    assert_eq!((put.status().as_u16(), &accepted["rules"]), (200, &json!(1)));
    assert_eq!(accepted["warnings"][0]["line"], 3);
    assert_eq!(engine.script_of(None).unwrap(), "rules: [] as application/yaml");
    assert_eq!(engine.get("/namespaces/ns1/script").await.0, 404);
    engine.send(Method::PUT, "/namespaces/ns1/script", "{}").await;
    assert_eq!(engine.script_of(Some("ns1")).unwrap(), "{} as nothing");
    engine.set_rules(vec![RuleState { name: "weather".into(), answered: 1, remaining: 2 }]);
    let (_, info) = engine.get("/namespaces/ns1/script").await;
    assert_eq!(info["rules"][0], json!({"name": "weather", "answered": 1, "remaining": 2}));
}

#[tokio::test]
async fn a_script_that_cannot_be_used_changes_nothing() {
    let engine = Engine::default();
    let (status, problem) = engine.send(Method::PUT, "/script", "wrong: 1").await;
    assert_eq!(status, 400);
    assert_eq!(problem["detail"], "1 problem in the script");
    assert_eq!(problem["problems"][0], json!({"message": "unknown key 'wrong'", "line": 2, "column": 5}));
    assert_eq!(engine.script_of(None), None);
    let binary = engine.exchange(Method::PUT, "/script", &[], vec![0xff]).await;
    assert_eq!(binary.status().as_u16(), 400);
}

#[tokio::test]
async fn a_namespace_begins_anew_as_wished() {
    let engine = Engine::default();
    assert_eq!(engine.send(Method::POST, "/reset", "").await.0, 204);
    assert_eq!(engine.post("/namespaces/ns1/reset", json!({"journal": true})).await.0, 204);
    let (status, problem) = engine.post("/reset", json!({"journals": true})).await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().contains("unknown field `journals`"), "{problem}");
    let journal_only = Reset { journal: true, progress: false, script: false, quota: false };
    assert_eq!(*engine.resets(), [(None, Reset::ALL), (Some("ns1".to_owned()), journal_only)]);
}

#[tokio::test]
async fn expectations_are_verified() {
    let engine = engine_with(2);
    let path = "/namespaces/ns1/verify";
    let (status, report) =
        engine.post(path, json!({"calls": [{"when": {"user": "call 1"}, "times": 1}]})).await;
    assert_eq!((status, &report["ok"]), (200, &json!(true)));
    let (status, report) = engine.post(path, json!({"total": 3})).await;
    assert_eq!((status, &report["ok"]), (200, &json!(false)));
    assert_eq!(report["failures"][0]["actual"], "2 calls");
    assert!(report["text"].as_str().unwrap().starts_with("1 expectation is not met"), "{report}");
    engine.set_rules(vec![RuleState { name: "weather".into(), answered: 1, remaining: 2 }]);
    let (_, report) = engine.post(path, json!({"script_consumed": true})).await;
    assert_eq!(report["failures"][0]["place"], "script_consumed");
}

#[tokio::test]
async fn expectations_that_do_not_fit_are_refused() {
    let engine = Engine::default();
    let mut refusals = Vec::new();
    for body in
        ["{", "[]", r#"{"calls": [{"when": {}, "times": "twice"}]}"#, r#"{"in_order": [{"call": 1}]}"#]
    {
        let (status, problem) = engine.send(Method::POST, "/namespaces/ns1/verify", body).await;
        assert_eq!(status, 400, "{body}");
        refusals.push(format!("{body}\n  {} ({})", problem["detail"].as_str().unwrap(), problem["param"]));
    }
    insta::assert_snapshot!(refusals.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn verification_waits_for_expectations_to_come_true() {
    let engine = Arc::new(engine_with(1));
    let verifying = tokio::spawn({
        let engine = engine.clone();
        async move { engine.post("/namespaces/ns1/verify?wait_ms=5000", json!({"total": 3})).await.1 }
    });
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!verifying.is_finished());
        Sample::user("more").answered(&engine.journal_of("ns1"));
    }
    assert_eq!(verifying.await.unwrap()["ok"], true);
    let before = Instant::now();
    let (_, report) = engine.post("/namespaces/ns1/verify?wait_ms=5000", json!({"total": 4})).await;
    assert_eq!((&report["ok"], before.elapsed()), (&json!(false), Duration::from_secs(5)));
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let engine = Engine::default();
    let cross = [("sec-fetch-site", "cross-site")];
    assert_eq!(engine.exchange(Method::POST, "/reset", &cross, "").await.status().as_u16(), 403);
    assert!(engine.resets().is_empty());
    assert_eq!(engine.exchange(Method::GET, "/health", &cross, "").await.status().as_u16(), 200);
    let same = [("sec-fetch-site", "same-origin")];
    assert_eq!(engine.exchange(Method::POST, "/reset", &same, "").await.status().as_u16(), 204);
}

#[tokio::test]
async fn names_of_namespaces_are_decoded() {
    let engine = Engine::default();
    Sample::user("Hi").answered(&engine.journal_of("team a/b"));
    let (_, list) = engine.get("/namespaces/team%20a%2Fb/calls").await;
    assert_eq!(ids(&list), [1]);
}
