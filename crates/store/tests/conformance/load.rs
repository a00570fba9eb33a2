//! Many at once.

use std::sync::Arc;

use playhouse_store::{MessagePage, Page, RunFilter, Scope};

use super::run_support::{begin_run, run_end, run_id, step, tool_end};
use super::{Backend, begin, take_turn};

pub(crate) async fn five_hundred_turns_at_once_are_all_stored(backend: &dyn Backend) {
    let store = backend.open().await;
    let tasks: Vec<_> = (0..100)
        .map(|session| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for turn in 0..5 {
                    take_turn(&*store, &format!("session-{session}"), session * 5 + turn).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let listed = store.list_sessions(&Scope::Everything, Page { limit: 100, after: None }).await.unwrap();
    assert_eq!(listed.sessions.len(), 100);
    for session in listed.sessions {
        assert_eq!(session.turns, 5);
        let detail =
            store.session(&Scope::Everything, &session.id, MessagePage::default()).await.unwrap().unwrap();
        let last = detail.messages.last().unwrap().message.text();
        assert_eq!(detail.messages.len(), 10);
        let n: u32 = session.id.trim_start_matches("session-").parse().unwrap();
        assert_eq!(last, format!("answer {}", n * 5 + 4));
    }
    assert_eq!(begin(&*store, "session-7", 900).await.unwrap().history.len(), 10);
}

pub(crate) async fn hundreds_of_runs_at_once_are_all_stored(backend: &dyn Backend) {
    let store = backend.open().await;
    let tasks: Vec<_> = (0..200)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let id = begin_run(&*store, n).await;
                for number in 1..=5 {
                    store.add_step(&id, step(number, &["c1", "c2", "c3"])).await.unwrap();
                    let ends = ["c3", "c1", "c2"].map(|call| store.end_tool(&id, number, tool_end(call)));
                    let ended = futures_util::future::join_all(ends).await;
                    ended.into_iter().for_each(|ended| ended.unwrap());
                }
                store.finish_run(run_end(n)).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for n in 0..200 {
        let run = store.run(&Scope::Everything, &run_id(n)).await.unwrap().unwrap();
        assert_eq!((&*run.summary.status, run.answer), ("completed", Some(format!("answer {n}"))));
        assert_eq!((run.steps.len(), run.summary.step_count), (5, 5));
        for step in run.steps {
            let ended: Vec<_> = step.tools.iter().map(|tool| &*tool.call_id).collect();
            assert_eq!(ended, ["c1", "c2", "c3"]);
        }
    }
    let completed = RunFilter { status: Some("completed".into()), ..RunFilter::default() };
    assert_eq!(store.list_runs(completed).await.unwrap().runs.len(), 50);
}
