//! Turns that outlive the connections of their clients.

use std::time::Duration;

use axum::body::Body;
use playhouse_mock::{Answer, MockProvider};
use playhouse_server::http::Request;
use playhouse_server::{Answer as Response, App, ChatConfig, OnDisconnect};
use serde_json::{Value, json};

use crate::support::{Reading, Replicas, TestApp, events_in, said, turn_in};

const TEXT: &str = "One word after the other until it is whole";

fn paced() -> MockProvider {
    MockProvider::new(|_: &_| Answer::text(TEXT).paced(Duration::from_millis(10)))
}

fn ask() -> Value {
    json!({ "message": "Hi", "session_id": "s1", "stream": true })
}

async fn follow(app: &App, turn_id: &str, last_event_id: &str) -> Response {
    let request = Request::get(format!("/v1/turns/{turn_id}/stream")).header("last-event-id", last_event_id);
    app.call(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_turn_goes_on_when_its_client_leaves() {
    let app = TestApp::over(paced());
    for stream in [true, false] {
        let session_id = format!("s-{stream}");
        let body = json!({ "message": "Hi", "session_id": session_id, "stream": stream });
        let asking = app.app.post("/v1/chat", body.to_string());
        // Left while it is answered.
        tokio::time::timeout(Duration::from_millis(30), asking).await.unwrap_err();
        let messages = async {
            loop {
                let session = app.app.get(&format!("/v1/sessions/{session_id}")).await.json();
                if session["messages"][0]["turn_state"] == "completed" {
                    return session["messages"].clone();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let messages = tokio::time::timeout(Duration::from_secs(20), messages).await.unwrap();
        assert_eq!(messages[1]["content"], TEXT, "stream: {stream}");
    }
    assert_eq!(app.mock.journal().len(), 2);
}

#[tokio::test]
async fn a_client_that_comes_back_goes_on_where_it_stopped_on_any_server() {
    let replicas = Replicas::over(paced());
    let (one, other) = (replicas.server(), replicas.server());
    for server in [&one, &other] {
        let mut reading = Reading::chat(&one, ask()).await;
        reading.until("id: 2\n").await;
        let (turn_id, begun) = (reading.turn_id.clone(), reading.text.clone());
        drop(reading);
        let last = events_in(&begun).last().unwrap().0;
        let rest = follow(server, &turn_id, &last.to_string()).await;
        assert_eq!((rest.status().as_u16(), rest.header("x-turn-id")), (200, &*turn_id));

        let all = begun + &rest.text();
        let ids: Vec<u64> = events_in(&all).iter().map(|(id, _, _)| *id).collect();
        assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
        assert_eq!(said(&all), TEXT);
        assert_eq!(events_in(&all).last().unwrap().1, "done");
        turn_in(server, &turn_id, "completed").await;
    }
    assert_eq!(replicas.mock.journal().len(), 2);
}

#[tokio::test]
async fn a_finished_turn_is_told_again_from_any_event() {
    let app = TestApp::over(paced());
    let reading = Reading::chat(&app.app, ask()).await;
    let turn_id = reading.turn_id.clone();
    let first = reading.rest().await;
    let again = app.app.get(&format!("/v1/turns/{turn_id}/stream")).await;
    assert_eq!(again.text(), first);
    let count = events_in(&first).len();
    for after in [1, 3, count] {
        let rest = app.app.get(&format!("/v1/turns/{turn_id}/stream?after={after}")).await;
        assert_eq!(rest.status(), 200);
        assert!(first.ends_with(&rest.text()), "{}", rest.text());
        assert_eq!(events_in(&rest.text()).len(), count - after);
    }
}

#[tokio::test]
async fn events_that_are_no_longer_kept_are_told_from_what_is_stored() {
    let replicas = Replicas::over(paced());
    let reading = Reading::chat(&replicas.server(), ask()).await;
    let turn_id = reading.turn_id.clone();
    let first = events_in(&reading.rest().await);

    // A server that shares nothing with the first but the database.
    let stranger = replicas.sharing_nothing().server();
    let whole = follow(&stranger, &turn_id, "0").await.text();
    assert_eq!(said(&whole), TEXT);
    let names: Vec<String> = events_in(&whole).into_iter().map(|(_, name, _)| name).collect();
    assert_eq!(names, ["delta", "usage", "done"]);
    assert_eq!(events_in(&whole)[2].2, first.last().unwrap().2);
    let gone = follow(&stranger, &turn_id, "2").await;
    assert_eq!((gone.status().as_u16(), &gone.json()["code"]), (410, &json!("events_expired")));
}

#[tokio::test]
async fn a_turn_that_is_not_streamed_can_be_followed() {
    let replicas = Replicas::over(paced());
    let (one, other) = (replicas.server(), replicas.server());
    let body = json!({ "message": "Hi", "session_id": "s1" }).to_string();
    let asking = tokio::spawn(async move { one.post("/v1/chat", body).await });
    let turn_id = loop {
        let session = other.get("/v1/sessions/s1").await.json();
        if let Some(turn_id) = session["messages"][0]["turn_id"].as_str() {
            break turn_id.to_owned();
        }
        tokio::task::yield_now().await;
    };
    let followed = follow(&other, &turn_id, "0").await.text();
    assert_eq!(said(&followed), TEXT);
    assert_eq!(asking.await.unwrap().json()["content"], TEXT);
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused() {
    let app = TestApp::over(paced());
    let unknown = "0190b6e4-7a3c-7def-8000-000000000001";
    for path in ["stream", "retry"].map(|what| format!("/v1/turns/{unknown}/{what}")) {
        let answer =
            if path.ends_with("retry") { app.post(&path, json!({})).await } else { app.app.get(&path).await };
        assert_eq!(answer.status(), 404, "{path}");
    }
    assert_eq!(app.app.delete(&format!("/v1/turns/{unknown}")).await.status(), 404);
    assert_eq!(follow(&app.app, unknown, "first").await.status(), 400);
    assert_eq!(app.app.get(&format!("/v1/turns/{unknown}/stream?after=-1")).await.status(), 400);
}

#[tokio::test]
async fn a_turn_is_cancelled_at_once_from_any_server() {
    let replicas = Replicas::endless();
    let (one, other) = (replicas.server(), replicas.server());
    for server in [&one, &other] {
        let mut reading = Reading::chat(&one, ask()).await;
        reading.until("\"One").await;
        let turn_id = reading.turn_id.clone();
        let cancelled = server.delete(&format!("/v1/turns/{turn_id}")).await;
        assert_eq!(cancelled.status(), 200, "{}", cancelled.text());
        assert_eq!(cancelled.json()["state"], "interrupted");
        assert_eq!(cancelled.json()["messages"][1]["content"], "One");
        let told = reading.rest().await;
        assert_eq!(events_in(&told).last().unwrap().2["code"], "cancelled", "{told}");
        let again = server.delete(&format!("/v1/turns/{turn_id}")).await;
        assert_eq!(again.status(), 409, "{}", again.text());
    }
}

#[tokio::test]
async fn a_turn_that_is_not_streamed_is_cancelled_too() {
    let app = TestApp::answering(|_| Answer::text("late").paced(Duration::from_secs(3_600)));
    let asking = tokio::spawn({
        let app = app.app.clone();
        async move { app.post("/v1/chat", json!({ "message": "Hi", "session_id": "s1" }).to_string()).await }
    });
    let turn_id = loop {
        let session = app.app.get("/v1/sessions/s1").await.json();
        if let Some(turn_id) = session["messages"][0]["turn_id"].as_str() {
            break turn_id.to_owned();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(app.app.delete(&format!("/v1/turns/{turn_id}")).await.json()["state"], "interrupted");
    assert_eq!(asking.await.unwrap().json()["code"], "cancelled");
}

#[tokio::test]
async fn a_server_may_cancel_what_its_clients_leave() {
    let replicas = Replicas::endless();
    let chat = ChatConfig { on_disconnect: OnDisconnect::Cancel, ..ChatConfig::default() };
    let app = replicas.server_with(replicas.store.as_another_replica(), chat);
    let mut reading = Reading::chat(&app, ask()).await;
    reading.until("\"One").await;
    let turn_id = reading.turn_id.clone();
    drop(reading);
    let turn = turn_in(&app, &turn_id, "interrupted").await;
    assert_eq!(turn["messages"][1]["content"], "One");

    // And a request may say otherwise.
    let mut body = ask();
    body["on_disconnect"] = json!("continue");
    let mut reading = Reading::chat(&app, body).await;
    reading.until("\"One").await;
    let turn_id = reading.turn_id.clone();
    drop(reading);
    app.flush().await;
    assert_eq!(app.get(&format!("/v1/turns/{turn_id}")).await.json()["state"], "running");
}

#[tokio::test]
async fn there_is_a_bound_to_the_turns_that_run() {
    let replicas = Replicas::endless();
    let chat = ChatConfig { max_running_turns: 2, ..ChatConfig::default() };
    let app = replicas.server_with(replicas.store.as_another_replica(), chat);
    let mut turns = Vec::new();
    for session in ["s1", "s2"] {
        let body = json!({ "message": "Hi", "session_id": session, "stream": true });
        // Left at once: the turn goes on, and counts.
        turns.push(Reading::chat(&app, body).await.turn_id);
    }
    assert!(app.get("/metrics").await.text().contains("playhouse_running_turns 2\n"));
    for stream in [true, false] {
        let refused = app.post("/v1/chat", json!({ "message": "Hi", "stream": stream }).to_string()).await;
        assert_eq!((refused.status().as_u16(), refused.header("retry-after")), (503, "1"));
    }
    app.delete(&format!("/v1/turns/{}", turns[0])).await;
    let mut body = ask();
    body["session_id"] = json!("s3");
    Reading::chat(&app, body).await;
}

#[tokio::test]
async fn a_client_that_reads_slowly_misses_nothing() {
    let text = "word ".repeat(2_000);
    let app = TestApp::answering({
        let text = text.clone();
        move |_| Answer::text(text.clone())
    });
    let reading = Reading::chat(&app.app, ask()).await;
    // Not a byte is read before all has been told: far more than waits for a connection.
    turn_in(&app.app, &reading.turn_id.clone(), "completed").await;
    let told = reading.rest().await;
    assert_eq!(said(&told), text);
    let ids: Vec<u64> = events_in(&told).iter().map(|(id, _, _)| *id).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_failed_turn_is_retried_with_the_same_question() {
    let broken = playhouse_llm::Error::new(playhouse_llm::ErrorKind::Interrupted, "cut off");
    let app = TestApp::over(MockProvider::answers([
        Answer::text("Hello!"),
        Answer::text("Once upon").broken_by(broken),
        Answer::text("Once upon a time"),
    ]));
    app.chat("Hi", "s1").await;
    let body = json!({ "message": "A tale!", "session_id": "s1", "stream": true, "model": "teller" });
    let reading = Reading::chat(&app.app, body).await;
    let failed = reading.turn_id.clone();
    reading.rest().await;
    turn_in(&app.app, &failed, "failed").await;
    let retried = app.post(&format!("/v1/turns/{failed}/retry"), json!({})).await;
    assert_eq!((retried.status().as_u16(), &retried.json()["content"]), (200, &json!("Once upon a time")));
    assert_ne!(retried.json()["turn_id"], failed);
    assert_eq!(app.last_prompt(), ["User: Hi", "Assistant: Hello!", "User: A tale!"]);
    assert_eq!(retried.json()["model"], "teller");

    let whole = retried.json()["turn_id"].as_str().unwrap().to_owned();
    assert_eq!(app.post(&format!("/v1/turns/{whole}/retry"), json!({})).await.status(), 409);
}
