//! Runs that go on after they were cut off.

use std::sync::Arc;

use playhouse_store::run::{INTERRUPTED, RUNNING};
use playhouse_store::{BeginRun, Scope, Store, StoreError};

use super::run_support::{
    begin_run, beginning_run, ended, interrupt, run_end, run_id, status_of, step, take_run, tool_end,
};
use super::{Backend, give_up};

/// Has the n-th run cut off after its step called two tools and one of them ended.
async fn cut_off(store: &dyn Store, n: u64) {
    let id = begin_run(store, n).await;
    store.add_step(&id, step(1, &["c1", "c2"])).await.unwrap();
    store.end_tool(&id, 1, tool_end("c2")).await.unwrap();
    interrupt(store, n).await;
}

pub(crate) async fn an_interrupted_run_goes_on_with_all_it_did(backend: &dyn Backend) {
    let store = backend.open().await;
    cut_off(&*store, 1).await;
    let run = store.resume_run(&Scope::Everything, &run_id(1), None, 77).await.unwrap();
    assert_eq!((&*run.summary.status, run.summary.resumed_at_us), (RUNNING, Some(77)));
    assert_eq!(run.steps[0].step, step(1, &["c1", "c2"]));
    let [tool] = run.steps[0].tools.as_slice() else { panic!("{:?}", run.steps[0].tools) };
    assert_eq!((&*tool.call_id, &*tool.output), ("c2", "result of c2"));
    let what_was_told =
        (run.summary.ended_at_us, run.summary.reason, run.summary.usage, run.summary.cost_usd);
    assert_eq!(what_was_told, (None, None, None, None));
    assert_eq!((run.answer, run.summary.duration_ms), (None, None));

    store.end_tool(&run_id(1), 1, tool_end("c1")).await.unwrap();
    store.add_step(&run_id(1), step(2, &[])).await.unwrap();
    store.finish_run(run_end(1)).await.unwrap();
    let run = store.run(&Scope::Everything, &run_id(1)).await.unwrap().unwrap();
    assert_eq!((&*run.summary.status, run.summary.resumed_at_us), ("completed", Some(77)));
    assert_eq!((run.steps.len(), run.steps[0].tools.len()), (2, 2));
}

pub(crate) async fn of_resumes_at_once_one_proceeds(backend: &dyn Backend) {
    let store = backend.open().await;
    cut_off(&*store, 1).await;
    let tries: Vec<_> = (1..=16)
        .map(|now_us| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.resume_run(&Scope::Everything, &run_id(1), None, now_us).await })
        })
        .collect();
    let (mut claimed, mut refusals) = (Vec::new(), Vec::new());
    for attempt in tries {
        match attempt.await.unwrap() {
            Ok(run) => claimed.push(run),
            Err(refusal) => refusals.push(refusal),
        }
    }
    assert_eq!((claimed.len(), refusals.len()), (1, 15));
    let running = StoreError::RunRunning { run_id: run_id(1) };
    assert!(refusals.iter().all(|refusal| *refusal == running), "{refusals:?}");
    assert_eq!(store.run(&Scope::Everything, &run_id(1)).await.unwrap().as_ref(), claimed.first());
}

pub(crate) async fn a_run_that_cannot_go_on_says_why(backend: &dyn Backend) {
    let store = backend.open().await;
    let refusal = store.resume_run(&Scope::Everything, &run_id(1), None, 9).await.unwrap_err();
    assert_eq!(refusal, StoreError::RunNotFound { run_id: run_id(1) });

    begin_run(&*store, 1).await;
    let refusal = store.resume_run(&Scope::Everything, &run_id(1), None, 9).await.unwrap_err();
    assert_eq!(refusal, StoreError::RunRunning { run_id: run_id(1) });

    for (n, status) in [(2, "completed"), (3, "failed"), (4, "time_limit")] {
        take_run(&*store, beginning_run(n), n, status).await;
        assert_eq!(
            store.resume_run(&Scope::Everything, &run_id(n), None, 9).await.unwrap_err(),
            ended(n, status)
        );
        assert_eq!(status_of(&*store, n).await.as_deref(), Some(status));
    }

    let once = BeginRun { resumable: false, ..beginning_run(5) };
    take_run(&*store, once, 5, INTERRUPTED).await;
    let before = store.run(&Scope::Everything, &run_id(5)).await.unwrap();
    let refusal = store.resume_run(&Scope::Everything, &run_id(5), None, 9).await.unwrap_err();
    assert_eq!(refusal, StoreError::RunNotResumable { run_id: run_id(5) });
    assert_eq!(store.run(&Scope::Everything, &run_id(5)).await.unwrap(), before);
}

pub(crate) async fn a_resume_that_is_given_up_can_be_made_again(backend: &dyn Backend) {
    let store = backend.open().await;
    cut_off(&*store, 1).await;
    for now_us in 0..20 {
        let id = run_id(1);
        if give_up(store.resume_run(&Scope::Everything, &id, None, now_us)).await {
            interrupt(&*store, 1).await;
        }
    }
    // Ends that nobody waits for may come late, but they come.
    let mut resumed = store.resume_run(&Scope::Everything, &run_id(1), None, 99).await;
    while matches!(resumed, Err(StoreError::RunRunning { .. })) {
        tokio::task::yield_now().await;
        resumed = store.resume_run(&Scope::Everything, &run_id(1), None, 99).await;
    }
    let run = resumed.unwrap();
    assert_eq!((run.summary.resumed_at_us, run.steps[0].tools.len()), (Some(99), 1));
    // Nobody takes it away again.
    store.add_step(&run_id(1), step(2, &[])).await.unwrap();
}
