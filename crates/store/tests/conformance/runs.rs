//! Beginning, taking steps, ending and reading runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use playhouse_llm::{Extra, FinishReason, Message, Part, Shape, Usage};
use playhouse_store::run::{INTERRUPTED, RUNNING};
use playhouse_store::{BeginRun, FinishRun, RunFilter, RunStep, Scope, StoreError, ToolEnd};

use super::run_support::{
    begin_run, begin_us, beginning_run, ended, found, interrupt, run_end, run_id, status_of, step, take_run,
    tool_end,
};
use super::sessions::tool_conversation;
use super::{Backend, begin, give_up, turn_id};

pub(crate) async fn a_run_is_there_as_soon_as_it_begins(backend: &dyn Backend) {
    let store = backend.open().await;
    begin_run(&*store, 1).await;
    let run = store.run(&Scope::Everything, &run_id(1)).await.unwrap().unwrap();
    assert_eq!(run.input, [Message::user("question 1")]);
    assert!(run.steps.is_empty() && run.answer.is_none());
    let summary = run.summary;
    assert_eq!((&*summary.status, &*summary.agent, &*summary.model), (RUNNING, "calculator", "small"));
    assert_eq!((&*summary.id, &*summary.request_id), (&*run_id(1), "request-1"));
    assert_eq!((summary.started_at_us, summary.resumed_at_us), (begin_us(1), None));
    assert_eq!((summary.ended_at_us, summary.usage, summary.duration_ms), (None, None, None));
    assert_eq!(found(&*store, RunFilter::default()).await, [1]);
}

pub(crate) async fn a_run_reads_back_as_it_was_told(backend: &dyn Backend) {
    let store = backend.open().await;
    begin(&*store, "ada", 7).await.unwrap();
    let mut question = Message::user("What is 1 + 2?\0");
    question.parts.push(Part::Image { url: "https://example.org/a.png".into(), extra: Extra::new() });
    question.shape = Shape::Parts;
    let mut input = vec![Message::system("Be brief")];
    input.extend(tool_conversation());
    input.push(question);
    let beginning = BeginRun {
        input: input.clone(),
        session_id: Some("ada".into()),
        turn_id: Some(turn_id(7)),
        ..beginning_run(1)
    };
    store.begin_run(beginning).await.unwrap();
    let first = step(1, &["c1", "c2"]);
    let other = FinishReason::Other("eos".into());
    let bare = RunStep {
        said: Message::assistant("3"),
        thought: None,
        finish_reason: Some(other),
        usage: None,
        cost_usd: None,
        ..step(2, &[])
    };
    store.add_step(&run_id(1), first.clone()).await.unwrap();
    let failed = ToolEnd {
        success: false,
        output: String::new(),
        error: Some("division by zero".into()),
        ..tool_end("c1")
    };
    store.end_tool(&run_id(1), 1, failed).await.unwrap();
    store.add_step(&run_id(1), bare.clone()).await.unwrap();
    let usage = Usage { cached_tokens: Some(7), reasoning_tokens: Some(3), ..Usage::new(80, 24) };
    let end = FinishRun {
        status: "failed".into(),
        answer: Some("half an ans".into()),
        reason: Some("the model broke off".into()),
        error: Some("interrupted".into()),
        usage: usage.clone(),
        ..run_end(1)
    };
    store.finish_run(end.clone()).await.unwrap();

    let run = store.run(&Scope::Everything, &run_id(1)).await.unwrap().unwrap();
    assert_eq!(run.input, input);
    assert_eq!(run.answer, end.answer);
    assert_eq!((&run.steps[0].step, &run.steps[1].step), (&first, &bare));
    let [tool] = run.steps[0].tools.as_slice() else { panic!("{:?}", run.steps[0].tools) };
    assert_eq!((&*tool.call_id, &*tool.tool, tool.success), ("c1", "calculator", false));
    assert_eq!((&*tool.output, tool.error.as_deref()), ("", Some("division by zero")));
    assert_eq!((tool.duration_ms, tool.ended_at_us), (1.25, 9_000));
    assert!(run.steps[1].tools.is_empty());
    let summary = run.summary;
    assert_eq!((summary.session_id.as_deref(), summary.turn_id), (Some("ada"), Some(turn_id(7))));
    assert_eq!((&*summary.status, summary.step_count, summary.resumable), ("failed", 2, true));
    assert_eq!((summary.reason, summary.error), (end.reason, end.error));
    assert_eq!((summary.usage, summary.cost_usd), (Some(usage), Some(0.000_062)));
    assert_eq!((summary.ended_at_us, summary.duration_ms), (Some(end.now_us), Some(1_999.5)));
    assert_eq!(store.list_runs(RunFilter::default()).await.unwrap().runs[0].step_count, 2);
}

