//! Whatever a tool does is a result that the model can read.

use std::time::Duration;

use playhouse_agent::{Bounds, RunStatus, ToolCallingAgent};
use tokio::time::Instant;

use crate::stage::{Answer, Scripted, tools};

/// What the model is told of a call, and how long the run took.
async fn told_of(tool: &'static str, arguments: &str, bounds: Bounds) -> (String, Duration) {
    let provider = Scripted::new([Answer::Calls(vec![(tool, arguments.to_owned())]), Answer::Says("I see.")]);
    let started = Instant::now();
    let run = ToolCallingAgent::new(tools()).bounds(bounds).run("Go", &provider).await;
    assert_eq!(run.status, RunStatus::Completed, "{:?}", run.reason);
    let asked = provider.asked.lock().unwrap();
    (asked[1].last().unwrap().text(), started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_result_is_told() {
    assert_eq!(told_of("say", r#"{"text": "hello"}"#, Bounds::default()).await.0, "hello");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_tool_is_told_with_those_there_are() {
    let (told, _) = told_of("google", "{}", Bounds::default()).await;
    assert_eq!(told, "Error: there is no tool 'google'; there are: say, wait, fail, panic, flood");
}

#[tokio::test(start_paused = true)]
async fn arguments_that_do_not_fit_are_told_before_the_tool_runs() {
    let (told, _) = told_of("say", r#"{"txt": 1}"#, Bounds::default()).await;
    assert!(told.starts_with("Error: the arguments do not fit the tool's schema: "), "{told}");
    assert!(told.contains("\"text\" is a required property"), "{told}");
    let (told, _) = told_of("say", r#"{"text": "#, Bounds::default()).await;
    assert!(told.starts_with("Error: the arguments are not valid JSON: "), "{told}");
    let (told, _) = told_of("say", "[]", Bounds::default()).await;
    assert_eq!(told, "Error: the arguments must be a JSON object, not an array");
}

#[tokio::test(start_paused = true)]
async fn a_failure_and_a_panic_are_told() {
    assert_eq!(told_of("fail", "{}", Bounds::default()).await.0, "Error: it is out of order");
    assert_eq!(told_of("panic", "", Bounds::default()).await.0, "Error: the tool 'panic' broke down");
}

#[tokio::test(start_paused = true)]
async fn a_slow_tool_is_left_at_its_deadline() {
    let bounds = Bounds { tool_timeout_ms: 1_500, ..Bounds::default() };
    let (told, took) = told_of("wait", r#"{"seconds": 60}"#, bounds).await;
    assert_eq!(told, "Error: the tool 'wait' took longer than 1.5 s");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn too_much_output_is_cut() {
    let bounds = Bounds { max_tool_output_bytes: 10, ..Bounds::default() };
    assert_eq!(told_of("flood", "{}", bounds).await.0, "xxxxxxxxxx\n[cut: the first 10 of 100000 bytes]");
}

#[tokio::test(start_paused = true)]
async fn tools_run_at_the_same_time_and_are_told_in_order() {
    let seconds = |seconds: f64| ("wait", format!(r#"{{"seconds": {seconds}}}"#));
    let calls = (1..=10).rev().map(|place| seconds(f64::from(place) / 100.0)).collect();
    let provider = Scripted::new([Answer::Calls(calls), Answer::Says("Done.")]);
    let started = Instant::now();
    let run = ToolCallingAgent::new(tools()).run("Go", &provider).await;
    assert_eq!(started.elapsed(), Duration::from_millis(100), "as long as the slowest");
    let outputs: Vec<&str> = run.steps[0].outcomes.iter().map(|known| known.result.output.as_str()).collect();
    assert_eq!(outputs[0], "waited 0.1 s");
    assert_eq!(outputs[9], "waited 0.01 s");
    let asked = provider.asked.lock().unwrap();
    assert_eq!(asked[1].len(), 12, "the question, the calls, ten results");
    assert_eq!(asked[1][11].text(), "waited 0.01 s");
}

#[tokio::test(start_paused = true)]
async fn no_more_tools_run_at_the_same_time_than_allowed() {
    let calls = (1..=4).map(|place| ("wait", format!(r#"{{"seconds": 1.{place}}}"#))).collect();
    let provider = Scripted::new([Answer::Calls(calls), Answer::Says("Done.")]);
    let bounds = Bounds { max_parallel_tools: 2, ..Bounds::default() };
    let started = Instant::now();
    ToolCallingAgent::new(tools()).bounds(bounds).run("Go", &provider).await;
    assert!(started.elapsed() > Duration::from_secs(2), "{:?}", started.elapsed());
}
