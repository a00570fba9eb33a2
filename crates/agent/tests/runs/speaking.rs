//! An agent as a provider: its text, and nothing of its tools.

use std::sync::Arc;

use futures_util::StreamExt;
use playhouse_agent::{AgentProvider, ReActAgent, RunEvent, ToolCallingAgent};
use playhouse_llm::{Error, ErrorKind, FinishReason, Message, Prompt, Provider, Request, ToolSpec, collect};

use crate::stage::{Answer, Scripted, tools};

fn request(stream: bool) -> Request {
    Request::new("agent:it", Prompt::new(vec![Message::user("Go")])).streamed(stream)
}

#[tokio::test(start_paused = true)]
async fn streamed_and_whole_it_is_the_same_text() {
    for stream in [true, false] {
        let calls = vec![("say", r#"{"text": "one"}"#.to_owned())];
        let provider = Scripted::new([Answer::Calls(calls), Answer::Says("It is one.")]);
        let agent = AgentProvider::new(ToolCallingAgent::new(tools()), Arc::new(provider));
        let reply = collect(agent.chat(request(stream)).await.unwrap()).await.unwrap();
        assert_eq!(reply.content(), "It is one.");
        assert_eq!(reply.model, "agent:it");
        assert_eq!(reply.finish(), Some(&FinishReason::Stop));
        assert_eq!(reply.usage.unwrap().total_tokens, 30, "of both steps");
        assert_eq!(reply.choices[0].message.tool_calls().count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn of_react_only_the_answer_is_heard() {
    let steps = [
        "Thought: Hm.\nAction: say\nAction Input: {\"text\": \"one\"}",
        "Thought: Good.\nAnswer: It is one.",
    ];
    let provider = Scripted::new(steps.map(Answer::Says));
    let agent = AgentProvider::new(ReActAgent::new(tools()), Arc::new(provider));
    let reply = collect(agent.chat(request(true)).await.unwrap()).await.unwrap();
    assert_eq!(reply.content(), "It is one.");
}

#[tokio::test(start_paused = true)]
async fn a_thought_is_told_before_the_answer_that_follows_it() {
    let steps = [
        "Thought: Hm.\nAction: say\nAction Input: {\"text\": \"one\"}",
        "Thought: Good.\nAnswer: It is one.",
    ];
    let events: Vec<RunEvent> =
        ReActAgent::new(tools()).events("Go", Scripted::new(steps.map(Answer::Says))).collect().await;
    let told: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            RunEvent::Thought { thought, .. } => Some(thought.as_str()),
            RunEvent::Delta { content, .. } => Some(content.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["Hm.", "Good.", "It", " is", " one."]);
}

#[tokio::test(start_paused = true)]
async fn a_bound_ends_the_answer_for_its_length() {
    let calls = vec![("say", r#"{"text": "one"}"#.to_owned())];
    let provider = Scripted::new([Answer::Calls(calls.clone()), Answer::Calls(calls)]);
    let agent = AgentProvider::new(ToolCallingAgent::new(tools()).max_steps(2), Arc::new(provider));
    let reply = collect(agent.chat(request(true)).await.unwrap()).await.unwrap();
    assert_eq!((reply.content().as_str(), reply.finish()), ("one", Some(&FinishReason::Length)));
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_first_word_is_an_answer_that_never_began() {
    let provider = Scripted::new([Answer::Fails(Error::new(ErrorKind::RateLimited, "slow down"))]);
    let agent = AgentProvider::new(ToolCallingAgent::new(tools()), Arc::new(provider));
    let error = agent.chat(request(true)).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::RateLimited);
}

#[tokio::test(start_paused = true)]
async fn tools_of_the_caller_are_refused() {
    let spec = ToolSpec {
        strict: None,
        name: "mine".to_owned(),
        description: None,
        parameters: None,
        extra: Default::default(),
    };
    let prompt = Prompt { tools: vec![spec], ..Prompt::new(vec![Message::user("Go")]) };
    let agent = AgentProvider::new(ToolCallingAgent::new(tools()), Arc::new(Scripted::new([])));
    let error = agent.chat(Request::new("agent:it", prompt)).await.err().unwrap();
    assert_eq!((error.kind, error.param.as_deref()), (ErrorKind::InvalidRequest, Some("tools")));
}