pub(crate) async fn a_step_is_stored_before_its_tools_and_each_tool_as_it_ends(backend: &dyn Backend) {
    let store = backend.open().await;
    let id = begin_run(&*store, 1).await;
    store.add_step(&id, step(1, &["c1", "c2", "c3"])).await.unwrap();
    let mut seen = Vec::new();
    for next in ["", "c3", "c1", "c2"] {
        if !next.is_empty() {
            store.end_tool(&id, 1, tool_end(next)).await.unwrap();
        }
        let run = store.run(&Scope::Everything, &id).await.unwrap().unwrap();
        assert_eq!((&*run.summary.status, run.summary.step_count), (RUNNING, 1));
        assert_eq!(run.steps[0].step, step(1, &["c1", "c2", "c3"]));
        let ended: Vec<_> = run.steps[0].tools.iter().map(|tool| tool.call_id.to_string()).collect();
        seen.push(ended.join(" "));
    }
    assert_eq!(seen, ["", "c3", "c1 c3", "c1 c2 c3"], "in the order they were called");
}

pub(crate) async fn tools_stay_with_their_step_and_their_run(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in [1, 2] {
        let id = begin_run(&*store, n).await;
        for number in 1..=3 {
            store.add_step(&id, step(number, &["call_0"])).await.unwrap();
            if number != 2 {
                let output = format!("{n} {number}");
                store.end_tool(&id, number, ToolEnd { output, ..tool_end("call_0") }).await.unwrap();
            }
        }
    }
    for n in [1, 2] {
        let run = store.run(&Scope::Everything, &run_id(n)).await.unwrap().unwrap();
        let outputs = run.steps.iter().map(|step| step.tools.iter().map(|tool| &*tool.output).collect());
        let outputs: Vec<Vec<&str>> = outputs.collect();
        assert_eq!(outputs, [vec![&*format!("{n} 1")], vec![], vec![&*format!("{n} 3")]]);
    }
}

