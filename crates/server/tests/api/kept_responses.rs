//! Responses that are kept, read, gone on from and deleted.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::stream;
use playhouse_llm::{Error, EventStream, Provider, Request};
use playhouse_server::http::Method;
use playhouse_wire::{Codec, Dialect, OpenAiResponses};
use serde_json::{Value, json};

use crate::keyed::{Keyed, Worker};
use crate::support::{Reading, Replicas, TestApp, post};

/// The events of a stream: name and data.
pub(crate) fn told(text: &str) -> Vec<(String, Value)> {
    let blocks = text.split("\n\n").filter(|block| !block.is_empty() && !block.starts_with(':'));
    let events = blocks.map(|block| {
        let (name, data) = block.split_once('\n').unwrap();
        let name = name.strip_prefix("event: ").unwrap_or_else(|| panic!("no name in {block}"));
        (name.to_owned(), serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap())
    });
    events.collect()
}

/// What a response says.
pub(crate) fn text_of(response: &Value) -> String {
    let items = response["output"].as_array().unwrap().iter();
    let parts = items.flat_map(|item| item["content"].as_array().cloned().unwrap_or_default());
    parts.filter_map(|part| part["text"].as_str().map(str::to_owned)).collect()
}

async fn respond(app: &TestApp, body: Value) -> Value {
    let answer = app.post("/v1/responses", body).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()
}

fn path(response: &Value) -> String {
    format!("/v1/responses/{}", response["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_response_is_kept_until_it_is_deleted() {
    let app = TestApp::saying(&["Hello, Ada!"]);
    let response =
        respond(&app, json!({"model": "m", "input": "I am Ada", "metadata": {"job": "greet"}})).await;
    assert_eq!((text_of(&response), &response["status"]), ("Hello, Ada!".to_owned(), &json!("completed")));
    assert!(response["id"].as_str().unwrap().starts_with("resp_"), "{response}");
    assert_eq!((&response["store"], &response["background"]), (&json!(true), &json!(false)));
    assert_eq!(response["metadata"], json!({"job": "greet"}));

    assert_eq!(app.app.get(&path(&response)).await.json(), response);
    let deleted = app.app.delete(&path(&response)).await;
    assert_eq!(deleted.json(), json!({"id": response["id"], "object": "response", "deleted": true}));
    let id = response["id"].as_str().unwrap();
    let expected = json!({"error": {"message": format!("Response with id '{id}' not found."),
        "type": "invalid_request_error", "param": null, "code": null}});
    for gone in [app.app.get(&path(&response)).await, app.app.delete(&path(&response)).await] {
        assert_eq!((gone.status().as_u16(), gone.json()), (404, expected.clone()));
    }
    for odd in ["resp_1", "x", "resp_%00"] {
        assert_eq!(app.app.get(&format!("/v1/responses/{odd}")).await.status(), 404, "{odd}");
    }
}

#[tokio::test]
async fn what_is_not_to_be_kept_is_not() {
    let app = TestApp::saying(&["One", "Two", "Three"]);
    let first = respond(&app, json!({"model": "m", "input": "Hi", "store": false})).await;
    assert_eq!(app.app.get(&path(&first)).await.status(), 404);
    let kept = respond(&app, json!({"model": "m", "input": "Hi"})).await;
    let body = json!({"model": "m", "input": "And?", "store": false, "previous_response_id": kept["id"]});
    let last = respond(&app, body).await;
    assert_eq!((&last["store"], &last["previous_response_id"]), (&json!(false), &kept["id"]));
    assert_eq!(app.app.get(&path(&last)).await.status(), 404);
    assert_eq!(app.last_prompt(), ["User: Hi", "Assistant: Two", "User: And?"]);
}

#[tokio::test]
async fn a_response_goes_on_from_all_that_was_said_but_its_instructions() {
    let app = TestApp::saying(&["One", "Two", "Three"]);
    let first = respond(&app, json!({"model": "m", "input": "1", "instructions": "Count."})).await;
    let items = json!([{"role": "user", "content": [{"type": "input_text", "text": "2"}]}]);
    let body = json!({"model": "m", "input": items, "previous_response_id": first["id"]});
    let second = respond(&app, body).await;
    let body = json!({"model": "m", "input": "3", "previous_response_id": second["id"], "instructions": "Be brief."});
    let third = respond(&app, body).await;
    assert_eq!(third["previous_response_id"], second["id"]);
    let said = ["System: Be brief.", "User: 1", "Assistant: One", "User: 2", "Assistant: Two", "User: 3"];
    assert_eq!(app.last_prompt(), said);

    // One that is gone takes what follows it along.
    app.app.delete(&path(&first)).await;
    let body = json!({"model": "m", "input": "4", "previous_response_id": third["id"]});
    let refused = app.post("/v1/responses", body).await;
    let id = first["id"].as_str().unwrap();
    let expected = json!({"error": {"code": "previous_response_not_found",
        "message": format!("Previous response with id '{id}' not found."),
        "param": "previous_response_id", "type": "invalid_request_error"}});
    assert_eq!((refused.status().as_u16(), refused.json()), (400, expected));
}

#[tokio::test]
async fn an_unknown_previous_response_is_refused_as_openai_does() {
    let app = TestApp::saying(&["unused"]);
    let recorded = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/recorded/errors.jsonl"
    ));
    let unknown = json!({"model": "gpt-4o", "input": "Hi", "previous_response_id": "resp_REDACTED_1"});
    let refused = app.post("/v1/responses", unknown).await;
    assert_eq!((refused.status().as_u16(), app.mock.journal().len()), (400, 0));
    let Ok(recorded) = recorded else { return };
    let lines = recorded.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let same = lines.filter(|line| line["body"]["error"]["code"] == "previous_response_not_found");
    for line in same {
        assert_eq!(refused.json(), line["body"]);
    }
}

