//! A run that was cut off goes on from its records.

use playhouse_agent::{Driver, RunEvent, RunStatus, Task, ToolCallingAgent};

use crate::stage::{Answer, Scripted, tools};

fn calls() -> Vec<(&'static str, String)> {
    vec![("say", r#"{"text": "one"}"#.to_owned()), ("wait", r#"{"seconds": 1}"#.to_owned())]
}

/// The records of a run that was cut off after its first tool.
async fn cut_off() -> Vec<playhouse_agent::StepRecord> {
    let agent = ToolCallingAgent::new(tools());
    let mut driver = Driver::new(agent.task("Go", Scripted::new([Answer::Calls(calls())])));
    let mut steps = Vec::new();
    while let Some(event) = driver.next().await {
        match event {
            RunEvent::StepEnded(record) => steps.push(*record),
            RunEvent::ToolEnded { outcome, .. } => {
                steps[0].outcomes.push(outcome);
                break;
            }
            _ => {}
        }
    }
    steps
}

#[tokio::test(start_paused = true)]
async fn only_what_has_not_answered_runs_again() {
    let steps = cut_off().await;
    assert_eq!(steps[0].outcomes.len(), 1);
    let provider = Scripted::new([Answer::Says("Done.")]);
    let agent = ToolCallingAgent::new(tools());
    let mut driver = Driver::new(Task { steps, ..agent.task("Go", provider.clone()) });
    let mut ran = Vec::new();
    let mut ended = None;
    while let Some(event) = driver.next().await {
        match event {
            RunEvent::ToolBegan { call, .. } => ran.push(call.name),
            RunEvent::Done(run) => ended = Some(run),
            _ => {}
        }
    }
    assert_eq!(ran, ["wait"]);
    let run = ended.unwrap();
    assert_eq!((run.status, run.text(), run.steps.len()), (RunStatus::Completed, "Done.", 2));
    let asked = provider.asked.lock().unwrap();
    let told: Vec<String> = asked[0].iter().skip(2).map(playhouse_llm::Message::text).collect();
    assert_eq!(told, ["one", "waited 1 s"]);
}
