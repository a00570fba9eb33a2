//! `Idempotency-Key`.

use std::time::Duration;

use playhouse_mock::{Answer, MockProvider};
use playhouse_server::{Answer as Response, App};
use serde_json::{Value, json};

use crate::support::{Reading, Replicas, TestApp, events_in, post, turn_in};

async fn send(app: &App, path: &str, key: &str, body: &Value) -> Response {
    app.call(post(path, body, &[("idempotency-key", key)])).await
}

fn ask(stream: bool) -> Value {
    json!({ "message": "Hi", "session_id": "s1", "stream": stream })
}

#[tokio::test]
async fn the_same_request_is_answered_once_and_told_twice() {
    let replicas = Replicas::over(MockProvider::replies(["Hello, Ada!"]));
    let (one, other) = (replicas.server(), replicas.server());
    let first = send(&one, "/v1/chat", "\"k-1\"", &ask(false)).await;
    assert_eq!(first.status(), 200, "{}", first.text());
    for app in [&one, &other] {
        let again = send(app, "/v1/chat", "k-1", &ask(false)).await;
        assert_eq!((again.status().as_u16(), again.text()), (200, first.text()));
        assert_eq!(again.header("x-turn-id"), first.header("x-turn-id"));
    }
    assert_eq!(replicas.mock.journal().len(), 1);
}

#[tokio::test]
async fn also_while_it_is_answered() {
    let slow =
        MockProvider::new(|_: &_| Answer::text("One word after the other").paced(Duration::from_millis(10)));
    let replicas = Replicas::over(slow);
    let (one, other) = (replicas.server(), replicas.server());
    for stream in [false, true] {
        let body = json!({ "message": "Hi", "stream": stream });
        let key = format!("k-{stream}");
        let sent = [&one, &other, &one].map(|app| send(app, "/v1/chat", &key, &body));
        let answers = futures_util::future::join_all(sent).await;
        for answer in &answers {
            assert_eq!((answer.status().as_u16(), answer.text()), (200, answers[0].text()));
        }
    }
    assert_eq!(replicas.mock.journal().len(), 2);
}

#[tokio::test]
async fn a_client_that_lost_its_stream_asks_again_and_gets_all_of_it() {
    let slow =
        MockProvider::new(|_: &_| Answer::text("One word after the other").paced(Duration::from_millis(10)));
    let replicas = Replicas::over(slow);
    let (one, other) = (replicas.server(), replicas.server());
    let request = || post("/v1/chat", &ask(true), &[("idempotency-key", "k-1")]);
    let mut reading = Reading::of(&one, request()).await;
    reading.until("id: 2\n").await;
    let turn_id = reading.turn_id.clone();
    drop(reading);
    let again = Reading::of(&other, request()).await;
    assert_eq!(again.turn_id, turn_id);
    let told = again.rest().await;
    assert_eq!((events_in(&told)[0].0, &*events_in(&told).last().unwrap().1), (1, "done"));
    turn_in(&one, &turn_id, "completed").await;
    let last = Reading::of(&one, request()).await.rest().await;
    assert_eq!(last, told);
    assert_eq!(replicas.mock.journal().len(), 1);
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let app = TestApp::answering(|_| Answer::text("Hello!"));
    assert_eq!(send(&app.app, "/v1/chat", "k-1", &ask(false)).await.status(), 200);
    let other = send(&app.app, "/v1/chat", "k-1", &json!({ "message": "Bye" })).await;
    assert_eq!(other.header("content-type"), "application/problem+json");
    assert_eq!((other.status().as_u16(), &other.json()["code"]), (422, &json!("idempotency_key_reused")));
    assert_eq!(other.json()["request_id"], other.header("x-request-id"));
    assert_eq!(app.mock.journal().len(), 1);
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_refused() {
    let app = TestApp::answering(|_| Answer::text("Hello!"));
    for key in ["", "\"half", &"k".repeat(256)] {
        let refused = send(&app.app, "/v1/chat", key, &ask(false)).await;
        assert_eq!((refused.status().as_u16(), &refused.json()["param"]), (400, &json!("Idempotency-Key")));
    }
    assert!(app.mock.journal().is_empty());
}

#[tokio::test]
async fn a_failure_is_told_again() {
    let refusal = playhouse_llm::Error::new(playhouse_llm::ErrorKind::RateLimited, "slow down");
    let app = TestApp::over(MockProvider::answers([Answer::failure(refusal), Answer::text("Hello!")]));
    assert_eq!(send(&app.app, "/v1/chat", "k-1", &ask(false)).await.status(), 429);
    app.app.flush().await;
    let again = send(&app.app, "/v1/chat", "k-1", &ask(false)).await;
    assert_eq!((again.status().as_u16(), &again.json()["code"]), (429, &json!("rate_limited")));
    let turn_id = again.json()["detail"].as_str().unwrap().split('\'').nth(1).unwrap().to_owned();

    // A retry is a request of its own, with keys of its own.
    let path = format!("/v1/turns/{turn_id}/retry");
    let retried = send(&app.app, &path, "k-1", &json!({})).await;
    assert_eq!(retried.json()["content"], "Hello!", "{}", retried.text());
    assert_eq!(send(&app.app, &path, "k-1", &json!({})).await.text(), retried.text());
    assert_eq!(app.mock.journal().len(), 2);
}