#[tokio::test]
async fn a_streamed_response_is_kept_as_its_last_event_tells_it() {
    let app = TestApp::saying(&["Hello there"]);
    let body = json!({"model": "m", "input": "Hi", "stream": true});
    let streamed = app.post("/v1/responses", body).await;
    let events = told(&streamed.text());
    assert_eq!(events[0].0, "response.created");
    let (name, last) = events.last().unwrap();
    assert_eq!(name, "response.completed");
    let numbers: Vec<u64> =
        events.iter().map(|(_, data)| data["sequence_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
    let ids: Vec<&Value> = events.iter().filter_map(|(_, data)| data["response"].get("id")).collect();
    assert!(ids.iter().all(|id| *id == &last["response"]["id"]), "{ids:?}");
    assert_eq!(text_of(&last["response"]), "Hello there");
    let kept = app.app.get(&path(&last["response"])).await.json();
    assert_eq!(kept, last["response"]);
}

#[tokio::test]
async fn a_response_ends_with_its_caller_and_is_not_kept() {
    let replicas = Replicas::endless();
    let app = replicas.server();
    let body = json!({"model": "m", "input": "Hi", "stream": true});
    let mut reading = Reading::of(&app, post("/v1/responses", &body, &[])).await;
    reading.until("\"One\"").await;
    let created = told(reading.text.split_inclusive("\n\n").next().unwrap()).remove(0).1;
    drop(reading);
    app.flush().await;
    let calls = app.get("/v1/calls").await.json();
    assert_eq!(calls["calls"][0]["outcome"], "cancelled", "{calls}");
    assert_eq!(app.get(&path(&created["response"])).await.status(), 404);
}

#[tokio::test]
async fn what_was_asked_is_listed_with_all_that_was_said_before() {
    let app = TestApp::saying(&["One", "Two"]);
    let first = respond(&app, json!({"model": "m", "input": "1"})).await;
    let body = json!({"model": "m", "input": "2", "previous_response_id": first["id"]});
    let second = respond(&app, body).await;
    let list = async |query: &str| app.app.get(&format!("{}/input_items{query}", path(&second))).await;
    let texts = |page: &Value| -> Vec<String> {
        let items = page["data"].as_array().unwrap().iter();
        items.map(|item| item["content"][0]["text"].as_str().unwrap().to_owned()).collect()
    };
    let page = list("?order=asc").await.json();
    assert_eq!(texts(&page), ["1", "One", "2"]);
    assert_eq!((&page["object"], &page["has_more"]), (&json!("list"), &json!(false)));
    assert_eq!(page["data"][0]["type"], "message");
    let ids: Vec<&str> =
        page["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!((&page["first_id"], &page["last_id"]), (&json!(ids[0]), &json!(ids[2])));

    assert_eq!(texts(&list("").await.json()), ["2", "One", "1"]);
    let page = list("?limit=1&order=asc").await.json();
    assert_eq!((texts(&page), &page["has_more"]), (vec!["1".to_owned()], &json!(true)));
    assert_eq!(texts(&list(&format!("?order=asc&after={}", ids[0])).await.json()), ["One", "2"]);
    assert_eq!(texts(&list(&format!("?order=asc&before={}", ids[2])).await.json()), ["1", "One"]);
    for (query, param) in [("?limit=0", "limit"), ("?order=up", "order")] {
        let refused = list(query).await;
        assert_eq!((refused.status().as_u16(), &refused.json()["error"]["param"]), (400, &json!(param)));
    }
    let unknown = app.app.get("/v1/responses/resp_0190b6e47a3c7def8000000000000001/input_items").await;
    assert_eq!(unknown.status(), 404);
}

#[tokio::test]
async fn items_that_are_only_named_are_those_that_were_made() {
    let app = TestApp::saying(&["One", "Two", "Three"]);
    let first = respond(&app, json!({"model": "m", "input": "1"})).await;
    let named = json!({"type": "item_reference", "id": first["output"][0]["id"]});
    let input = json!([{"role": "user", "content": "1"}, named, {"role": "user", "content": "2"}]);
    let second = respond(&app, json!({"model": "m", "input": input})).await;
    assert_eq!(app.last_prompt(), ["User: 1", "Assistant: One", "User: 2"]);
    let body = json!({"model": "m", "input": "3", "previous_response_id": second["id"]});
    respond(&app, body).await;
    assert_eq!(app.last_prompt(), ["User: 1", "Assistant: One", "User: 2", "Assistant: Two", "User: 3"]);

    let unknown = json!({"model": "m", "input": [{"type": "item_reference", "id": "msg_other"}]});
    let refused = app.post("/v1/responses", unknown).await;
    let error = &refused.json()["error"];
    assert_eq!(
        (refused.status().as_u16(), &error["message"]),
        (404, &json!("Item with id 'msg_other' not found."))
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anybody_is_asked() {
    let app = TestApp::saying(&["unused"]);
    for (more, param) in [
        (json!({"background": true, "store": false}), "background"),
        (json!({"store": "yes"}), "store"),
        (json!({"previous_response_id": 7}), "previous_response_id"),
        (json!({"conversation": "conv_1"}), "conversation"),
    ] {
        let mut body = json!({"model": "m", "input": "Hi"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let refused = app.post("/v1/responses", body).await;
        let error = &refused.json()["error"];
        assert_eq!((refused.status().as_u16(), &error["param"]), (400, &json!(param)), "{error}");
    }
    assert_eq!(app.mock.journal().len(), 0);
    for body in ["", "[]", "{"] {
        assert_eq!(app.app.post("/v1/responses", body).await.status(), 400, "{body}");
    }
}

#[tokio::test]
async fn keys_see_their_own_responses_alone() {
    let app = Keyed::over(Worker::counting(10, 5));
    let (_, one) = app.make(json!({"name": "one"})).await;
    let (_, other) = app.make(json!({"name": "other"})).await;
    let body = json!({"model": "small", "input": "Hi"});
    let kept = app.send(Method::POST, "/v1/responses", &one, &body).await;
    assert_eq!(kept.status(), 200, "{}", kept.text());
    let path = path(&kept.json());
    assert_eq!(app.get(&path, &one).await.status(), 200);
    for path in [path.clone(), format!("{path}/input_items"), format!("{path}?stream=true")] {
        assert_eq!(app.get(&path, &other).await.status(), 404, "{path}");
    }
    let cancelled = app.send(Method::POST, &format!("{path}/cancel"), &other, &json!({})).await;
    assert_eq!(cancelled.status(), 404);
    let mut body = json!({"model": "small", "input": "And?", "previous_response_id": kept.json()["id"]});
    let refused = app.send(Method::POST, "/v1/responses", &other, &body).await;
    assert_eq!(refused.json()["error"]["code"], "previous_response_not_found", "{}", refused.text());
    body["previous_response_id"] = Value::Null;
    body["input"] = json!([{"type": "item_reference", "id": kept.json()["output"][0]["id"]}]);
    assert_eq!(app.send(Method::POST, "/v1/responses", &other, &body).await.status(), 404);
    assert_eq!(app.send(Method::DELETE, &path, &other, &json!({})).await.status(), 404);
    assert_eq!(app.send(Method::DELETE, &path, &one, &json!({})).await.status(), 200);
}

/// An upstream that speaks Responses, and notes what it is sent.
#[derive(Clone, Default)]
struct Upstream {
    sent: Arc<Mutex<Vec<Value>>>,
}

impl Upstream {
    fn response() -> Value {
        let reasoning = json!({"type": "reasoning", "id": "rs_up", "summary": []});
        let message = json!({"type": "message", "id": "msg_up", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": "Hello", "annotations": [], "unheard_of": 1}]});
        json!({"id": "resp_up", "object": "response", "created_at": 1, "status": "completed", "model": "up-1",
            "output": [reasoning, message], "store": false, "usage": null, "unheard_of": {"a": 1}})
    }

    fn frames() -> String {
        let created = json!({"type": "response.created", "sequence_number": 0,
            "response": {"id": "resp_up", "status": "in_progress", "output": []}});
        let delta =
            r#"{"type":"response.output_text.delta","sequence_number":1,"delta":"Hello", "unheard_of":1.50}"#;
        let done = json!({"type": "response.completed", "sequence_number": 2, "response": Self::response()});
        let frame = |name: &str, data: &str| format!("event: {name}\ndata: {data}\n\n");
        frame("response.created", &created.to_string())
            + &frame("response.output_text.delta", delta)
            + &frame("response.completed", &done.to_string())
    }
}

#[async_trait]
impl Provider for Upstream {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        let sent = OpenAiResponses.write_request(&request, &Dialect::default())?;
        self.sent.lock().unwrap().push(serde_json::from_slice(&sent).unwrap());
        if !request.stream {
            let event = OpenAiResponses.read_reply(Self::response().to_string().into())?;
            return Ok(Box::pin(stream::iter([Ok(event)])));
        }
        let mut reader = OpenAiResponses.stream_reader(1 << 20);
        reader.push(Self::frames().into());
        let events: Vec<_> = std::iter::from_fn(|| reader.next()).collect();
        Ok(Box::pin(stream::iter(events)))
    }
}

#[tokio::test]
async fn an_upstream_that_keeps_answers_too_is_to_keep_none() {
    let upstream = Upstream::default();
    let replicas = Replicas::answered_by(upstream.clone());
    let app = replicas.server();
    let ask = async |body: Value| app.post("/v1/responses", body.to_string()).await;
    let first = ask(json!({"model": "m", "input": "Hi", "include": ["x"]})).await.json();
    assert_ne!(first["id"], "resp_up");
    assert_eq!((&first["store"], &first["unheard_of"]), (&json!(true), &json!({"a": 1})));
    let body = json!({"model": "m", "input": "And?", "previous_response_id": first["id"], "stream": true});
    let streamed = ask(body).await.text();
    assert!(streamed.contains(r#""delta":"Hello", "unheard_of":1.50}"#), "{streamed}");
    assert!(!streamed.contains("resp_up"), "{streamed}");
    let last = told(&streamed).pop().unwrap().1;
    assert_eq!(last["response"]["previous_response_id"], first["id"]);
    assert_eq!(app.get(&path(&last["response"])).await.json(), last["response"]);

    let sent = upstream.sent.lock().unwrap().clone();
    assert_eq!(sent[0], json!({"model": "m", "input": "Hi", "include": ["x"], "store": false}));
    // What it would look for by its id is said without, and what says nothing then is left out.
    let said = json!([
        {"type": "message", "role": "user", "content": "Hi"},
        {"type": "message", "role": "assistant", "content": Upstream::response()["output"][1]["content"]},
        {"type": "message", "role": "user", "content": "And?"},
    ]);
    assert_eq!(sent[1], json!({"model": "m", "input": said, "stream": true, "store": false}));
}

#[tokio::test]
async fn what_has_no_state_goes_through_as_it_came() {
    let upstream = Upstream::default();
    let replicas = Replicas::answered_by(upstream.clone());
    let app = replicas.server();
    let body = json!({"model": "m", "input": "Hi", "store": false, "stream": true, "unheard_of": 1});
    assert_eq!(app.post("/v1/responses", body.to_string()).await.text(), Upstream::frames());
    assert_eq!(*upstream.sent.lock().unwrap(), [body]);
}

#[tokio::test]
async fn a_conversation_that_is_too_large_is_refused_by_its_size() {
    let replicas = Replicas::answered_by(Upstream::default());
    let app = replicas.server();
    let ask = async |body: Value| app.post("/v1/responses", body.to_string()).await;
    let long = "x".repeat(11 << 20);
    let first = ask(json!({"model": "m", "input": long})).await.json();
    let second = ask(json!({"model": "m", "input": long, "previous_response_id": first["id"]})).await.json();
    let refused = ask(json!({"model": "m", "input": "3", "previous_response_id": second["id"]})).await;
    assert_eq!(refused.status(), 400);
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("20971520 bytes"), "{message}");
}
