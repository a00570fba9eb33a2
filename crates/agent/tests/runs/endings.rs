//! Failures and cancelling: what was done stays known.

use playhouse_agent::{Driver, RunEvent, RunStatus, Task, ToolCallingAgent};
use playhouse_llm::{Error, ErrorKind};

use crate::stage::{Answer, Scripted, tools};

fn say(text: &str) -> Answer {
    Answer::Calls(vec![("say", format!(r#"{{"text": "{text}"}}"#))])
}

#[tokio::test(start_paused = true)]
async fn a_model_that_refuses_in_the_middle_fails_the_run() {
    let refusal = Error::new(ErrorKind::RateLimited, "slow down");
    let provider = Scripted::new([say("one"), Answer::Fails(refusal)]);
    let run = ToolCallingAgent::new(tools()).run("Go", &provider).await;
    assert_eq!((run.status, run.text()), (RunStatus::Failed, "one"));
    assert_eq!(run.error.unwrap().kind, ErrorKind::RateLimited);
    assert_eq!(run.steps.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_fails_the_run_with_what_had_come() {
    let cut = Error::new(ErrorKind::Interrupted, "the stream broke off");
    let provider = Scripted::new([Answer::Breaks("It is", cut)]);
    let run = ToolCallingAgent::new(tools()).run("Go", &provider).await;
    assert_eq!((run.status, run.text()), (RunStatus::Failed, "It is"));
    assert_eq!(run.reason.as_deref(), Some("the stream broke off"));
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_a_run_at_once_whatever_it_does() {
    for answer in [Answer::Stalls("It is"), Answer::Calls(vec![("wait", r#"{"seconds": 9}"#.to_owned())])] {
        let agent = ToolCallingAgent::new(tools());
        let mut driver = Driver::new(Task { stream: true, ..agent.task("Go", Scripted::new([answer])) });
        while let Ok(Some(_)) = tokio::time::timeout(std::time::Duration::from_millis(1), driver.next()).await
        {
        }
        driver.cancel();
        let Some(RunEvent::Done(run)) = driver.next().await else { panic!("it has not ended") };
        assert_eq!(run.status, RunStatus::Cancelled);
        assert!(driver.next().await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_only_when_it_is_asked() {
    let provider = Scripted::new([say("one"), Answer::Says("two")]);
    let agent = ToolCallingAgent::new(tools());
    let mut driver = Driver::new(agent.task("Go", provider.clone()));
    let mut told = Vec::new();
    while let Some(event) = driver.next().await {
        told.push(match event {
            RunEvent::StepBegan { step } => format!("step {step}, asked {} times before", provider.asked()),
            RunEvent::Thought { thought, .. } => thought,
            RunEvent::Delta { content, .. } => content,
            RunEvent::StepEnded(record) => {
                format!("step {} ended, {} calls", record.step, record.calls.len())
            }
            RunEvent::ToolBegan { call, .. } => call.name,
            RunEvent::ToolEnded { outcome, .. } => outcome.result.output,
            RunEvent::Done(run) => run.status.to_string(),
        });
    }
    let expected = [
        "step 1, asked 0 times before",
        "step 1 ended, 1 calls",
        "say",
        "one",
        "step 2, asked 1 times before",
        "two",
        "step 2 ended, 0 calls",
        "completed",
    ];
    assert_eq!(told, expected);
}
