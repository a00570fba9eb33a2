//! Keys never see what belongs to others.

use std::sync::Arc;

use playhouse_llm::CallRecord;
use playhouse_store::{
    BeginRun, BeginTurn, CallFilter, MessagePage, Page, RunFilter, Scope, StatsBy, Store, StoreError,
};

use super::calls::call;
use super::run_support::{beginning_run, interrupt, run_id};
use super::{Backend, WIDE, answer, beginning, texts, turn_id};

fn key(name: &str) -> Option<Arc<str>> {
    Some(name.into())
}

fn scope(name: &str) -> Scope {
    Scope::Key(name.into())
}

/// Takes the n-th turn in a session of a key.
async fn take_turn_of(store: &dyn Store, key_id: Option<Arc<str>>, session: &str, n: u32) -> Vec<String> {
    let begun = store.begin_turn(BeginTurn { key_id, ..beginning(session, n, WIDE) }).await.unwrap();
    answer(store, n).await;
    texts(&begun.history)
}

async fn sessions_in(store: &dyn Store, scope: &Scope) -> Vec<(String, Option<String>)> {
    let listed = store.list_sessions(scope, Page::default()).await.unwrap();
    let named = |key_id: Option<Arc<str>>| key_id.as_deref().map(str::to_owned);
    listed.sessions.into_iter().map(|session| (session.id.to_string(), named(session.key_id))).collect()
}

pub(crate) async fn the_same_session_id_of_two_keys_is_two_sessions(backend: &dyn Backend) {
    let store = backend.open().await;
    assert!(take_turn_of(&*store, key("k1"), "ada", 1).await.is_empty());
    assert!(take_turn_of(&*store, key("k2"), "ada", 2).await.is_empty());
    assert!(take_turn_of(&*store, None, "ada", 3).await.is_empty());
    assert_eq!(take_turn_of(&*store, key("k1"), "ada", 4).await, ["question 1", "answer 1"]);

    for (name, turns, question) in [("k1", 2, "question 1"), ("k2", 1, "question 2")] {
        let session = store.session(&scope(name), "ada", MessagePage::default()).await.unwrap().unwrap();
        assert_eq!((session.summary.turns, session.summary.key_id), (turns, key(name)));
        assert_eq!(session.messages[0].message.text(), question);
    }
}

pub(crate) async fn operators_see_everything_their_own_first(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn_of(&*store, key("k1"), "ada", 1).await;
    take_turn_of(&*store, None, "ada", 2).await;
    take_turn_of(&*store, key("k2"), "bob", 3).await;

    let own = |id: &str, key_id: Option<&str>| (id.to_owned(), key_id.map(str::to_owned));
    let all = [own("bob", Some("k2")), own("ada", None), own("ada", Some("k1"))];
    assert_eq!(sessions_in(&*store, &Scope::Everything).await, all);
    assert_eq!(sessions_in(&*store, &scope("k1")).await, [own("ada", Some("k1"))]);
    assert!(sessions_in(&*store, &scope("k3")).await.is_empty());

    let ada = store.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().unwrap();
    assert_eq!(ada.summary.key_id, None);
    let bob = store.session(&Scope::Everything, "bob", MessagePage::default()).await.unwrap().unwrap();
    assert_eq!(bob.summary.key_id, key("k2"));
    for n in 1..=3 {
        assert!(store.turn(&Scope::Everything, &turn_id(n)).await.unwrap().is_some());
    }
}

pub(crate) async fn what_belongs_to_another_key_is_not_there(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn_of(&*store, key("k1"), "ada", 1).await;
    take_turn_of(&*store, None, "eve", 2).await;
    for (session, turn) in [("ada", 1), ("eve", 2)] {
        let found = store.session(&scope("k2"), session, MessagePage::default()).await.unwrap();
        assert!(found.is_none(), "{session}");
        assert!(store.turn(&scope("k2"), &turn_id(turn)).await.unwrap().is_none(), "{session}");
        assert!(!store.delete_session(&scope("k2"), session).await.unwrap(), "{session}");
    }
    assert!(store.turn(&scope("k1"), &turn_id(1)).await.unwrap().is_some());
    assert!(store.delete_session(&scope("k1"), "ada").await.unwrap());
    assert!(store.turn(&scope("k1"), &turn_id(1)).await.unwrap().is_none());
}

