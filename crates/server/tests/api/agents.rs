//! Agents: their runs, the turns they answer, and agents as models.

use std::time::Duration;

use axum_body::next_event;
use futures_util::StreamExt;
use playhouse_agent::{AgentConfig, Bounds, StrategyKind};
use playhouse_llm::{Choice, Error, ErrorKind, Extra, FinishReason, Message, Part, Reply, ToolCall};
use playhouse_mock::{Answer, MockProvider};
use playhouse_server::{App, assemble, http};
use playhouse_store::{BeginRun, RunStep, Runs, SqliteStore, StoreConfig, ToolEnd};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::events;

/// An app with the agents `math` (tool calls) and `reasoner` (ReAct), over a mock that answers in turn.
struct Stage {
    app: App,
    mock: MockProvider,
    data_dir: TempDir,
}

impl Stage {
    fn saying(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::over(MockProvider::answers(answers), tempfile::tempdir().unwrap())
    }

    fn over(mock: MockProvider, data_dir: TempDir) -> Self {
        let config = AgentConfig {
            description: Some("Calculates.".to_owned()),
            instructions: Some("Use the calculator.".to_owned()),
            tools: vec!["calculator".to_owned()],
            bounds: Bounds { max_steps: 3, ..Bounds::default() },
            ..AgentConfig::default()
        };
        let reasoner = AgentConfig { strategy: StrategyKind::React, ..config.clone() };
        let agents = [("math".to_owned(), config), ("reasoner".to_owned(), reasoner)];
        let roster = assemble(agents.iter().map(|(name, config)| (name, config)), "test-model").unwrap();
        let app = App::with_agents(mock.clone(), roster, data_dir.path()).unwrap();
        Self { app, mock, data_dir }
    }

    async fn post(&self, path: &str, body: Value) -> playhouse_server::Answer {
        self.app.post(path, body.to_string()).await
    }

    /// What the model was asked each time, as `role: text` lines.
    fn asked(&self) -> Vec<Vec<String>> {
        let line = |message: &Message| match message.tool_calls().next() {
            Some(call) => format!("{:?}: {} {}", message.role, call.name, call.arguments),
            None => format!("{:?}: {}", message.role, message.text()),
        };
        let calls = self.mock.journal().calls();
        calls.iter().map(|call| call.messages().iter().map(line).collect()).collect()
    }
}

fn calls(expression: &str) -> Answer {
    let mut message = Message::assistant("");
    message.parts = vec![Part::ToolCall(ToolCall {
        id: "c1".to_owned(),
        name: "calculator".to_owned(),
        arguments: json!({ "expression": expression }).to_string(),
        extra: Extra::new(),
    })];
    let choice = Choice { index: 0, message, finish: Some(FinishReason::ToolCalls), extra: Extra::new() };
    Answer::from(&Reply { choices: vec![choice], ..Reply::default() })
}

#[tokio::test]
async fn a_run_is_told_whole_and_can_be_read_again() {
    let stage = Stage::saying([calls("10 * 5"), Answer::text("It is 50.")]);
    let answer = stage.post("/v1/agents/math/runs", json!({ "input": "What is 10 * 5?" })).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let run = answer.json();
    assert_eq!((&run["status"], &run["answer"]), (&json!("completed"), &json!("It is 50.")));
    assert_eq!(run["agent"], "math");
    assert_eq!(run["model"], "test-model");
    assert_eq!(run["step_count"], 2);
    let call = &run["steps"][0]["tool_calls"][0];
    assert_eq!(call["arguments"], json!({ "expression": "10 * 5" }));
    assert_eq!((&call["result"]["success"], &call["result"]["output"]), (&json!(true), &json!("50")));
    assert_eq!(answer.header("x-run-id"), run["id"].as_str().unwrap());
    assert_eq!(
        stage.asked(),
        [
            vec!["System: Use the calculator.", "User: What is 10 * 5?"],
            vec![
                "System: Use the calculator.",
                "User: What is 10 * 5?",
                r#"Assistant: calculator {"expression":"10 * 5"}"#,
                "Tool: 50"
            ]
        ]
    );
    let read = stage.app.get(&format!("/v1/runs/{}", run["id"].as_str().unwrap())).await;
    assert_eq!(read.json(), run);
    let list = stage.app.get("/v1/runs?agent=math").await.json();
    assert_eq!(list["runs"][0]["id"], run["id"]);
    assert_eq!(stage.app.get("/v1/runs?agent=reasoner").await.json()["runs"], json!([]));
}

