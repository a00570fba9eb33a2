//! Responses that nobody waits for: polled, followed, cancelled, and ended by the death of their server.

use std::time::Duration;

use async_trait::async_trait;
use playhouse_llm::{Error, EventStream, Provider, Request};
use playhouse_mock::{Answer, MockProvider};
use playhouse_server::{Answer as Told, App, ChatConfig};
use playhouse_store::{NewResponse, Replicas as _, ResponseStatus, Responses};
use serde_json::{Value, json};

use crate::kept_responses::{text_of, told};
use crate::support::{Reading, Replicas, TestApp, post};

const TEXT: &str = "One word after the other";
const DEAD: &str = "0190b6e4-7a3c-7def-8000-00000000dead";

fn paced() -> Replicas {
    Replicas::over(MockProvider::new(|_: &_| Answer::text(TEXT).paced(Duration::from_millis(20))))
}

fn ask(stream: bool) -> Value {
    json!({"model": "m", "input": "Hi", "background": true, "stream": stream})
}

async fn begin(app: &App, body: &Value) -> Value {
    let answer = app.post("/v1/responses", body.to_string()).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()
}

fn path(response: &Value) -> String {
    format!("/v1/responses/{}", response["id"].as_str().unwrap())
}

async fn cancel(app: &App, response: &Value) -> Told {
    app.post(&format!("{}/cancel", path(response)), "").await
}

/// The response, once it has ended.
async fn ended(app: &App, response: &Value) -> Value {
    let reached = async {
        loop {
            let read = app.get(&path(response)).await.json();
            if read["status"] != "in_progress" {
                return read;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), reached).await;
    waited.unwrap_or_else(|_| panic!("{response} runs after 20 s"))
}

/// Reads a stream until this has come, and leaves; the response it tells of, and the events read.
async fn begin_and_leave(app: &App, mark: &str) -> (Value, Vec<(String, Value)>) {
    let mut reading = Reading::of(app, post("/v1/responses", &ask(true), &[])).await;
    reading.until(mark).await;
    let whole = reading.text.rfind("\n\n").unwrap() + 2;
    let events = told(&reading.text[..whole]);
    (events[0].1["response"].clone(), events)
}

#[tokio::test]
async fn a_background_response_is_answered_at_once_and_polled() {
    let replicas = paced();
    let (one, other) = (replicas.server(), replicas.server());
    let queued = begin(&one, &ask(false)).await;
    assert_eq!((&queued["status"], &queued["background"]), (&json!("queued"), &json!(true)));
    assert_eq!((&queued["output"], &queued["model"]), (&json!([]), &json!("m")));
    assert_eq!(other.get(&path(&queued)).await.json()["status"], "in_progress");
    // It cannot be gone on from yet, nor deleted.
    let next = json!({"model": "m", "input": "And?", "previous_response_id": queued["id"]});
    let refused = other.post("/v1/responses", next.to_string()).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.json()["error"]["param"]),
        (400, &json!("previous_response_id"))
    );
    let refused = other.delete(&path(&queued)).await;
    assert_eq!(refused.json()["error"]["message"], "Cannot delete an in-flight response.");

    let response = ended(&other, &queued).await;
    assert_eq!((text_of(&response), &response["status"]), (TEXT.to_owned(), &json!("completed")));
    assert_eq!((&response["id"], &response["created_at"]), (&queued["id"], &queued["created_at"]));
    assert_eq!(other.post("/v1/responses", next.to_string()).await.status(), 200);
    let said = replicas.mock.journal().last_messages();
    assert_eq!(said.iter().map(playhouse_llm::Message::text).collect::<Vec<_>>(), ["Hi", TEXT, "And?"]);
}

#[tokio::test]
async fn a_client_that_leaves_is_told_the_rest_anywhere() {
    let replicas = paced();
    let (one, other) = (replicas.server(), replicas.server());
    let (response, begun) = begin_and_leave(&one, "response.output_text.delta").await;
    let last = begun.last().unwrap().1["sequence_number"].as_u64().unwrap();
    let follow = async |app: &App, query: &str| {
        told(&app.get(&format!("{}?stream=true{query}", path(&response))).await.text())
    };
    let rest = follow(&other, &format!("&starting_after={last}")).await;
    let whole: Vec<_> = begun.into_iter().chain(rest).collect();
    for (number, (_, data)) in (0..).zip(&whole) {
        assert_eq!(data["sequence_number"], number, "{data}");
    }
    let (name, end) = whole.last().unwrap();
    assert_eq!((&**name, text_of(&end["response"])), ("response.completed", TEXT.to_owned()));
    assert_eq!(follow(&one, "").await, whole, "from its first event again");
    let number = end["sequence_number"].as_u64().unwrap();
    assert_eq!(follow(&one, &format!("&starting_after={}", number - 1)).await, whole[whole.len() - 1..]);
    assert!(follow(&one, &format!("&starting_after={number}")).await.is_empty(), "there is no more");
    assert_eq!(ended(&other, &response).await, end["response"]);
    assert_eq!(replicas.mock.journal().len(), 1);

    // Where the events are no longer kept, the last one tells all.
    let stranger = replicas.sharing_nothing().server();
    let told = follow(&stranger, "&starting_after=3").await;
    assert_eq!(told.len(), 1);
    assert_eq!((&*told[0].0, &told[0].1["sequence_number"]), ("response.completed", &json!(4)));
    assert_eq!(told[0].1["response"], end["response"]);
}

