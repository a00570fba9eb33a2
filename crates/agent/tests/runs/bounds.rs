//! Reaching a bound ends a run with a status that says which.

use std::time::Duration;

use playhouse_agent::{Bounds, RunStatus, ToolCallingAgent};
use tokio::time::Instant;

use crate::stage::{Answer, Scripted, tools};

#[tokio::test(start_paused = true)]
async fn time_ends_a_run_in_the_middle_of_an_answer() {
    let provider = Scripted::new([Answer::Stalls("The answer is")]);
    let started = Instant::now();
    let run = ToolCallingAgent::new(tools()).timeout(Duration::from_secs(5)).run("Go", &provider).await;
    assert_eq!((run.status, run.text()), (RunStatus::TimeLimit, "The answer is"));
    assert_eq!(run.reason.as_deref(), Some("5 s were not enough"));
    assert_eq!(started.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn time_ends_a_run_in_the_middle_of_a_tool() {
    let calls = vec![("say", r#"{"text": "quick"}"#.to_owned()), ("wait", r#"{"seconds": 20}"#.to_owned())];
    let provider = Scripted::new([Answer::Calls(calls)]);
    let run = ToolCallingAgent::new(tools()).timeout(Duration::from_secs(5)).run("Go", &provider).await;
    assert_eq!(run.status, RunStatus::TimeLimit);
    assert_eq!(run.steps[0].outcomes.len(), 1, "what was done is told");
}

#[tokio::test(start_paused = true)]
async fn steps_end_a_run_before_tools_run_for_nothing() {
    let say = |text: &str| Answer::Calls(vec![("say", format!(r#"{{"text": "{text}"}}"#))]);
    let provider = Scripted::new([say("one"), say("two")]);
    let run = ToolCallingAgent::new(tools()).max_steps(2).run("Go", &provider).await;
    assert_eq!((run.status, run.text()), (RunStatus::StepLimit, "one"));
    assert!(run.steps[1].outcomes.is_empty(), "nobody would have read it");
    assert_eq!(run.usage.total_tokens, 30);
}

#[tokio::test(start_paused = true)]
async fn tokens_end_a_run() {
    let say = |text: &str| Answer::Calls(vec![("say", format!(r#"{{"text": "{text}"}}"#))]);
    let provider = Scripted::new([say("one"), say("two")]);
    let bounds = Bounds { max_tokens: 20, ..Bounds::default() };
    let run = ToolCallingAgent::new(tools()).bounds(bounds).run("Go", &provider).await;
    assert_eq!(run.status, RunStatus::TokenLimit);
    assert_eq!(run.reason.as_deref(), Some("30 tokens were used, 20 are allowed"));
}
