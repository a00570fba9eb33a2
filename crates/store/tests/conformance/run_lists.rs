//! Listing runs, and removing them.

use playhouse_store::run::{INTERRUPTED, RUNNING};
use playhouse_store::{BeginRun, Page, RunFilter, Runs, Scope, StoreError, prune_expired_runs};

use super::run_support::{
    begin_run, begin_us, beginning_run, found, run_end, run_id, status_of, step, take_run, tool_end,
};
use super::{Backend, begin, take_turn};

const DAY_MS: u64 = 86_400_000;

fn of_session(session: &str, n: u64) -> BeginRun {
    BeginRun { session_id: Some(session.into()), ..beginning_run(n) }
}

fn page(limit: u32, after: Option<String>) -> RunFilter {
    RunFilter { page: Page { limit, after }, ..RunFilter::default() }
}

pub(crate) async fn runs_are_listed_newest_first_in_pages(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=7 {
        take_run(&*store, beginning_run(n), n, "completed").await;
    }
    let mut seen = Vec::new();
    let mut next = None;
    loop {
        let listed = store.list_runs(page(3, next)).await.unwrap();
        seen.push(listed.runs.iter().map(|run| run.request_id.to_string()).collect::<Vec<_>>().join(" "));
        next = listed.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["request-7 request-6 request-5", "request-4 request-3 request-2", "request-1"]);
    assert_eq!(found(&*store, page(0, None)).await, [7]);
    assert_eq!(found(&*store, page(1_000_000, None)).await.len(), 7);
}

pub(crate) async fn a_cursor_goes_on_whatever_comes_and_goes(backend: &dyn Backend) {
    let store = backend.open().await;
    begin(&*store, "ada", 1).await.unwrap();
    for n in 1..=6 {
        let begin = if n == 4 { of_session("ada", n) } else { beginning_run(n) };
        store.begin_run(begin).await.unwrap();
    }
    let first = store.list_runs(page(3, None)).await.unwrap();
    assert_eq!(&*first.runs[2].id, &*run_id(4));
    // The page's last run goes, and a new one comes.
    assert!(store.delete_session(&Scope::Everything, "ada").await.unwrap());
    begin_run(&*store, 7).await;
    assert_eq!(found(&*store, page(3, first.next)).await, [3, 2, 1]);
}

pub(crate) async fn filters_choose_runs(backend: &dyn Backend) {
    let store = backend.open().await;
    begin(&*store, "ada", 1).await.unwrap();
    begin(&*store, "bob", 2).await.unwrap();
    take_run(&*store, beginning_run(1), 1, "completed").await;
    take_run(&*store, of_session("ada", 2), 2, "completed").await;
    let researcher = |begin: BeginRun| BeginRun { agent: "researcher".into(), ..begin };
    take_run(&*store, researcher(of_session("ada", 3)), 3, "failed").await;
    take_run(&*store, researcher(beginning_run(4)), 4, "completed").await;
    store.begin_run(researcher(of_session("bob", 5))).await.unwrap();

    let all = RunFilter::default;
    let agent = |name: &str| RunFilter { agent: Some(name.into()), ..all() };
    let status = |name: &str| RunFilter { status: Some(name.into()), ..all() };
    let session = |name: &str| RunFilter { session_id: Some(name.into()), ..all() };
    assert_eq!(found(&*store, all()).await, [5, 4, 3, 2, 1]);
    assert_eq!(found(&*store, agent("researcher")).await, [5, 4, 3]);
    assert_eq!(found(&*store, status("completed")).await, [4, 2, 1]);
    assert_eq!(found(&*store, status(RUNNING)).await, [5]);
    assert_eq!(found(&*store, session("ada")).await, [3, 2]);
    assert_eq!(
        found(&*store, RunFilter { status: Some("completed".into()), ..agent("researcher") }).await,
        [4]
    );
    assert_eq!(found(&*store, RunFilter { status: Some("failed".into()), ..session("ada") }).await, [3]);
    assert_eq!(found(&*store, RunFilter { agent: Some("calculator".into()), ..session("ada") }).await, [2]);
    for nothing in [agent("' OR 1=1 --"), status("complete"), session("nobody"), session("")] {
        assert!(found(&*store, nothing).await.is_empty());
    }
    let two = RunFilter { page: Page { limit: 2, after: None }, ..agent("researcher") };
    let first = store.list_runs(two.clone()).await.unwrap();
    let rest = RunFilter { page: Page { limit: 2, after: first.next }, ..two };
    assert_eq!(found(&*store, rest).await, [3]);
}