#[tokio::test]
async fn a_background_response_is_cancelled_from_any_server() {
    let replicas = Replicas::endless();
    let (one, other) = (replicas.server(), replicas.server());
    for server in [&one, &other] {
        let mut reading = Reading::of(&one, post("/v1/responses", &ask(true), &[])).await;
        reading.until("\"One\"").await;
        let response =
            told(reading.text.split_inclusive("\n\n").next().unwrap()).remove(0).1["response"].clone();
        let cancelled = cancel(server, &response).await;
        assert_eq!(cancelled.status(), 200, "{}", cancelled.text());
        let body = cancelled.json();
        assert_eq!(
            (&body["status"], &body["output"], &body["error"]),
            (&json!("cancelled"), &json!([]), &Value::Null)
        );
        let events = told(&reading.rest().await);
        let (name, end) = events.last().unwrap();
        assert_eq!((&**name, &end["response"]), ("response.failed", &body));
        assert_eq!(end["sequence_number"], events.len() - 1);
        // Who cancels twice is told the same twice.
        assert_eq!(cancel(server, &response).await.json(), body);
        assert_eq!(server.get(&path(&response)).await.json(), body);
    }
    let silent = begin(&one, &ask(false)).await;
    assert_eq!(cancel(&other, &silent).await.json()["status"], "cancelled");
}

#[tokio::test]
async fn what_cannot_be_cancelled_or_followed_is_refused_as_openai_does() {
    let app = TestApp::saying(&["One", "Two", "Three"]);
    let waited_for = begin(&app.app, &json!({"model": "m", "input": "Hi", "stream": false})).await;
    let polled = begin(&app.app, &ask(false)).await;
    ended(&app.app, &polled).await;
    let refusal = |message: &str, param: &str| {
        json!({"error": {"message": message, "type": "invalid_request_error", "param": param,
            "code": "invalid_request_error"}})
    };
    let cancelled = cancel(&app.app, &waited_for).await;
    assert_eq!(cancelled.status(), 400);
    assert_eq!(cancelled.json(), refusal("Cannot cancel a synchronous response.", "response_id"));
    let cancelled = cancel(&app.app, &polled).await;
    assert_eq!(cancelled.json(), refusal("Cannot cancel a completed response.", "response_id"));
    for (response, missing) in [(&waited_for, "background"), (&polled, "stream")] {
        let followed = app.app.get(&format!("{}?stream=true", path(response))).await;
        let message =
            format!("This response cannot be streamed because it was not created with {missing}=true.");
        assert_eq!((followed.status().as_u16(), followed.json()), (400, refusal(&message, "stream")));
    }
    let odd = app.app.get(&format!("{}?stream=true&starting_after=x", path(&polled))).await;
    assert_eq!((odd.status().as_u16(), &odd.json()["error"]["param"]), (400, &json!("starting_after")));
    let unknown = json!({"id": "resp_0190b6e47a3c7def8000000000000001"});
    assert_eq!(cancel(&app.app, &unknown).await.status(), 404);
}

#[tokio::test]
async fn a_background_response_that_fails_says_why() {
    let broken = playhouse_llm::Error::new(playhouse_llm::ErrorKind::Interrupted, "cut off");
    let refused = playhouse_llm::Error::new(playhouse_llm::ErrorKind::RateLimited, "slow down");
    let app = TestApp::over(MockProvider::answers([
        Answer::text("Once upon").broken_by(broken),
        Answer::failure(refused),
    ]));
    let streamed = app.post("/v1/responses", ask(true)).await;
    let events = told(&streamed.text());
    let (name, end) = events.last().unwrap();
    assert_eq!((&**name, &end["response"]["status"]), ("response.failed", &json!("failed")), "{events:?}");
    assert_eq!(end["response"]["error"], json!({"code": "server_error", "message": "cut off"}));
    assert_eq!(ended(&app.app, &end["response"]).await, end["response"]);
    let polled = begin(&app.app, &ask(false)).await;
    let failed = ended(&app.app, &polled).await;
    assert_eq!(failed["error"], json!({"code": "rate_limit_exceeded", "message": "slow down"}));
    let cancelled = cancel(&app.app, &polled).await;
    assert_eq!(cancelled.json()["error"]["message"], "Cannot cancel a failed response.");
}

