//! Troubles that need a hand on the writer's own connection.

use playhouse_llm::{Message, Usage};
use tempfile::TempDir;

use super::*;
use crate::{
    BeginRun, BeginTurn, FinishRun, FinishTurn, HistoryWindow, RunFinisher, Runs, Scope, Sessions,
    TurnEnding, TurnTerms,
};

fn store() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("playhouse.db"), &StoreConfig::default()).unwrap();
    (folder, store)
}

/// Sets a pragma on the writer's connection.
async fn set(store: &SqliteStore, pragma: &'static str, value: i64) {
    store.write(move |db| Ok(db.pragma_update(None, pragma, value)?)).await.unwrap();
}

fn turn_id(n: u32) -> Arc<str> {
    format!("0190b6e4-7a3c-7def-8000-{n:012x}").into()
}

async fn begin(store: &SqliteStore, n: u32, text: &str) -> Result<crate::BegunTurn, StoreError> {
    store.begin_turn(beginning(n, text)).await
}

fn beginning(n: u32, text: &str) -> BeginTurn {
    BeginTurn {
        key_id: None,
        session_id: format!("session-{n}").into(),
        turn_id: turn_id(n),
        message: Message::user(text),
        now_us: 0,
        history: HistoryWindow { max_messages: 10, max_tokens: 1_000 },
        terms: TurnTerms::default(),
    }
}

async fn recovery(store: &SqliteStore) {
    let began = std::time::Instant::now();
    while let Err(reason) = store.probe().await {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not recover: {reason}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_full_disk_is_named_and_recovered_from() {
    let (_folder, store) = store();
    begin(&store, 1, "fits").await.unwrap();
    // As many pages as there are.
    set(&store, "max_page_count", 1).await;
    let refusal = begin(&store, 2, &"too much ".repeat(100_000)).await.unwrap_err();
    assert!(refusal.to_string().contains("is full; free some space on it"), "{refusal}");
    // The limit goes with the connection, as space comes back to a disk.
    recovery(&store).await;
    begin(&store, 2, &"enough now ".repeat(100_000)).await.unwrap();
    assert!(store.turn(&Scope::Everything, &turn_id(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_named_and_recovered_from() {
    let (_folder, store) = store();
    set(&store, "query_only", 1).await;
    let refusal = begin(&store, 1, "no").await.unwrap_err();
    assert!(refusal.to_string().contains("cannot be opened for writing"), "{refusal}");
    recovery(&store).await;
    begin(&store, 1, "yes").await.unwrap();
}

#[tokio::test]
async fn the_end_of_a_run_outlasts_a_database_that_is_away() {
    let (_folder, store) = store();
    let store = Arc::new(store);
    let run_id: Arc<str> = turn_id(1);
    let begin = BeginRun {
        key_id: None,
        run_id: Arc::clone(&run_id),
        agent: "calculator".into(),
        model: "small".into(),
        input: vec![Message::user("1 + 2?")],
        resumable: false,
        request_id: "request".into(),
        session_id: None,
        turn_id: None,
        idempotency: None,
        now_us: 0,
    };
    store.begin_run(begin).await.unwrap();
    let end = FinishRun {
        run_id: Arc::clone(&run_id),
        now_us: 1,
        status: "completed".into(),
        answer: Some("3".into()),
        reason: None,
        error: None,
        usage: Usage::default(),
        cost_usd: None,
        duration_ms: 1.0,
    };
    let finisher = RunFinisher::spawn(Arc::clone(&store) as Arc<dyn Runs>);
    set(&store, "query_only", 1).await;
    assert!(finisher.finish(end).await.unwrap_err().is_unavailable());
    finisher.flush().await;
    let run = store.run(&Scope::Everything, &run_id).await.unwrap().unwrap();
    assert_eq!((&*run.summary.status, run.answer.as_deref()), ("completed", Some("3")));
}

#[tokio::test]
async fn one_write_that_fails_does_not_take_the_others_along() {
    let (_folder, store) = store();
    let broken = store.write(|db| Ok(db.execute("INSERT INTO nowhere VALUES (1)", [])?));
    let late = store.write(|db| {
        db.execute("INSERT INTO deleted_sessions (key) VALUES (99)", [])?;
        Err::<(), _>(Stop::RefusedLate(StoreError::invalid("after all, no")))
    });
    let (first, broken, late, last) =
        tokio::join!(begin(&store, 1, "before"), broken, late, begin(&store, 2, "after"));
    assert_eq!((first.unwrap().number, last.unwrap().number), (1, 1));
    assert_eq!(broken.unwrap_err().to_string(), "the store could not do this: no such table: nowhere");
    assert_eq!(late.unwrap_err(), StoreError::invalid("after all, no"));
    assert!(!store.write(|db| Ok(deletion::sweep(db)?)).await.unwrap(), "what was written late is undone");
}

#[tokio::test]
async fn a_broken_row_is_named_and_harms_no_other() {
    let (_folder, store) = store();
    begin(&store, 1, "fine").await.unwrap();
    begin(&store, 2, "broken").await.unwrap();
    let finish = FinishTurn::new(turn_id(2), TurnEnding::Completed, 1);
    store.finish_turn(finish.with_messages(vec![Message::assistant("x")])).await.unwrap();
    store
        .write(|db| Ok(db.execute("UPDATE turns SET answer = '[', answer_json = 1 WHERE answer = 'x'", [])?))
        .await
        .unwrap();
    let damage = store.turn(&Scope::Everything, &turn_id(2)).await.unwrap_err();
    assert!(damage.to_string().contains("playhouse.db' is unreadable: EOF while parsing"), "{damage}");
    assert!(store.turn(&Scope::Everything, &turn_id(1)).await.unwrap().is_some());

    // A turn whose history is unreadable does not begin, and does not run for ever either.
    for n in 3..6 {
        let next = BeginTurn { session_id: "session-2".into(), ..beginning(n, "next") };
        let refusal = store.begin_turn(next).await.unwrap_err();
        assert!(matches!(refusal, StoreError::Failed { .. }), "{refusal}");
    }
}

#[tokio::test]
async fn an_abandoned_turn_ends_even_when_the_queue_is_full() {
    let (_folder, store) = store();
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    // Holds the writing thread, so that the queue behind it fills.
    let hold = store.write(move |_| {
        let _ = gate.lock().unwrap().recv();
        Ok(())
    });
    let mut hold = Box::pin(hold);
    let poll_once = |future: std::pin::Pin<&mut (dyn Future<Output = Result<(), StoreError>> + Send)>| {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.poll(&mut context).is_pending());
    };
    poll_once(hold.as_mut());
    let mut abandoned = Box::pin(async { begin(&store, 1, "forget it").await.map(drop) });
    poll_once(abandoned.as_mut());
    let writer = store.writer().unwrap();
    (0..2_000).for_each(|_| writer.nudge());
    drop(abandoned);
    open.send(()).unwrap();
    hold.await.unwrap();
    store.probe().await.unwrap();
    assert_eq!(
        store.turn(&Scope::Everything, &turn_id(1)).await.unwrap().unwrap().state,
        crate::TurnState::Interrupted
    );
}