#[tokio::test]
async fn a_streamed_run_tells_each_step() {
    let steps = [
        "Thought: I calculate.\nAction: calculator\nAction Input: 10 * 5",
        "Thought: Good.\nAnswer: It is 50.",
    ];
    let stage = Stage::saying(steps.map(Answer::text));
    let body = json!({ "input": "What is 10 * 5?", "stream": true });
    let told = events(&stage.post("/v1/agents/reasoner/runs", body).await);
    let names: Vec<&str> = told.iter().map(|event| event.1.as_str()).collect();
    assert_eq!(names[..5], ["run", "step", "step", "step", "step"]);
    let kinds: Vec<&Value> = told[1..5].iter().map(|event| &event.2["type"]).collect();
    assert_eq!(kinds, ["thought", "tool_call", "tool_result", "thought"]);
    assert_eq!(told[1].2["thought"], "I calculate.");
    assert_eq!(told[3].2["output"], "50");
    let text: String = told
        .iter()
        .filter(|event| event.1 == "delta")
        .map(|event| event.2["content"].as_str().unwrap())
        .collect();
    assert_eq!(text, "It is 50.");
    let done = &told.last().unwrap().2;
    assert_eq!((&done["status"], &done["answer"]), (&json!("completed"), &json!("It is 50.")));
    assert_eq!(done["run_id"], told[0].2["run_id"]);
}

#[tokio::test]
async fn an_agent_answers_within_a_session() {
    let stage =
        Stage::saying([calls("10 * 5"), Answer::text("It is 50."), Answer::text("You asked for 50.")]);
    let ask = |message: &str| json!({ "message": message, "session_id": "s1", "agent": "math" });
    let reply = stage.post("/v1/chat", ask("What is 10 * 5?")).await.json();
    assert_eq!(reply["content"], "It is 50.");
    let run = stage.app.get(&format!("/v1/runs/{}", reply["run_id"].as_str().unwrap())).await.json();
    assert_eq!((&run["session_id"], &run["turn_id"]), (&json!("s1"), &reply["turn_id"]));
    stage.post("/v1/chat", ask("What did I ask?")).await;
    let last = stage.asked().pop().unwrap();
    let seen = [
        "System: Use the calculator.",
        "User: What is 10 * 5?",
        "Assistant: It is 50.",
        "User: What did I ask?",
    ];
    assert_eq!(last, seen);
}

#[tokio::test]
async fn an_agent_asks_another_model_where_the_caller_names_one() {
    let stage = Stage::saying([Answer::text("Hello.")]);
    let body = json!({ "message": "Hi", "agent": "math", "model": "other" });
    let reply = stage.post("/v1/chat", body).await.json();
    assert_eq!(stage.mock.journal().last().unwrap().model(), "other");
    let run = stage.app.get(&format!("/v1/runs/{}", reply["run_id"].as_str().unwrap())).await.json();
    assert_eq!((&run["model"], &run["steps"][0]["model"]), (&json!("other"), &json!("other")));
}

#[tokio::test]
async fn a_streamed_turn_of_an_agent_shows_its_steps() {
    let stage = Stage::saying([calls("10 * 5"), Answer::text("It is 50.")]);
    let body = json!({ "message": "What is 10 * 5?", "agent": "math", "stream": true });
    let told = events(&stage.post("/v1/chat", body).await);
    let names: Vec<&str> = told.iter().map(|event| event.1.as_str()).collect();
    assert_eq!(names, ["step", "step", "delta", "delta", "delta", "usage", "done"]);
    assert!(told.last().unwrap().2["run_id"].is_string());
}