pub(crate) async fn a_made_up_run_cursor_is_refused(backend: &dyn Backend) {
    let store = backend.open().await;
    for cursor in ["", "x", "1-1", "99999999999999999999"] {
        let refusal = store.list_runs(page(10, Some(cursor.to_owned()))).await.unwrap_err();
        assert!(matches!(refusal, StoreError::Invalid { .. }), "{refusal}");
    }
}

pub(crate) async fn a_deleted_session_takes_its_runs(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    take_turn(&*store, "bob", 2).await;
    take_run(&*store, of_session("ada", 1), 1, "completed").await;
    take_run(&*store, of_session("ada", 2), 2, INTERRUPTED).await;
    take_run(&*store, of_session("bob", 3), 3, "completed").await;
    take_run(&*store, beginning_run(4), 4, "completed").await;
    store.begin_run(of_session("ada", 5)).await.unwrap();
    assert!(store.delete_session(&Scope::Everything, "ada").await.unwrap());

    for n in [1, 2, 5] {
        let not_found = StoreError::RunNotFound { run_id: run_id(n) };
        assert_eq!(status_of(&*store, n).await, None);
        assert_eq!(store.resume_run(&Scope::Everything, &run_id(n), None, 9).await.unwrap_err(), not_found);
        assert_eq!(store.add_step(&run_id(n), step(1, &[])).await.unwrap_err(), not_found);
        assert_eq!(store.end_tool(&run_id(n), 1, tool_end("c")).await.unwrap_err(), not_found);
        assert_eq!(store.finish_run(run_end(n)).await.unwrap_err(), not_found);
    }
    assert_eq!(found(&*store, RunFilter::default()).await, [4, 3]);

    // A new session of the old name has nothing to do with them.
    begin(&*store, "ada", 3).await.unwrap();
    let of_ada = RunFilter { session_id: Some("ada".into()), ..RunFilter::default() };
    assert!(found(&*store, of_ada.clone()).await.is_empty());
    take_run(&*store, of_session("ada", 6), 6, "completed").await;
    assert_eq!(found(&*store, of_ada).await, [6]);
}

pub(crate) async fn many_runs_of_a_session_go_as_a_whole(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    for n in 1..=101 {
        take_run(&*store, of_session("ada", n), n, "completed").await;
    }
    assert!(store.delete_session(&Scope::Everything, "ada").await.unwrap());
    for n in [1, 20, 21, 100, 101] {
        // Its id is free again, so nothing of it is left.
        begin_run(&*store, n).await;
        assert!(store.run(&Scope::Everything, &run_id(n)).await.unwrap().unwrap().steps.is_empty());
    }
}

pub(crate) async fn old_runs_are_forgotten_in_steps(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=10 {
        match n {
            2 => drop(begin_run(&*store, n).await),
            3 => take_run(&*store, beginning_run(n), n, INTERRUPTED).await,
            _ => take_run(&*store, beginning_run(n), n, "completed").await,
        }
    }
    let all = RunFilter::default;
    assert_eq!(store.prune_runs(begin_us(8), 3).await.unwrap(), 3);
    assert_eq!(found(&*store, all()).await, [10, 9, 8, 7, 6, 5, 2], "one that runs is left alone");
    assert_eq!(store.prune_runs(begin_us(8), 100).await.unwrap(), 3);
    assert_eq!(store.prune_runs(begin_us(8), 100).await.unwrap(), 0);
    assert_eq!(found(&*store, all()).await, [10, 9, 8, 2]);
    store.finish_run(run_end(2)).await.unwrap();
    assert_eq!(store.prune_runs(begin_us(8), 100).await.unwrap(), 1);

    assert_eq!(store.run(&Scope::Everything, &run_id(1)).await.unwrap(), None);
    begin_run(&*store, 1).await;
    assert!(store.run(&Scope::Everything, &run_id(1)).await.unwrap().unwrap().steps.is_empty());
    assert_eq!(store.run(&Scope::Everything, &run_id(8)).await.unwrap().unwrap().steps.len(), 2);
}

pub(crate) async fn retention_keeps_young_runs(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in (0..70).chain([2 * DAY_MS]) {
        take_run(&*store, beginning_run(n), n, "completed").await;
    }
    let now_us = begin_us(2 * DAY_MS);
    assert_eq!(prune_expired_runs(&*store, 0, now_us).await.unwrap(), 0);
    assert_eq!(prune_expired_runs(&*store, 3, now_us).await.unwrap(), 0);
    assert_eq!(prune_expired_runs(&*store, 1, now_us).await.unwrap(), 70);
    assert_eq!(found(&*store, RunFilter::default()).await, [2 * DAY_MS]);
    let runs: std::sync::Arc<dyn Runs> = store;
    assert_eq!(prune_expired_runs(&*runs, 1, now_us).await.unwrap(), 0);
}
