//! `POST /v1/chat`.

use std::time::Duration;

use async_trait::async_trait;
use playhouse_llm::{
    ChoiceDelta, Chunk, Error, ErrorKind, EventStream, FinishReason, PartDelta, Provider, Request,
};
use playhouse_mock::{Answer, MockProvider};
use playhouse_server::App;
use serde_json::json;

use crate::support::{TestApp, events, turn_in};

#[tokio::test]
async fn a_message_is_answered_and_names_its_session_and_turn() {
    let app = TestApp::saying(&["Hello, Ada!"]);
    let answer = app.post("/v1/chat", json!({ "message": "I am Ada", "model": "m-1" })).await;
    assert_eq!(answer.status(), 200);
    let reply = answer.json();
    assert_eq!(reply["content"], "Hello, Ada!");
    assert_eq!(reply["model"], "m-1");
    assert_eq!(reply["usage"]["total_tokens"], 10 + 4);
    assert!(!reply["session_id"].as_str().unwrap().is_empty());
    assert!(!reply["turn_id"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn a_session_remembers() {
    let app = TestApp::saying(&["Hello, Ada!", "You are Ada."]);
    app.chat("I am Ada", "s1").await;
    let answer = app.chat("Who am I?", "s1").await;
    assert_eq!(answer.json()["session_id"], "s1");
    assert_eq!(app.last_prompt(), ["User: I am Ada", "Assistant: Hello, Ada!", "User: Who am I?"]);
}

#[tokio::test]
async fn sessions_know_nothing_of_each_other() {
    let app = TestApp::saying(&["Hello, Ada!", "I cannot know."]);
    app.chat("I am Ada", "s1").await;
    app.chat("Who am I?", "s2").await;
    assert_eq!(app.last_prompt(), ["User: Who am I?"]);
}

#[test]
fn a_session_survives_a_restart() {
    let data_dir = tempfile::tempdir().unwrap();
    for (text, says, prompt_messages) in [("I am Ada", "Hello, Ada!", 1), ("Who am I?", "You are Ada.", 3)] {
        // The end of the runtime is the end of everything the process had running.
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mock = MockProvider::replies([says]);
            let app = playhouse_server::App::with_provider(mock.clone(), data_dir.path()).unwrap();
            let body = json!({ "message": text, "session_id": "s1" }).to_string();
            assert_eq!(app.post("/v1/chat", body).await.status(), 200);
            assert_eq!(mock.journal().last_messages().len(), prompt_messages);
        });
    }
}

#[tokio::test]
async fn a_refusal_is_what_the_model_says() {
    let app = TestApp::answering(|_| {
        let piece = |text: &str| ChoiceDelta {
            parts: vec![PartDelta::Refusal(text.to_owned())],
            ..ChoiceDelta::default()
        };
        let pieces = ["I'm ", "sorry."].map(|text| Chunk { choices: vec![piece(text)], ..Chunk::default() });
        Answer::chunks(pieces.into_iter().chain([Chunk::finish(FinishReason::Stop)]).collect())
    });
    assert_eq!(app.chat("How?", "s1").await.json()["content"], "I'm sorry.");
    let session = app.app.get("/v1/sessions/s1").await.json();
    assert_eq!(session["messages"][1]["content"], "I'm sorry.");

    let streamed = app.post("/v1/chat", json!({ "message": "How?", "stream": true })).await;
    let deltas: Vec<_> = events(&streamed).into_iter().filter(|(_, name, _)| name == "delta").collect();
    let said: String = deltas.iter().map(|(_, _, data)| data["content"].as_str().unwrap()).collect();
    assert_eq!(said, "I'm sorry.");
}

#[tokio::test]
async fn a_streamed_answer_is_events_that_count_up() {
    let app = TestApp::saying(&["Hello there Ada"]);
    let answer = app.post("/v1/chat", json!({ "message": "Hi", "session_id": "s1", "stream": true })).await;
    assert!(answer.header("content-type").starts_with("text/event-stream"));

    let events = events(&answer);
    let ids: Vec<u64> = events.iter().map(|event| event.0).collect();
    assert_eq!(ids, (1..=events.len() as u64).collect::<Vec<_>>());
    let names: Vec<&str> = events.iter().map(|event| event.1.as_str()).collect();
    assert_eq!(names, ["delta", "delta", "delta", "usage", "done"]);
    let text: String = events[..3].iter().map(|event| event.2["content"].as_str().unwrap()).collect();
    assert_eq!(text, "Hello there Ada");
    let done = &events[4].2;
    assert_eq!((&done["session_id"], &done["finish_reason"]), (&json!("s1"), &json!("stop")));
    assert_eq!(done["usage"], events[3].2);
    let turn = app.app.get(&format!("/v1/turns/{}", done["turn_id"].as_str().unwrap())).await.json();
    assert_eq!(
        (&turn["state"], &turn["messages"][1]["content"]),
        (&json!("completed"), &json!("Hello there Ada"))
    );
}

#[tokio::test]
async fn a_failed_call_is_a_problem_and_leaves_the_history_clean() {
    let refusal = Error::new(ErrorKind::RateLimited, "slow down").retry_after(Duration::from_millis(1200));
    let app = TestApp::over(MockProvider::answers([Answer::failure(refusal), Answer::text("Hello!")]));
    let answer = app.chat("Hi", "s1").await;
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.json()["code"], "rate_limited");
    assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));

    app.app.flush().await;
    app.chat("Hi again", "s1").await;
    assert_eq!(app.last_prompt(), ["User: Hi again"]);
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_an_error_and_no_done() {
    let broken = Answer::text("Hello there").broken_by(Error::new(ErrorKind::Interrupted, "cut off"));
    let app = TestApp::over(MockProvider::answers([broken]));
    let answer = app.post("/v1/chat", json!({ "message": "Hi", "session_id": "s1", "stream": true })).await;
    let events = events(&answer);
    let names: Vec<&str> = events.iter().map(|event| event.1.as_str()).collect();
    assert_eq!(names, ["delta", "delta", "error"]);
    assert_eq!(events[2].2["code"], "interrupted");

    app.app.flush().await;
    let session = app.app.get("/v1/sessions/s1").await.json();
    assert_eq!(session["messages"][1]["content"], "Hello there");
    assert_eq!(session["messages"][1]["turn_state"], "failed");
}

