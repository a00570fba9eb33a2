//! The double as OpenAI's Responses: the same scripts, kept answers, and what goes on with them.

use playhouse_mock::MockServer;
use playhouse_mock::script::When;
use playhouse_mock::verify::Expectations;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ask::{Answer, send, start};

const SCRIPT: &str = "
rules:
  - when: {tool_result: get_weather}
    reply: Take an umbrella.
  - when: {user: weather, protocol: openai-responses}
    reply: {text: I'll look., tool_calls: [{name: get_weather, arguments: {city: Oslo}}]}
  - when: {user: why}
    reply: {reasoning: It is asked why., text: Because.}
  - when: {turn: 2}
    reply: The second.
  - reply: The first.
";

async fn ask(server: &MockServer, body: Value) -> Answer {
    let mut request = json!({ "model": "gpt-4o" });
    request.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    send(server, "POST", "/v1/responses", &request.to_string()).await
}

fn text(response: &Value) -> &str {
    let message = response["output"].as_array().unwrap().iter().find(|item| item["type"] == "message");
    message.and_then(|message| message["content"][0]["text"].as_str()).unwrap_or_else(|| panic!("{response}"))
}

fn told(answer: &Answer) -> (Option<u16>, String) {
    (answer.status, answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned())
}

fn events(answer: &Answer) -> Vec<Value> {
    events_in(&answer.body)
}

fn events_in(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn an_answer_repeats_what_was_asked() {
    let server = start(SCRIPT).await;
    let asked =
        json!({ "input": "Hi", "instructions": "Be brief.", "temperature": 0.5, "metadata": { "job": "a" } });
    let response = ask(&server, asked).await.json();
    assert_eq!((text(&response), &response["status"]), ("The first.", &json!("completed")));
    assert!(response["id"].as_str().unwrap().starts_with("resp_"), "{response}");
    assert_eq!((&response["temperature"], &response["metadata"]["job"]), (&json!(0.5), &json!("a")));
    assert!(response["usage"]["input_tokens"].as_u64().unwrap() > 0);
    let other = ask(&server, json!({ "input": "Hi", "metadata": { "job": "b" } })).await.json();
    assert_eq!(other["metadata"]["job"], "b");
    assert_ne!(other["id"], response["id"]);
}

#[tokio::test]
async fn a_stream_tells_the_same_in_openais_events() {
    let server = start(SCRIPT).await;
    let whole = ask(&server, json!({ "input": "why?", "model": "gpt-5" })).await.json();
    let streamed = events(&ask(&server, json!({ "input": "why?", "model": "gpt-5", "stream": true })).await);
    let kinds: Vec<&str> = streamed.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..2], ["response.created", "response.in_progress"]);
    assert_eq!(kinds[kinds.len() - 1], "response.completed");
    let numbers: Vec<u64> = streamed.iter().map(|event| event["sequence_number"].as_u64().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    let response = &streamed[streamed.len() - 1]["response"];
    assert_eq!((text(response), &response["usage"]), (text(&whole), &whole["usage"]));
    let reasoning: String = streamed
        .iter()
        .filter(|event| event["type"] == "response.reasoning_summary_text.delta")
        .filter_map(|event| event["delta"].as_str())
        .collect();
    assert_eq!(reasoning, "It is asked why.");
}

#[tokio::test]
async fn a_conversation_goes_on_by_the_id_of_its_answer() {
    let server = start(SCRIPT).await;
    let first = ask(&server, json!({ "input": "Hi" })).await.json();
    let second = ask(&server, json!({ "input": "again", "previous_response_id": first["id"] })).await.json();
    assert_eq!((text(&second), &second["previous_response_id"]), ("The second.", &first["id"]));
    let tokens = |response: &Value| response["usage"]["input_tokens"].as_u64().unwrap();
    assert!(tokens(&second) > tokens(&first), "what was said before is counted");
    let unknown = ask(&server, json!({ "input": "again", "previous_response_id": "resp_nought" })).await;
    assert_eq!(told(&unknown), (Some(400), "Previous response with id 'resp_nought' not found.".to_owned()));
    let forgotten = ask(&server, json!({ "input": "Hi", "store": false })).await.json();
    let after = ask(&server, json!({ "input": "again", "previous_response_id": forgotten["id"] })).await;
    assert_eq!(after.status, Some(400));
    let elsewhere =
        json!({ "model": "gpt-4o", "input": "again", "previous_response_id": first["id"] }).to_string();
    assert_eq!(send(&server, "POST", "/ns/other/v1/responses", &elsewhere).await.status, Some(400));
}

#[tokio::test]
async fn calls_are_answered_with_and_without_the_id() {
    let server = start(SCRIPT).await;
    let tools = json!([{ "type": "function", "name": "get_weather", "parameters": { "type": "object", "properties": {} } }]);
    let first = ask(&server, json!({ "input": "the weather?", "tools": tools })).await.json();
    let call =
        first["output"].as_array().unwrap().iter().find(|item| item["type"] == "function_call").unwrap();
    assert_eq!((&call["name"], &call["arguments"]), (&json!("get_weather"), &json!(r#"{"city":"Oslo"}"#)));
    let result = json!({ "type": "function_call_output", "call_id": call["call_id"], "output": "rain" });
    let by_id = ask(&server, json!({ "input": [result], "previous_response_id": first["id"] })).await.json();
    assert_eq!(text(&by_id), "Take an umbrella.");
    let mut whole = vec![json!({ "role": "user", "content": "the weather?" })];
    whole.extend(first["output"].as_array().unwrap().clone());
    whole.push(result.clone());
    assert_eq!(text(&ask(&server, json!({ "input": whole })).await.json()), "Take an umbrella.");
    let id = call["call_id"].as_str().unwrap();
    let unanswered = ask(&server, json!({ "input": "and?", "previous_response_id": first["id"] })).await;
    assert_eq!(told(&unanswered), (Some(400), format!("No tool output found for function call {id}.")));
    let uncalled = ask(&server, json!({ "input": [result] })).await;
    assert_eq!(told(&uncalled).1, format!("No tool call found for function call output with call_id {id}."));
}

#[tokio::test]
async fn kept_answers_are_read_and_deleted() {
    let server = start(SCRIPT).await;
    let response = ask(&server, json!({ "input": "Hi" })).await.json();
    let path = format!("/v1/responses/{}", response["id"].as_str().unwrap());
    assert_eq!(send(&server, "GET", &path, "").await.json(), response);
    let items = send(&server, "GET", &format!("{path}/input_items"), "").await.json();
    assert_eq!((&items["object"], &items["data"][0]["content"][0]["text"]), (&json!("list"), &json!("Hi")));
    let cancelled = send(&server, "POST", &format!("{path}/cancel"), "").await;
    assert_eq!(told(&cancelled), (Some(400), "Cannot cancel a synchronous response.".to_owned()));
    assert_eq!(send(&server, "DELETE", &path, "").await.json()["deleted"], true);
    let id = response["id"].as_str().unwrap();
    assert_eq!(
        told(&send(&server, "GET", &path, "").await),
        (Some(404), format!("Response with id '{id}' not found."))
    );
    let chats = send(&server, "GET", "/v1/chat/completions", "").await.json();
    assert_eq!(chats["data"], json!([]));
    let streamed = events(&ask(&server, json!({ "input": "Hi", "stream": true })).await);
    let kept = &streamed[streamed.len() - 1]["response"];
    let path = format!("/v1/responses/{}", kept["id"].as_str().unwrap());
    assert_eq!(text(&send(&server, "GET", &path, "").await.json()), text(kept));
}

#[tokio::test]
async fn a_count_is_what_the_answer_then_says() {
    let server = start(SCRIPT).await;
    let request =
        json!({ "model": "gpt-4o", "input": "What will the weather be?", "instructions": "Be brief." });
    let count = send(&server, "POST", "/v1/responses/input_tokens", &request.to_string()).await.json();
    assert_eq!(count["object"], "response.input_tokens");
    assert_eq!(count["input_tokens"], ask(&server, request).await.json()["usage"]["input_tokens"]);
}

#[tokio::test]
async fn faults_meet_responses_as_they_meet_others() {
    let met = async |fault: &str, stream: bool| {
        let server = start(&format!("rules: [{{fault: {fault}, reply: one two three four}}]")).await;
        ask(&server, json!({ "input": "Hi", "stream": stream })).await
    };
    let limited = met("429", false).await;
    assert_eq!((limited.status, limited.header("retry-after")), (Some(429), Some("1")));
    assert_eq!(met("503", false).await.json()["error"]["type"], "server_error");
    let cut = events(&met("{kind: cut, after_events: 4}", true).await);
    assert!(cut.len() == 4 && cut.iter().all(|event| event["type"] != "response.completed"), "{cut:?}");
    let failed = events(&met("{kind: error_event, after_events: 4}", true).await);
    assert_eq!(failed[failed.len() - 1]["type"], "error");
    let endless = events(&met("missing_done", true).await);
    assert!(endless.iter().all(|event| event["type"] != "response.completed"));
}

#[tokio::test]
async fn answers_are_generated_paced_and_verified() {
    let mut server =
        start("{pace: {first_token_ms: 100, token_ms: 1}, rules: [{reply: {generate: true}}]}").await;
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"],
        "additionalProperties": false });
    let format = json!({ "type": "json_schema", "name": "number", "schema": schema, "strict": true });
    let begun = std::time::Instant::now();
    let response = ask(&server, json!({ "input": "Hi", "text": { "format": format } })).await.json();
    assert!(begun.elapsed().as_millis() >= 100);
    let made: Value = serde_json::from_str(text(&response)).unwrap();
    assert!(made["n"].is_i64(), "{made}");
    server.expect(Expectations::default().called(When::user("Hi"), 1).total(1).script_consumed());
}

const IN_BACKGROUND: &str = "
pace: {first_token_ms: 600000}
rules:
  - when: {user: soon}
    reply: Soon done.
    pace: {first_token_ms: 0}
  - reply: Much later.
";

async fn get(server: &MockServer, id: &Value, rest: &str) -> Answer {
    send(server, "GET", &format!("/v1/responses/{}{rest}", id.as_str().unwrap()), "").await
}

async fn cancel(server: &MockServer, id: &Value) -> Answer {
    send(server, "POST", &format!("/v1/responses/{}/cancel", id.as_str().unwrap()), "").await
}

#[tokio::test]
async fn in_the_background_an_answer_is_queued_and_then_there() {
    let server = start(IN_BACKGROUND).await;
    let queued = ask(&server, json!({ "input": "soon", "background": true })).await.json();
    assert_eq!(
        (&queued["status"], &queued["output"], &queued["usage"]),
        (&json!("queued"), &json!([]), &Value::Null)
    );
    let there = get(&server, &queued["id"], "").await.json();
    assert_eq!(
        (text(&there), &there["status"], &there["background"]),
        ("Soon done.", &json!("completed"), &json!(true))
    );
    assert!(there["usage"]["output_tokens"].as_u64() > Some(0));
    assert_eq!(
        told(&cancel(&server, &queued["id"]).await),
        (Some(400), "Cannot cancel a completed response.".into())
    );
    let next = ask(&server, json!({ "input": "soon", "previous_response_id": queued["id"] })).await.json();
    assert_eq!(text(&next), "Soon done.");
    let calls = server.journal().snapshot();
    assert_eq!(calls.entries.len(), 4, "each of these is a call");
}

#[tokio::test]
async fn what_is_not_there_yet_is_neither_gone_on_from_nor_deleted_but_cancelled() {
    let server = start(IN_BACKGROUND).await;
    let queued = ask(&server, json!({ "input": "Hi", "background": true })).await.json();
    let id = &queued["id"];
    assert_eq!(get(&server, id, "").await.json(), queued);
    let next = ask(&server, json!({ "input": "And?", "previous_response_id": id })).await;
    assert_eq!((next.status, &next.json()["error"]["param"]), (Some(400), &json!("previous_response_id")));
    let path = format!("/v1/responses/{}", id.as_str().unwrap());
    let deleted = send(&server, "DELETE", &path, "").await;
    assert_eq!(told(&deleted), (Some(400), "Cannot delete an in-flight response.".to_owned()));
    let cancelled = cancel(&server, id).await.json();
    assert_eq!((&cancelled["status"], &cancelled["output"]), (&json!("cancelled"), &json!([])));
    assert_eq!(cancel(&server, id).await.json(), cancelled);
    assert_eq!(get(&server, id, "").await.json(), cancelled);
    let refused = ask(&server, json!({ "input": "Hi", "background": true, "store": false })).await;
    assert_eq!((refused.status, &refused.json()["error"]["param"]), (Some(400), &json!("background")));
}

#[tokio::test]
async fn an_open_stream_ends_when_its_answer_is_cancelled() {
    let server = start("rules: [{reply: one two three, pace: {first_token_ms: 0, token_ms: 600000}}]").await;
    let asked = json!({ "model": "gpt-4o", "input": "Hi", "background": true, "stream": true }).to_string();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /v1/responses HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-any\r\nconnection: close";
    let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{asked}", asked.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut come = Vec::new();
    while !String::from_utf8_lossy(&come).contains("event: response.output_text.delta") {
        assert!(stream.read_buf(&mut come).await.unwrap() > 0, "the stream has ended");
    }
    let begun = String::from_utf8_lossy(&come).into_owned();
    let (begun, _) = begun.split_once("event: response.output_text.delta").unwrap();
    let id = &events_in(begun)[0]["response"]["id"];
    let cancelled = cancel(&server, id).await.json();
    assert_eq!(cancelled["status"], "cancelled");
    stream.read_to_end(&mut come).await.unwrap();
    let told = events_in(&String::from_utf8_lossy(&come));
    let last = &told[told.len() - 1];
    assert_eq!((&last["type"], &last["response"]), (&json!("response.failed"), &cancelled));
    assert!(told.iter().enumerate().all(|(at, event)| event["sequence_number"] == at), "{told:?}");
    assert_eq!(events(&get(&server, id, "?stream=true").await), told);
}

#[tokio::test]
async fn a_stream_in_the_background_outlives_its_connection() {
    let server = start("rules: [{reply: one two three four, fault: {kind: cut, after_events: 6}}]").await;
    let cut = events(&ask(&server, json!({ "input": "Hi", "background": true, "stream": true })).await);
    let kinds: Vec<&str> = cut.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..3], ["response.created", "response.queued", "response.in_progress"]);
    assert_eq!((cut.len(), &cut[0]["response"]["status"]), (6, &json!("queued")));
    let id = &cut[0]["response"]["id"].clone();
    let rest = events(&get(&server, id, "?stream=true&starting_after=5").await);
    let whole = events(&get(&server, id, "?stream=true").await);
    assert_eq!([cut, rest].concat(), whole);
    assert!(whole.iter().enumerate().all(|(at, event)| event["sequence_number"] == at), "{whole:?}");
    let last = &whole[whole.len() - 1];
    assert_eq!(
        (&last["type"], text(&last["response"])),
        (&json!("response.completed"), "one two three four")
    );
    assert_eq!(get(&server, id, "").await.json(), last["response"]);
    let refused = get(&server, id, "?stream=true&starting_after=many").await;
    assert_eq!((refused.status, &refused.json()["error"]["param"]), (Some(400), &json!("starting_after")));
}
