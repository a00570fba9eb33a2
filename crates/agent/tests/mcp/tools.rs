//! The tools of a server as an agent sees and calls them.

use std::sync::Arc;

use playhouse_agent::ToolRegistry;
use playhouse_agent::mcp::{McpError, McpServer, McpServerConfig};
use serde_json::{Value, json};

use crate::fake::{Fake, Start, answer, call, failure};

#[tokio::test]
async fn a_tool_is_called_and_answers() {
    let (_fake, server) = Fake::well().await;
    assert_eq!(answer(&server, "echo", json!({"text": "hello"})).await, "hello");
    assert_eq!(answer(&server, "noise", json!({})).await, "through the noise");
}

#[tokio::test]
async fn what_a_tool_says_of_its_failure_is_the_error() {
    let (_fake, server) = Fake::well().await;
    assert_eq!(failure(&server, "fail", json!({})).await, "no such city");
    assert_eq!(failure(&server, "odd_name", json!({})).await, "Unknown tool: odd name");
}

#[tokio::test]
async fn a_tool_whose_name_vendors_do_not_take_has_one_that_they_take() {
    let (_fake, server) = Fake::well().await;
    let names: Vec<String> = server.tools().iter().map(|tool| tool.name().to_owned()).collect();
    assert_eq!(names[0], "echo");
    assert!(names.contains(&"odd_name".to_owned()), "{names:?}");
}

#[tokio::test]
async fn two_servers_with_the_same_tools_are_told_apart() {
    let (_first, one) = Fake::well().await;
    let second = Fake::new(Start::Well);
    let config = McpServerConfig { tools: Some(vec!["echo".to_owned()]), ..second.config.clone() };
    let two = McpServer::connect("the.second", config).await.unwrap();
    let mut tools = ToolRegistry::new();
    one.register(&mut tools).unwrap();
    two.register(&mut tools).unwrap();
    let said = tools.execute("the_second_echo", json!({"text": "of two"})).await;
    assert_eq!(said.output, "of two");
    assert_eq!(tools.len(), one.tools().len() + 1);
}

#[tokio::test]
async fn a_tool_that_the_configuration_names_must_be_there() {
    let fake = Fake::new(Start::Well);
    let config = McpServerConfig { tools: Some(vec!["rename".to_owned()]), ..fake.config.clone() };
    let error = McpServer::connect("fake", config).await.unwrap_err();
    assert!(matches!(error, McpError::Tools { .. }), "{error}");
    assert!(error.to_string().contains("names 'rename', which it does not offer"), "{error}");
    fake.gone().await;
}

#[tokio::test]
async fn tools_are_listed_anew_when_the_server_says_that_they_are_others() {
    let (_fake, server) = Fake::well().await;
    let before = server.revision();
    assert_eq!(server.refresh().await.unwrap(), before);
    answer(&server, "grow", json!({})).await;
    assert_eq!(server.tools().iter().filter(|tool| tool.name() == "extra0").count(), 0);
    assert_eq!(server.refresh().await.unwrap(), before + 1);
    assert_eq!(server.tools().iter().filter(|tool| tool.name() == "extra0").count(), 1);
}

#[tokio::test]
async fn a_call_that_takes_too_long_ends_and_the_server_is_told() {
    let fake = Fake::new(Start::Well);
    let server = McpServer::connect("fake", McpServerConfig { call_timeout_ms: 300, ..fake.config.clone() });
    let server = server.await.unwrap();
    let error = failure(&server, "slow", json!({})).await;
    assert!(error.contains("'slow'") && error.contains("took too long"), "{error}");
    let told = cancellations(&server).await;
    assert_eq!(told.len(), 1);
    assert_eq!(fake.starts(), 1);
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_at_the_server() {
    let (_fake, server) = Fake::well().await;
    let calling = tokio::spawn({
        let server = server.clone();
        async move { call(&server, "slow", json!({})).await }
    });
    // When this has its answer, that was sent.
    answer(&server, "echo", json!({"text": "x"})).await;
    calling.abort();
    assert!(calling.await.unwrap_err().is_cancelled());
    assert_eq!(cancellations(&server).await.len(), 1);
}

/// The cancellations that the fake has heard of; waits for the first.
async fn cancellations(server: &Arc<McpServer>) -> Vec<Value> {
    loop {
        let heard: Vec<Value> = serde_json::from_str(&answer(server, "heard", json!({})).await).unwrap();
        let is_cancellation = |told: &Value| told["method"] == "notifications/cancelled";
        let found: Vec<Value> = heard.into_iter().filter(is_cancellation).collect();
        if !found.is_empty() {
            return found;
        }
    }
}

#[tokio::test]
async fn a_server_that_speaks_only_the_newer_protocol_is_understood() {
    let fake = Fake::new(Start::Newer);
    let server = fake.connect().await;
    assert_eq!(answer(&server, "echo", json!({"text": "hello"})).await, "hello");
    assert_eq!(fake.starts(), 2);
}
