//! Servers that do what no server should.

use playhouse_agent::mcp::{McpError, McpServer, McpServerConfig};
use serde_json::json;

use crate::fake::{Fake, Start, answer, failure};

/// What connecting to a fake that begins like this ends with.
async fn refusal(start: Start, start_timeout_ms: u64) -> String {
    let fake = Fake::new(start);
    let config = McpServerConfig { start_timeout_ms, ..fake.config.clone() };
    let error = McpServer::connect("fake", config).await.unwrap_err();
    assert!(matches!(error, McpError::Start { .. }), "{error}");
    fake.gone().await;
    error.to_string()
}

#[tokio::test]
async fn one_that_never_answers_is_given_up_and_ended() {
    let error = refusal(Start::Silent, 500).await;
    assert!(error.contains("was not ready within 500 ms") && error.contains("`start_timeout_ms`"), "{error}");
}

#[tokio::test]
async fn one_that_ends_at_once_is_told_with_its_last_words_and_without_its_secrets() {
    let error = refusal(Start::Exit, 30_000).await;
    let end = "the MCP server 'fake' did not start: its process ended (exit status: 3); ";
    assert!(error.starts_with(end), "{error}");
    assert!(error.ends_with("; it wrote last:\n  cannot go on with ***"), "{error}");
}

#[tokio::test]
async fn one_that_answers_nonsense_is_told() {
    let error = refusal(Start::Nonsense, 30_000).await;
    assert!(error.contains("did not answer as the protocol wants"), "{error}");
}

#[tokio::test]
async fn one_that_writes_its_log_where_messages_belong_is_told_what_was_found() {
    let error = refusal(Start::Noise, 30_000).await;
    assert!(error.contains(r#"its output contains what is no message: "Listening on ***""#), "{error}");
}

#[tokio::test]
async fn one_that_floods_its_standard_error_is_not_held_up() {
    let fake = Fake::new(Start::Complaining);
    let server = fake.connect().await;
    assert_eq!(answer(&server, "echo", json!({"text": "hello"})).await, "hello");
}

#[tokio::test]
async fn one_that_sends_too_much_is_stopped_before_it_is_held() {
    let (fake, server) = Fake::well().await;
    answer(&server, "echo", json!({"text": "warm"})).await;
    let before = peak_memory_kib();
    let error = failure(&server, "flood", json!({})).await;
    assert!(error.contains("it sent a message of more than 4194304 bytes"), "{error}");
    let grown = peak_memory_kib().saturating_sub(before);
    assert!(grown < 32 << 10, "{grown} KiB were held");
    fake.gone().await;
    assert_eq!(answer(&server, "echo", json!({"text": "back"})).await, "back");
}

#[tokio::test]
async fn one_that_asks_this_client_something_gets_a_refusal() {
    let (_fake, server) = Fake::well().await;
    let told = answer(&server, "ask", json!({})).await;
    assert!(told.contains(r#""id":"question""#) && told.contains("-32601"), "{told}");
}

#[tokio::test]
async fn one_that_asks_without_end_is_stopped() {
    let (fake, server) = Fake::well().await;
    let error = failure(&server, "ask_much", json!({})).await;
    assert!(error.contains("it asked more than 64 things at once"), "{error}");
    fake.gone().await;
    assert_eq!(answer(&server, "echo", json!({"text": "back"})).await, "back");
}

/// The most memory this process has held.
fn peak_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
