//! The process of a server: what it sees, and that it ends.

use playhouse_agent::mcp::{McpError, McpServer, McpServerConfig};
use rustix::process::{Pid, test_kill_process};
use serde_json::json;

use crate::fake::{Fake, Start, answer, failure};

#[tokio::test]
async fn it_sees_nothing_of_the_environment_but_what_it_is_given() {
    let (fake, server) = Fake::well().await;
    let seen = answer(&server, "environment", json!({})).await;
    let mut seen: Vec<&str> = seen.split(' ').collect();
    seen.sort_unstable();
    let given = fake.config.env.keys().chain(fake.config.environment.keys());
    let mut given: Vec<&str> = given.map(String::as_str).collect();
    given.sort_unstable();
    assert_eq!(seen, given);
    assert!(std::env::vars().count() > given.len(), "there is nothing here that it could have seen");
}

#[tokio::test]
async fn it_is_killed_with_all_that_it_started_when_the_server_is_dropped() {
    let (fake, server) = Fake::well().await;
    answer(&server, "parent", json!({})).await;
    drop(server);
    fake.gone().await;
}

#[test]
fn it_is_killed_with_all_that_it_started_when_the_runtime_ends() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let (fake, _server) = first.block_on(async {
        let (fake, server) = Fake::well().await;
        answer(&server, "parent", json!({})).await;
        (fake, server)
    });
    drop(first);
    runtime().block_on(fake.gone());
}

#[tokio::test]
async fn it_is_gone_and_no_zombie_when_closing_returns() {
    for start in [Start::Well, Start::Stubborn] {
        let server = Fake::new(start).connect().await;
        let pid = Pid::from_raw(answer(&server, "pid", json!({})).await.parse().unwrap()).unwrap();
        assert!(test_kill_process(pid).is_ok());
        server.close().await;
        assert!(test_kill_process(pid).is_err(), "{start:?}: it is still there, or a zombie");
        let error = failure(&server, "echo", json!({})).await;
        assert!(error.contains("was closed"), "{error}");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told_with_what_to_do() {
    let command = Some("no-such-program".to_owned());
    let config = McpServerConfig { command, ..McpServerConfig::default() };
    let error = McpServer::connect("files", config).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the MCP server 'files' did not start: there is no program 'no-such-program'; install it, or give \
         `command` its whole path"
    );
}

#[tokio::test]
async fn what_cannot_work_is_told_before_anything_is_started() {
    let fake = Fake::new(Start::Well);
    let config = McpServerConfig { url: Some("http://127.0.0.1:1/mcp".to_owned()), ..fake.config.clone() };
    let error = McpServer::connect("fake", config).await.unwrap_err();
    assert!(matches!(error, McpError::Config { .. }), "{error}");
    assert_eq!(fake.starts(), 0);
}
