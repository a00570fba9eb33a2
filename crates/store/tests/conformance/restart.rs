//! What is there after the process has ended and begun again.

use playhouse_store::run::INTERRUPTED;
use playhouse_store::{
    BeginRun, CallFilter, MessagePage, Page, ResponseStatus, Scope, StoreError, TurnState,
};

use super::responses::{id, running};
use super::run_support::{begin_run, beginning_run, run_end, run_id, status_of, step, take_run, tool_end};
use super::{Backend, answer, begin, take_turn, texts, turn_id};

pub(crate) async fn everything_is_kept(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    drop(store);

    let store = backend.open().await;
    take_turn(&*store, "ada", 2).await;
    drop(store);

    let store = backend.open().await;
    let third = begin(&*store, "ada", 3).await.unwrap();
    assert_eq!(texts(&third.history), ["question 1", "answer 1", "question 2", "answer 2"]);
    assert_eq!(third.number, 3);
    assert_eq!(store.list_sessions(&Scope::Everything, Page::default()).await.unwrap().sessions.len(), 1);
    assert!(store.list_calls(CallFilter::default()).await.unwrap().is_empty());
}

pub(crate) async fn running_turns_are_interrupted(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    begin(&*store, "ada", 2).await.unwrap();
    begin(&*store, "bob", 3).await.unwrap();
    drop(store);

    let store = backend.open().await;
    for n in [2, 3] {
        let turn = store.turn(&Scope::Everything, &turn_id(n)).await.unwrap().unwrap();
        assert_eq!((turn.state, turn.ended_at_us), (TurnState::Interrupted, None));
        assert_eq!(texts(&turn.messages), [format!("question {n}")]);
    }
    assert_eq!(
        store.turn(&Scope::Everything, &turn_id(1)).await.unwrap().unwrap().state,
        TurnState::Completed
    );
    let next = begin(&*store, "ada", 4).await.unwrap();
    assert_eq!(texts(&next.history), ["question 1", "answer 1"]);
    answer(&*store, 4).await;
}

pub(crate) async fn running_runs_are_interrupted_and_keep_what_they_did(backend: &dyn Backend) {
    let store = backend.open().await;
    begin_run(&*store, 1).await;
    store.begin_run(BeginRun { resumable: false, ..beginning_run(2) }).await.unwrap();
    store.add_step(&run_id(2), step(1, &["c1", "c2"])).await.unwrap();
    store.end_tool(&run_id(2), 1, tool_end("c2")).await.unwrap();
    let before = store.run(&Scope::Everything, &run_id(2)).await.unwrap().unwrap();
    drop(store);

    let store = backend.open().await;
    let run = store.run(&Scope::Everything, &run_id(2)).await.unwrap().unwrap();
    assert_eq!((&*run.summary.status, run.summary.ended_at_us), (INTERRUPTED, None));
    assert_eq!((run.input, run.steps), (before.input, before.steps));
    let refusal = store.resume_run(&Scope::Everything, &run_id(2), None, 9).await.unwrap_err();
    assert_eq!(refusal, StoreError::RunNotResumable { run_id: run_id(2) });

    store.resume_run(&Scope::Everything, &run_id(1), None, 9).await.unwrap();
    store.add_step(&run_id(1), step(1, &["c1"])).await.unwrap();
    drop(store);

    // It can be cut off more than once.
    let store = backend.open().await;
    let run = store.resume_run(&Scope::Everything, &run_id(1), None, 19).await.unwrap();
    assert_eq!((run.summary.resumed_at_us, run.steps.len()), (Some(19), 1));
    store.finish_run(run_end(1)).await.unwrap();
}

pub(crate) async fn runs_that_have_ended_stay_as_they_ended(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut before = Vec::new();
    for (n, status) in [(1, "completed"), (2, "cancelled"), (3, INTERRUPTED)] {
        take_run(&*store, beginning_run(n), n, status).await;
        before.push(store.run(&Scope::Everything, &run_id(n)).await.unwrap());
    }
    drop(store);

    let store = backend.open().await;
    for (n, before) in (1..).zip(before) {
        assert_eq!(store.run(&Scope::Everything, &run_id(n)).await.unwrap(), before);
    }
}

pub(crate) async fn half_a_deletion_is_finished(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=600 {
        take_turn(&*store, "ada", n).await;
    }
    for n in 1..=30 {
        let begin = BeginRun { session_id: Some("ada".into()), ..beginning_run(n) };
        take_run(&*store, begin, n, "completed").await;
    }
    {
        // Given up in the middle, as by a process that dies.
        let mut deletion = std::pin::pin!(store.delete_session(&Scope::Everything, "ada"));
        while store.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().is_some() {
            std::future::poll_fn(|context| {
                let _ = deletion.as_mut().poll(context);
                std::task::Poll::Ready(())
            })
            .await;
        }
    }
    assert!(store.turn(&Scope::Everything, &turn_id(1)).await.unwrap().is_none());
    assert_eq!(status_of(&*store, 30).await, None);
    drop(store);

    let store = backend.open().await;
    for n in [1, 600] {
        begin(&*store, &format!("other-{n}"), n).await.unwrap();
    }
    for n in [1, 30] {
        begin_run(&*store, n).await;
        assert!(store.run(&Scope::Everything, &run_id(n)).await.unwrap().unwrap().steps.is_empty());
    }
}

pub(crate) async fn running_responses_have_failed(backend: &dyn Backend) {
    let store = backend.open().await;
    store.put_response(running(1)).await.unwrap();
    drop(store);
    let store = backend.open().await;
    let response = store.response(&Scope::Everything, &id(1)).await.unwrap().unwrap();
    assert_eq!((response.status, response.ended_at_us), (ResponseStatus::Failed, None));
}
