//! Servers that die, and what comes after.

use futures_util::future::join_all;
use playhouse_agent::mcp::{McpServer, McpServerConfig};
use serde_json::json;

use crate::fake::{Fake, Start, answer, failure};

#[tokio::test]
async fn one_that_dies_in_a_call_is_told_of_and_comes_back_with_the_next() {
    let (fake, server) = Fake::well().await;
    let error = failure(&server, "die", json!({})).await;
    assert_eq!(
        error,
        "the MCP server 'fake' failed while 'die' ran: its process ended (exit status: 7); whether the tool \
         did its work is not known"
    );
    assert_eq!(fake.starts(), 1, "the call was repeated");
    assert_eq!(answer(&server, "echo", json!({"text": "back"})).await, "back");
    assert_eq!(fake.starts(), 2);
}

#[tokio::test]
async fn calls_that_run_when_it_dies_all_fail() {
    let (_fake, server) = Fake::well().await;
    let slow = || failure(&server, "slow", json!({}));
    let (one, two, three) = tokio::join!(slow(), slow(), failure(&server, "die", json!({})));
    for error in [one, two, three] {
        assert!(error.contains("its process ended (exit status: 7)"), "{error}");
    }
}

#[tokio::test]
async fn of_many_callers_one_starts_it_again_and_the_others_wait() {
    let (fake, server) = Fake::well().await;
    failure(&server, "die", json!({})).await;
    let texts: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let answers = join_all(texts.iter().map(|text| answer(&server, "echo", json!({"text": text})))).await;
    assert_eq!(answers, texts);
    assert_eq!(fake.starts(), 2);
}

#[tokio::test]
async fn it_may_die_as_often_as_it_likes_if_it_answers_in_between() {
    let (fake, server) = Fake::well().await;
    for round in 0..5 {
        failure(&server, "die", json!({})).await;
        assert_eq!(answer(&server, "echo", json!({"text": "back"})).await, "back", "round {round}");
    }
    assert_eq!(fake.starts(), 6);
}

#[tokio::test]
async fn one_that_dies_at_every_start_is_left_alone_after_some() {
    let fake = Fake::new(Start::Once);
    let config = McpServerConfig { restarts: 2, ..fake.config.clone() };
    let server = McpServer::connect("fake", config).await.unwrap();
    failure(&server, "die", json!({})).await;
    for _ in 0..2 {
        let error = failure(&server, "echo", json!({})).await;
        assert!(error.contains("did not start: its process ended (exit status: 3)"), "{error}");
        assert!(!error.contains("cannot go on"), "a model is told what was written for an operator: {error}");
    }
    for _ in 0..3 {
        let error = failure(&server, "echo", json!({})).await;
        assert!(error.contains("is down: it was started again 2 times in a row"), "{error}");
        assert!(error.contains("exit status: 3") && error.contains("it is tried again in"), "{error}");
    }
    assert!(server.refresh().await.unwrap_err().to_string().contains("is down"));
    assert_eq!(fake.starts(), 3);
}

#[tokio::test]
async fn one_that_may_not_be_started_again_stays_down() {
    let fake = Fake::new(Start::Well);
    let server = McpServer::connect("fake", McpServerConfig { restarts: 0, ..fake.config.clone() });
    let server = server.await.unwrap();
    failure(&server, "die", json!({})).await;
    let error = failure(&server, "echo", json!({})).await;
    assert!(error.contains("its process ended (exit status: 7); `restarts` is 0"), "{error}");
    assert_eq!(fake.starts(), 1);
}

#[tokio::test]
async fn refreshing_brings_one_back_that_died_between_runs() {
    let (fake, server) = Fake::well().await;
    failure(&server, "die", json!({})).await;
    let before = server.revision();
    assert_eq!(server.refresh().await.unwrap(), before, "the tools are the same");
    assert_eq!(fake.starts(), 2);
}