/// A provider with a defect.
struct Defect;

#[async_trait]
impl Provider for Defect {
    async fn chat(&self, _: Request) -> Result<EventStream, Error> {
        unreachable!("this defect is the test's own")
    }
}

#[tokio::test]
async fn a_response_whose_task_breaks_has_failed() {
    let replicas = Replicas::answered_by(Defect);
    let app = replicas.server();
    let polled = begin(&app, &ask(false)).await;
    let failed = ended(&app, &polled).await;
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("server_error")));
    let followed = told(&app.post("/v1/responses", ask(true).to_string()).await.text());
    assert_eq!(followed.last().unwrap().0, "response.failed");
}

#[tokio::test]
async fn a_response_whose_server_died_has_failed_and_its_followers_are_told() {
    let replicas = Replicas::over(MockProvider::new(|_: &_| Answer::text("unused")));
    let dead = replicas.store.as_another_replica();
    dead.beat().await.unwrap();
    let body = json!({"id": format!("resp_{}", DEAD.replace('-', "")), "object": "response", "status": "in_progress",
        "background": true, "output": [], "error": null});
    let begun = NewResponse {
        id: DEAD.into(),
        key_id: None,
        previous: None,
        status: ResponseStatus::InProgress,
        background: true,
        streamed: true,
        model: "m".into(),
        created_at_us: 1,
        ended_at_us: None,
        input: "[]".into(),
        body: body.to_string(),
        items: Vec::new(),
        idempotency: None,
    };
    dead.put_response(begun).await.unwrap();
    let created = json!({"type": "response.created", "sequence_number": 0, "response": body});
    let event = playhouse_store::shared::LiveEvent {
        name: "response.created".into(),
        data: created.to_string().into(),
    };
    let batch = playhouse_store::shared::LiveBatch { first_id: 1, events: vec![event], closes: false };
    replicas.shared.live.append(&format!("response/{DEAD}"), batch).await;

    let app = replicas.server();
    let followed = told(&app.get(&format!("{}?stream=true", path(&body))).await.text());
    let names: Vec<&str> = followed.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["response.created", "response.failed"]);
    let failed = &followed[1].1["response"];
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("server_error")));
    assert_eq!(followed[1].1["sequence_number"], 1);
    assert_eq!(ended(&app, &body).await, *failed);
    assert!(app.get("/metrics").await.text().contains("playhouse_lost_work_total{kind=\"response\"} 1\n"));
}

#[tokio::test]
async fn a_request_that_is_sent_twice_begins_one_background_response() {
    let replicas = paced();
    let (one, other) = (replicas.server(), replicas.server());
    let send = async |app: &App, body: &Value| {
        app.call(post("/v1/responses", body, &[("idempotency-key", "once")])).await
    };
    let first = send(&one, &ask(false)).await.json();
    let again = send(&other, &ask(false)).await.json();
    assert_eq!(again["id"], first["id"]);
    ended(&one, &first).await;
    assert_eq!(send(&one, &ask(false)).await.json()["status"], "completed");
    assert_eq!(replicas.mock.journal().len(), 1);
    let taken = send(&one, &ask(true)).await;
    assert_eq!((taken.status().as_u16(), &taken.json()["error"]["param"]), (400, &json!("Idempotency-Key")));
}

#[tokio::test]
async fn there_is_a_bound_to_the_responses_that_run() {
    let replicas = Replicas::endless();
    let chat = ChatConfig { max_running_turns: 1, ..ChatConfig::default() };
    let app = replicas.server_with(replicas.store.as_another_replica(), chat);
    let (first, _) = begin_and_leave(&app, "\"One\"").await;
    let refused = app.post("/v1/responses", ask(false).to_string()).await;
    assert_eq!((refused.status().as_u16(), refused.header("retry-after")), (503, "1"));
    cancel(&app, &first).await;
    begin(&app, &ask(false)).await;
}

#[tokio::test]
async fn a_response_that_runs_when_its_server_stops_has_failed() {
    let replicas = Replicas::endless();
    let (one, other) = (replicas.server(), replicas.server());
    let (response, _) = begin_and_leave(&one, "\"One\"").await;
    one.close().await;
    let failed = other.get(&path(&response)).await.json();
    assert_eq!(
        (&failed["status"], &failed["error"]["code"]),
        (&json!("failed"), &json!("server_error")),
        "{failed}"
    );
}