pub(crate) async fn steps_follow_one_another(backend: &dyn Backend) {
    let store = backend.open().await;
    let id = begin_run(&*store, 1).await;
    let refusal = store.add_step(&id, step(2, &[])).await.unwrap_err();
    let expected = format!("step 2 cannot be added to run '{id}': its next step is 1");
    assert_eq!(refusal, StoreError::invalid(expected));
    store.add_step(&id, step(1, &["c1"])).await.unwrap();
    for number in [0, 1, 3, u32::MAX] {
        let refusal = store.add_step(&id, step(number, &[])).await.unwrap_err();
        assert!(matches!(refusal, StoreError::Invalid { .. }), "{refusal}");
    }
    store.add_step(&id, step(2, &[])).await.unwrap();
    let run = store.run(&Scope::Everything, &id).await.unwrap().unwrap();
    assert_eq!(run.steps.iter().map(|step| step.step.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(run.steps[0].step, step(1, &["c1"]));
}

pub(crate) async fn a_tool_ends_once_and_in_a_step_that_is_there(backend: &dyn Backend) {
    let store = backend.open().await;
    let id = begin_run(&*store, 1).await;
    let refusal = store.end_tool(&id, 1, tool_end("c1")).await.unwrap_err();
    let expected = format!("run '{id}' has no step 1: add the step before its tools run");
    assert_eq!(refusal, StoreError::invalid(expected));

    store.add_step(&id, step(1, &["c1", "c2"])).await.unwrap();
    store.end_tool(&id, 1, tool_end("c1")).await.unwrap();
    // Others in the same batch must not suffer.
    let again = store.end_tool(&id, 1, ToolEnd { output: "other".into(), ..tool_end("c1") });
    let (again, fine) = tokio::join!(again, store.end_tool(&id, 1, tool_end("c2")));
    let expected = format!("tool call 'c1' of step 1 of run '{id}' has ended before");
    assert_eq!(again.unwrap_err(), StoreError::invalid(expected));
    fine.unwrap();
    let run = store.run(&Scope::Everything, &id).await.unwrap().unwrap();
    let outputs: Vec<_> = run.steps[0].tools.iter().map(|tool| &*tool.output).collect();
    assert_eq!(outputs, ["result of c1", "result of c2"]);
}

pub(crate) async fn nothing_is_added_to_a_run_that_has_ended(backend: &dyn Backend) {
    let store = backend.open().await;
    for (n, status) in [(1, "completed"), (2, "step_limit"), (3, "cancelled"), (4, INTERRUPTED)] {
        take_run(&*store, beginning_run(n), n, status).await;
        let before = store.run(&Scope::Everything, &run_id(n)).await.unwrap();
        let refusals = [
            store.add_step(&run_id(n), step(3, &[])).await,
            store.end_tool(&run_id(n), 1, tool_end("late")).await,
            store.finish_run(FinishRun { answer: None, ..run_end(n) }).await,
        ];
        refusals.into_iter().for_each(|refusal| assert_eq!(refusal.unwrap_err(), ended(n, status)));
        assert_eq!(store.run(&Scope::Everything, &run_id(n)).await.unwrap(), before);
    }
}

pub(crate) async fn a_run_that_was_never_begun_is_not_found(backend: &dyn Backend) {
    let store = backend.open().await;
    begin_run(&*store, 2).await;
    for id in [&*run_id(1), "run-1", "", "0190b6e4-7a3c-4def-8000-000000000001"] {
        let not_found = StoreError::RunNotFound { run_id: id.into() };
        assert_eq!(store.add_step(id, step(1, &[])).await.unwrap_err(), not_found);
        assert_eq!(store.end_tool(id, 1, tool_end("c1")).await.unwrap_err(), not_found);
        let end = FinishRun { run_id: id.into(), ..run_end(1) };
        assert_eq!(store.finish_run(end).await.unwrap_err(), not_found);
        assert_eq!(store.resume_run(&Scope::Everything, id, None, 9).await.unwrap_err(), not_found);
        assert_eq!(store.run(&Scope::Everything, id).await.unwrap(), None);
    }
}

pub(crate) async fn odd_beginnings_are_refused(backend: &dyn Backend) {
    let store = backend.open().await;
    let refusal = |begin: BeginRun| {
        let store = Arc::clone(&store);
        async move { store.begin_run(begin).await.unwrap_err().to_string() }
    };
    let id = |id: &str| BeginRun { run_id: id.into(), ..beginning_run(1) };
    assert_eq!(refusal(id("run-1")).await, "'run-1' is no run id: a run id is a UUIDv7");
    assert!(refusal(id("0190b6e4-7a3c-4def-8000-000000000001")).await.ends_with("a run id is a UUIDv7"));
    let turn = BeginRun { turn_id: Some(turn_id(1)), ..beginning_run(1) };
    assert!(refusal(turn.clone()).await.contains("name the session too"));
    begin(&*store, "ada", 1).await.unwrap();
    let turn = BeginRun { turn_id: Some("turn-1".into()), session_id: Some("ada".into()), ..turn };
    assert_eq!(refusal(turn).await, "'turn-1' is no turn id: a turn id is a UUID");
    assert!(found(&*store, RunFilter::default()).await.is_empty());
}

pub(crate) async fn a_run_belongs_to_a_session_that_is_there(backend: &dyn Backend) {
    let store = backend.open().await;
    let of_session = |n| BeginRun { session_id: Some("ada".into()), ..beginning_run(n) };
    let refusal = store.begin_run(of_session(1)).await.unwrap_err();
    assert_eq!(refusal, StoreError::SessionNotFound { session_id: "ada".into() });
    begin(&*store, "ada", 1).await.unwrap();
    store.begin_run(of_session(1)).await.unwrap();
    assert!(store.delete_session(&Scope::Everything, "ada").await.unwrap());
    let refusal = store.begin_run(of_session(2)).await.unwrap_err();
    assert_eq!(refusal, StoreError::SessionNotFound { session_id: "ada".into() });
}

pub(crate) async fn a_run_id_serves_once(backend: &dyn Backend) {
    let store = backend.open().await;
    take_run(&*store, beginning_run(1), 1, "completed").await;
    // Others in the same batch must not suffer.
    let again = BeginRun { agent: "other".into(), ..beginning_run(1) };
    let (again, fine) = tokio::join!(store.begin_run(again), store.begin_run(beginning_run(2)));
    let expected = StoreError::invalid(format!("run id '{}' has been used before", run_id(1)));
    assert_eq!(again.unwrap_err(), expected);
    fine.unwrap();
    let run = store.run(&Scope::Everything, &run_id(1)).await.unwrap().unwrap();
    assert_eq!((&*run.summary.agent, &*run.summary.status), ("calculator", "completed"));
}

pub(crate) async fn a_status_that_is_no_ending_is_refused(backend: &dyn Backend) {
    let store = backend.open().await;
    begin_run(&*store, 1).await;
    for status in ["", RUNNING] {
        let refusal = store.finish_run(FinishRun { status: status.into(), ..run_end(1) }).await.unwrap_err();
        assert!(matches!(refusal, StoreError::Invalid { .. }), "{refusal}");
    }
    assert_eq!(status_of(&*store, 1).await.as_deref(), Some(RUNNING));
}

pub(crate) async fn a_beginning_that_is_given_up_does_not_run_for_ever(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=20 {
        if give_up(store.begin_run(beginning_run(n))).await {
            interrupt(&*store, n).await;
        }
    }
    // Beginnings and ends that nobody waits for may come late, but they come.
    let deadline = Instant::now() + Duration::from_secs(30);
    for n in 1..=20 {
        while status_of(&*store, n).await.as_deref() != Some(INTERRUPTED) {
            assert!(Instant::now() < deadline, "run {n} is {:?}", status_of(&*store, n).await);
            tokio::task::yield_now().await;
        }
    }
}

pub(crate) async fn a_refusal_that_nobody_hears_ends_no_run(backend: &dyn Backend) {
    let store = backend.open().await;
    let id = begin_run(&*store, 1).await;
    for _ in 0..20 {
        assert!(!give_up(store.begin_run(beginning_run(1))).await);
        assert!(!give_up(store.resume_run(&Scope::Everything, &id, None, 9)).await);
    }
    // A write that comes later is done later: it still runs.
    store.probe().await.unwrap();
    store.add_step(&id, step(1, &[])).await.unwrap();
}