pub(crate) async fn deleting_a_session_leaves_those_of_others(backend: &dyn Backend) {
    let store = backend.open().await;
    for (key_id, n) in [(key("k1"), 1), (key("k2"), 2), (None, 3)] {
        take_turn_of(&*store, key_id, "ada", n).await;
    }
    assert!(store.delete_session(&Scope::Everything, "ada").await.unwrap());
    assert!(store.turn(&Scope::Everything, &turn_id(3)).await.unwrap().is_none());
    assert!(store.delete_session(&scope("k2"), "ada").await.unwrap());
    assert!(store.turn(&Scope::Everything, &turn_id(2)).await.unwrap().is_none());
    assert!(store.turn(&scope("k1"), &turn_id(1)).await.unwrap().is_some());
}

pub(crate) async fn sessions_of_a_key_are_listed_in_pages(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=9 {
        let key_id = if n % 3 == 0 { key("k1") } else { None };
        take_turn_of(&*store, key_id, &format!("s-{n}"), n).await;
    }
    let first = store.list_sessions(&scope("k1"), Page { limit: 2, after: None }).await.unwrap();
    let rest = store.list_sessions(&scope("k1"), Page { limit: 2, after: first.next }).await.unwrap();
    let ids = first.sessions.iter().chain(&rest.sessions).map(|session| session.id.to_string());
    assert_eq!(ids.collect::<Vec<_>>(), ["s-9", "s-6", "s-3"]);
    assert_eq!(rest.next, None);
}

pub(crate) async fn runs_belong_to_their_key(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn_of(&*store, key("k1"), "ada", 1).await;
    take_turn_of(&*store, key("k2"), "ada", 2).await;
    let of =
        |name: &str, n| BeginRun { key_id: key(name), session_id: Some("ada".into()), ..beginning_run(n) };
    store.begin_run(of("k1", 1)).await.unwrap();
    store.begin_run(of("k2", 2)).await.unwrap();
    store.begin_run(beginning_run(3)).await.unwrap();
    interrupt(&*store, 1).await;

    // A session of another is not there, so no run can belong to it.
    let stray = BeginRun { key_id: key("k3"), ..of("k1", 4) };
    assert!(matches!(store.begin_run(stray).await, Err(StoreError::SessionNotFound { .. })));

    let in_scope = |scope: Scope| RunFilter { scope, ..RunFilter::default() };
    let found = async |filter: RunFilter| {
        let page = store.list_runs(filter).await.unwrap();
        page.runs.iter().map(|run| (run.id.clone(), run.key_id.clone())).collect::<Vec<_>>()
    };
    assert_eq!(found(in_scope(scope("k1"))).await, [(run_id(1), key("k1"))]);
    assert_eq!(found(in_scope(Scope::Everything)).await.len(), 3);
    let of_ada = RunFilter { session_id: Some("ada".into()), ..in_scope(scope("k2")) };
    assert_eq!(found(of_ada).await, [(run_id(2), key("k2"))]);

    assert!(store.run(&scope("k2"), &run_id(1)).await.unwrap().is_none());
    assert!(store.run(&scope("k1"), &run_id(1)).await.unwrap().is_some());
    let refusal = store.resume_run(&scope("k2"), &run_id(1), None, 9).await.unwrap_err();
    assert!(matches!(refusal, StoreError::RunNotFound { .. }), "{refusal}");
    let resumed = store.resume_run(&scope("k1"), &run_id(1), None, 9).await.unwrap();
    assert_eq!(resumed.summary.key_id, key("k1"));
}

pub(crate) async fn calls_are_listed_and_summed_up_by_key(backend: &dyn Backend) {
    let store = backend.open().await;
    let by = |key_id: Option<Arc<str>>, after_ms| CallRecord { key_id, ..call(after_ms) };
    let calls = [by(key("k1"), 1), by(key("k2"), 2), by(None, 3), by(key("k1"), 4)];
    store.append_calls(calls.into_iter().collect()).await.unwrap();

    let listed = async |scope: Scope| {
        let calls = store.list_calls(CallFilter { scope, ..CallFilter::default() }).await.unwrap();
        calls.into_iter().map(|call| call.key_id).collect::<Vec<_>>()
    };
    assert_eq!(listed(scope("k1")).await, [key("k1"), key("k1")]);
    assert_eq!(listed(Scope::Everything).await, [key("k1"), None, key("k2"), key("k1")]);
    assert!(listed(scope("k3")).await.is_empty());

    let counted = async |scope: Scope| {
        let stats = store.call_stats(&scope, StatsBy::Day, None).await.unwrap();
        stats.iter().map(|row| row.calls).sum::<u64>()
    };
    assert_eq!((counted(scope("k1")).await, counted(Scope::Everything).await), (2, 4));
    assert_eq!(counted(scope("k3")).await, 0);
}