#[tokio::test]
async fn an_agent_is_a_model_on_the_compatible_protocol() {
    for stream in [false, true] {
        let stage = Stage::saying([calls("10 * 5"), Answer::text("It is 50.")]);
        let messages = json!([{ "role": "user", "content": "What is 10 * 5?" }]);
        let body = json!({ "model": "agent:math", "messages": messages, "stream": stream });
        let answer = stage.post("/v1/chat/completions", body).await;
        assert_eq!(answer.status(), 200);
        match stream {
            false => {
                let reply = answer.json();
                assert_eq!(reply["choices"][0]["message"]["content"], "It is 50.");
                assert_eq!(reply["choices"][0]["finish_reason"], "stop");
                assert!(reply["choices"][0]["message"].get("tool_calls").is_none());
            }
            true => {
                assert!(!answer.text().contains("tool_calls"), "{}", answer.text());
                assert!(answer.text().ends_with("data: [DONE]\n\n"));
            }
        }
        assert_eq!(stage.app.get("/v1/runs").await.json()["runs"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn agents_are_listed_as_agents_and_as_models() {
    let stage = Stage::saying([]);
    let agents = stage.app.get("/v1/agents").await.json();
    assert_eq!(agents["agents"][0]["name"], "math");
    assert_eq!(agents["agents"][0]["tools"][0]["name"], "calculator");
    assert_eq!(agents["agents"][1]["strategy"], "react");
    let models = stage.app.get("/v1/models").await.json();
    assert_eq!(models["data"][0]["id"], "agent:math");
}

#[tokio::test]
async fn an_agent_that_there_is_not_is_told_with_those_there_are() {
    let stage = Stage::saying([]);
    let told = "there is no agent 'maths'; there are: math, reasoner";
    let runs = stage.post("/v1/agents/maths/runs", json!({ "input": "Hi" })).await;
    assert_eq!((runs.status().as_u16(), &runs.json()["detail"]), (404, &json!(told)));
    let chat = stage.post("/v1/chat", json!({ "message": "Hi", "agent": "maths" })).await;
    assert_eq!((chat.status().as_u16(), &chat.json()["detail"]), (404, &json!(told)));
    let body = json!({ "model": "agent:maths", "messages": [{ "role": "user", "content": "Hi" }] });
    let compatible = stage.post("/v1/chat/completions", body).await;
    assert_eq!((compatible.status().as_u16(), &compatible.json()["error"]["message"]), (404, &json!(told)));
}

#[tokio::test]
async fn requests_that_cannot_be_meant_are_refused() {
    let stage = Stage::saying([]);
    let answer = stage.post("/v1/agents/math/runs", json!({ "input": " " })).await;
    assert_eq!((answer.status().as_u16(), &answer.json()["param"]), (400, &json!("input")));
    let tools = json!([{ "type": "function", "function": { "name": "mine" } }]);
    let messages = json!([{ "role": "user", "content": "Hi" }]);
    let body = json!({ "model": "agent:math", "messages": messages, "tools": tools });
    assert_eq!(stage.post("/v1/chat/completions", body).await.status(), 400);
    assert_eq!(stage.app.get("/v1/runs/nobody").await.status(), 404);
    assert_eq!(stage.app.delete("/v1/runs/nobody").await.status(), 404);
}

#[tokio::test]
async fn a_model_that_refuses_at_once_refuses_the_run() {
    let stage = Stage::saying([Answer::failure(Error::new(ErrorKind::RateLimited, "slow down"))]);
    let answer = stage.post("/v1/agents/math/runs", json!({ "input": "Hi" })).await;
    assert_eq!((answer.status().as_u16(), &answer.json()["detail"]), (429, &json!("slow down")));
}

#[tokio::test]
async fn a_model_that_refuses_in_the_middle_fails_the_run_with_what_it_had() {
    let stage =
        Stage::saying([calls("10 * 5"), Answer::failure(Error::new(ErrorKind::RateLimited, "slow down"))]);
    let run = stage.post("/v1/agents/math/runs", json!({ "input": "Hi" })).await.json();
    assert_eq!((&run["status"], &run["error"]), (&json!("failed"), &json!("rate_limited")));
    assert_eq!((&run["answer"], &run["reason"]), (&json!("50"), &json!("slow down")));
    assert_eq!(run["step_count"], 1);
}

#[tokio::test]
async fn a_bound_ends_a_run_and_says_so() {
    let stage = Stage::saying([calls("1 + 1"), calls("2 + 2"), calls("3 + 3")]);
    let run = stage.post("/v1/agents/math/runs", json!({ "input": "Hi" })).await.json();
    assert_eq!((&run["status"], &run["reason"]), (&json!("step_limit"), &json!("3 steps were not enough")));
    assert_eq!(run["answer"], "4");
}

#[tokio::test]
async fn a_run_is_cancelled_at_once() {
    let slow = Answer::text("One word after the other").paced(Duration::from_secs(3600));
    let stage = Stage::saying([slow]);
    let request = http::Request::post("/v1/agents/math/runs").header("content-type", "application/json");
    let body = json!({ "input": "Hi", "stream": true }).to_string();
    let response = stage.app.front().answer(request.body(body.into()).unwrap()).await;
    let mut told = response.into_body().into_data_stream();
    let run_id = next_event(&mut told).await["run_id"].as_str().unwrap().to_owned();

    let running = stage.app.get(&format!("/v1/runs/{run_id}")).await.json();
    assert_eq!(running["status"], "running");
    let cancelled = stage.app.delete(&format!("/v1/runs/{run_id}")).await;
    assert_eq!((cancelled.status().as_u16(), &cancelled.json()["status"]), (200, &json!("cancelled")));
    let mut last = Value::Null;
    while let Some(Ok(bytes)) = told.next().await {
        last = axum_body::data_of(&bytes);
    }
    assert_eq!(last["status"], "cancelled");
    let again = stage.app.delete(&format!("/v1/runs/{run_id}")).await;
    assert_eq!(again.status(), 409);
}

#[tokio::test]
async fn a_run_whose_caller_leaves_is_cancelled_if_that_is_wished() {
    let slow = Answer::text("One word after the other").paced(Duration::from_secs(3600));
    let stage = Stage::saying([slow]);
    let request = http::Request::post("/v1/agents/math/runs").header("content-type", "application/json");
    let body = json!({ "input": "Hi", "stream": true, "on_disconnect": "cancel" }).to_string();
    let response = stage.app.front().answer(request.body(body.into()).unwrap()).await;
    let mut told = response.into_body().into_data_stream();
    let run_id = next_event(&mut told).await["run_id"].as_str().unwrap().to_owned();
    drop(told);
    stage.app.flush().await;
    let run = stage.app.get(&format!("/v1/runs/{run_id}")).await.json();
    assert_eq!(run["status"], "cancelled");
}

const RUN_ID: &str = "0190b6e4-7a3c-7def-8000-000000000001";

/// Leaves a run in a store as a process leaves it that dies: its first tool has answered `stored`.
async fn die_in_a_run(data_dir: &TempDir, resumable: bool) {
    let path = data_dir.path().join(playhouse_server::DATABASE_FILE);
    let store = SqliteStore::open(&path, &StoreConfig::default()).unwrap();
    let begin = BeginRun {
        key_id: None,
        run_id: RUN_ID.into(),
        agent: "math".into(),
        model: "test-model".into(),
        input: vec![Message::user("What is 10 * 5?")],
        resumable,
        request_id: "req_1".into(),
        session_id: None,
        turn_id: None,
        idempotency: None,
        now_us: 1_700_000_000_000_000,
    };
    store.begin_run(begin).await.unwrap();
    let call = |id: &str| ToolCall {
        id: id.to_owned(),
        name: "calculator".to_owned(),
        arguments: r#"{"expression": "10 * 5"}"#.to_owned(),
        extra: Extra::new(),
    };
    let mut said = Message::assistant("");
    said.parts = vec![Part::ToolCall(call("c1")), Part::ToolCall(call("c2"))];
    let step = RunStep {
        number: 1,
        at_us: 1_700_000_000_000_000,
        said,
        thought: None,
        calls: vec![call("c1"), call("c2")],
        model: "test-model".into(),
        finish_reason: None,
        usage: None,
        cost_usd: None,
        duration_ms: 1.0,
    };
    store.add_step(RUN_ID, step).await.unwrap();
    let end = ToolEnd {
        call_id: "c1".into(),
        tool: "calculator".into(),
        success: true,
        output: "stored".to_owned(),
        error: None,
        duration_ms: 1.0,
        now_us: 1_700_000_000_000_000,
    };
    store.end_tool(RUN_ID, 1, end).await.unwrap();
}

#[tokio::test]
async fn a_run_that_died_goes_on_without_running_a_tool_twice() {
    let data_dir = tempfile::tempdir().unwrap();
    die_in_a_run(&data_dir, true).await;
    let stage = Stage::over(MockProvider::replies(["It is 50."]), data_dir);
    let found = stage.app.get(&format!("/v1/runs/{RUN_ID}")).await.json();
    assert_eq!((&found["status"], &found["resumable"]), (&json!("interrupted"), &json!(true)));
    assert_eq!(found["steps"][0]["tool_calls"][0]["result"]["output"], "stored");
    assert_eq!(found["steps"][0]["tool_calls"][1]["result"], Value::Null);

    let run = stage.post(&format!("/v1/runs/{RUN_ID}/resume"), json!({})).await.json();
    assert_eq!((&run["status"], &run["answer"]), (&json!("completed"), &json!("It is 50.")), "{run}");
    assert_eq!(stage.asked()[0][3..], ["Tool: stored", "Tool: 50"], "only the second ran");
    let again = stage.post(&format!("/v1/runs/{RUN_ID}/resume"), json!({})).await;
    assert_eq!(again.status(), 409);
    drop(stage.data_dir);
}

#[tokio::test]
async fn a_run_with_a_tool_that_must_not_run_twice_does_not_go_on() {
    let data_dir = tempfile::tempdir().unwrap();
    die_in_a_run(&data_dir, false).await;
    let stage = Stage::over(MockProvider::replies(["It is 50."]), data_dir);
    let refused = stage.post(&format!("/v1/runs/{RUN_ID}/resume"), json!({})).await;
    assert_eq!(refused.status(), 409);
    assert!(stage.mock.journal().is_empty());
}

mod axum_body {
    //! Server-sent events out of a body that is still coming.

    use futures_util::{Stream, StreamExt};
    use serde_json::Value;

    /// The data of the first event.
    pub(super) async fn next_event<E: std::fmt::Debug>(
        body: &mut (impl Stream<Item = Result<bytes::Bytes, E>> + Unpin),
    ) -> Value {
        data_of(&body.next().await.unwrap().unwrap())
    }

    /// The data of the last event in these bytes.
    pub(super) fn data_of(bytes: &[u8]) -> Value {
        let text = std::str::from_utf8(bytes).unwrap();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
        serde_json::from_str(data.unwrap()).unwrap()
    }
}