#[tokio::test]
async fn of_two_messages_at_once_one_proceeds_and_one_is_told_to_wait() {
    let app = TestApp::answering(|_| Answer::text("Hello!").paced(Duration::from_millis(20)));
    let (first, second) = tokio::join!(app.chat("one", "s1"), app.chat("two", "s1"));
    let mut statuses = [first.status().as_u16(), second.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let refused = if first.status() == 409 { first } else { second };
    assert!(refused.json()["detail"].as_str().unwrap().contains("'s1'"));
    assert_eq!(app.chat("three", "s1").await.status(), 200);
}

#[tokio::test]
async fn a_client_that_leaves_interrupts_its_turn_and_frees_the_session() {
    let app = TestApp::answering(|_| Answer::text("Hello there").paced(Duration::from_millis(5)));
    let leaving = app.app.clone();
    let body = json!({ "message": "Hi", "session_id": "s1", "stream": true, "on_disconnect": "cancel" });
    let body = body.to_string();
    let request =
        playhouse_server::http::Request::post("/v1/chat").header("content-type", "application/json");
    let request = request.body(axum::body::Body::from(body)).unwrap();
    let response = leaving.front().answer(request).await;
    let turn_id = response.headers()["x-turn-id"].to_str().unwrap().to_owned();
    let mut body = response.into_body();
    http_body_util::BodyExt::frame(&mut body).await.unwrap().unwrap();
    drop(body);

    turn_in(&app.app, &turn_id, "interrupted").await;
    let session = app.app.get("/v1/sessions/s1").await.json();
    assert_eq!(session["messages"][0]["turn_state"], "interrupted");
    assert_eq!(app.chat("Hi again", "s1").await.status(), 200);
}

#[tokio::test]
async fn the_history_stays_within_its_window() {
    let app = TestApp::answering(|_| Answer::text("ok"));
    for turn in 0..60 {
        app.chat(&format!("message {turn}"), "s1").await;
    }
    let prompt = app.last_prompt();
    assert_eq!(prompt.len(), 101, "100 messages of history and the new one");
    assert_eq!(prompt.last().unwrap(), "User: message 59");
    assert_eq!(prompt[0], "User: message 9");
}

/// Thinks for a long time before it begins to answer, or to fail.
struct Slow(Duration, Result<&'static str, ErrorKind>);

#[async_trait]
impl Provider for Slow {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        tokio::time::sleep(self.0).await;
        let text = self.1.map_err(|kind| Error::new(kind, "thought better of it"))?;
        MockProvider::replies([text]).chat(request).await
    }
}

/// What a stream says, comments included, of a provider that begins after a time.
async fn stream_of(provider: Slow) -> playhouse_server::Answer {
    let data_dir = tempfile::tempdir().unwrap();
    let app = App::with_provider(provider, data_dir.path()).unwrap();
    app.post("/v1/chat", json!({ "message": "Hi", "stream": true }).to_string()).await
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_slow_to_begin_is_kept_alive() {
    let thought = stream_of(Slow(Duration::from_secs(50), Ok("Hello"))).await;
    assert_eq!(thought.text().matches(": keep-alive\n\n").count(), 2, "{}", thought.text());
    assert!(thought.text().contains("event: done"), "{}", thought.text());

    let late = stream_of(Slow(Duration::from_secs(50), Err(ErrorKind::Overloaded))).await;
    assert_eq!(
        (late.status().as_u16(), late.text().contains("event: error")),
        (200, true),
        "{}",
        late.text()
    );
    assert!(!late.text().contains("event: done"), "{}", late.text());
}

#[tokio::test(start_paused = true)]
async fn a_failure_while_nobody_has_waited_long_is_the_response() {
    let early = stream_of(Slow(Duration::from_secs(10), Err(ErrorKind::Overloaded))).await;
    assert_eq!(early.status(), 503, "{}", early.text());
}
