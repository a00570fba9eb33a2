//! What turns cost: plans and steps, never times.

use rusqlite::StatementStatus;

use super::*;
use crate::ReplicaId;
use crate::sqlite::plan::assert_plan;
use crate::sqlite::{
    call_rows, call_stats, deletion, idempotency_rows, key_rows, leases, migrate, transcript,
};
use crate::{CallFilter, Scope, SessionPage};

const REPLICA: ReplicaId = ReplicaId::from_bytes([1; 16]);
const WINDOW: HistoryWindow = HistoryWindow { max_messages: 20, max_tokens: 8_000 };

fn database() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    migrate::migrate(&db, "test.db".as_ref()).unwrap();
    db
}

fn uuid(session: u64, turn: u64) -> TurnId {
    Uuid::from_u64_pair(session, turn).into_bytes()
}

fn text(content: &str) -> Stored {
    Stored { content: content.to_owned(), is_json: false }
}

fn new_turn(session: u64, turn: u64) -> NewTurn {
    NewTurn {
        owner: "".into(),
        session_id: format!("session-{session}").into(),
        id: uuid(session, turn),
        now_us: (session * 10_000 + turn) as i64,
        question: text("a question"),
        tokens: 10,
        window: WINDOW,
        replica: REPLICA,
        model: None,
        agent: None,
        in_place_of: None,
        idempotency: None,
    }
}

fn end(session: u64, turn: u64, state: TurnState) -> TurnEnd {
    TurnEnd {
        id: uuid(session, turn),
        replica: REPLICA,
        state,
        in_context: state == TurnState::Completed,
        now_us: turn as i64,
        messages: 1,
        tokens: 20,
        answer: Some(text("an answer")),
        model: None,
        finish_reason: None,
        error: None,
        usage: None,
    }
}

/// Gives a session this many turns that all end the same way.
fn fill(db: &Connection, session: u64, turns: std::ops::Range<u64>, state: TurnState) {
    for turn in turns {
        begin(db, &new_turn(session, turn)).unwrap();
        finish(db, &end(session, turn, state)).unwrap();
    }
}

/// Begins one more turn and counts the steps of SQLite's virtual machine.
fn steps_of_next_turn(db: &Connection, session: u64, turn: u64) -> (usize, i32) {
    let statements = [FIND_SESSION, FIND_LAST, TOUCH_SESSION, ADD_TURN, WALK];
    let steps = |sql| db.prepare_cached(sql).unwrap().reset_status(StatementStatus::VmStep);
    statements.into_iter().map(steps).for_each(|_| ());
    let begun = begin(db, &new_turn(session, turn)).unwrap();
    (begun.context.len(), statements.map(steps).iter().sum())
}

#[test]
fn a_turn_costs_the_same_however_long_its_session_is() {
    let db = database();
    db.execute_batch("BEGIN").unwrap();
    // One more turn than fits: both walks visit it and leave it.
    fill(&db, 1, 0..11, TurnState::Completed);
    fill(&db, 2, 0..5_000, TurnState::Completed);
    let (short, long) = (steps_of_next_turn(&db, 1, 11), steps_of_next_turn(&db, 2, 5_000));
    assert_eq!(short.0, 10);
    assert_eq!(short, long);
}

#[test]
fn failed_turns_are_not_even_visited() {
    let db = database();
    db.execute_batch("BEGIN").unwrap();
    fill(&db, 1, 0..10, TurnState::Completed);
    let before = steps_of_next_turn(&db, 1, 10);
    finish(&db, &end(1, 10, TurnState::Failed)).unwrap();
    fill(&db, 1, 11..2_000, TurnState::Failed);
    let after = steps_of_next_turn(&db, 1, 2_000);
    assert_eq!(after.0, before.0);
    // Looking behind a failed turn is a step more than looking at one in context.
    assert!(after.1.abs_diff(before.1) <= 2, "{} steps before, {} after", before.1, after.1);
}

#[test]
fn every_statement_finds_its_rows_by_an_index() {
    let db = database();
    let by_session =
        call_rows::CallQuery::of(&CallFilter { session_id: Some("s".into()), ..page() }).unwrap();
    let by_request =
        call_rows::CallQuery::of(&CallFilter { request_id: Some("r".into()), ..page() }).unwrap();
    let by_run = call_rows::CallQuery::of(&CallFilter { run_id: Some("r".into()), ..page() }).unwrap();
    let by_model = call_rows::CallQuery::of(&CallFilter { model: Some("m".into()), ..page() }).unwrap();
    let failed = CallFilter { outcome: Some(playhouse_llm::Outcome::Error), ..page() };
    let failed = call_rows::CallQuery::of(&failed).unwrap();
    let by_key = CallFilter { scope: Scope::Key("k".into()), ..page() };
    let by_key = call_rows::CallQuery::of(&by_key).unwrap();
    let span = call_rows::CallQuery::of(&CallFilter { since_us: Some(1), ..page() }).unwrap();
    let statements = [
        (FIND_SESSION, "sessions USING COVERING INDEX sessions_by_id (id=? AND owner=?)"),
        (TOUCH_SESSION, "sessions USING INTEGER PRIMARY KEY (rowid=?)"),
        (FIND_LAST, "turns USING INDEX turns_by_session (session=?)"),
        (WALK, "turns USING INDEX turns_by_session (session=? AND number=?)"),
        (FINISH, "turns USING INDEX turns_by_id (id=?)"),
        (INTERRUPT, "turns USING INDEX turns_by_id (id=?)"),
        (&leases::interrupt_turns(), "turns USING COVERING INDEX turns_running (state=? AND replica=?)"),
        (&leases::interrupt_all_turns(), "turns USING INDEX turns_running (state=?)"),
        (leases::SAVE, "turns USING INDEX turns_by_id (id=?)"),
        (idempotency_rows::FIND, "idempotency_keys USING PRIMARY KEY (id=?)"),
        (idempotency_rows::PRUNE, "idempotency_keys USING COVERING INDEX idempotency_keys_by_age (at_us<?)"),
        (transcript::LIST, "sessions USING INDEX sessions_by_activity"),
        (transcript::LIST_OF_OWNER, "sessions USING INDEX sessions_by_owner (owner=? AND active_at_us<?"),
        (transcript::FIND, "sessions USING INDEX sessions_by_id (id=?)"),
        (deletion::FIND_SESSION, "sessions USING COVERING INDEX sessions_by_id (id=?)"),
        (transcript::LIST, "turns USING COVERING INDEX turns_by_session (session=?)"),
        (transcript::TURNS_BACKWARDS, "turns USING INDEX turns_by_session (session=? AND number<?)"),
        (transcript::FIND_TURN, "turns USING INDEX turns_by_id (id=?)"),
        (deletion::REMOVE_TURNS, "turns USING COVERING INDEX turns_by_session (session=?)"),
        (&by_session.sql, "calls USING INDEX calls_by_session (session_id=?"),
        (&by_key.sql, "calls USING INDEX calls_by_key (key_id=? AND id<?"),
        (key_rows::USAGE, "calls USING COVERING INDEX calls_by_key (key_id=? AND id>?"),
        (call_stats::SCAN_OF_KEY, "calls USING INDEX calls_by_key (key_id=? AND id>?"),
        (&by_request.sql, "calls USING INDEX calls_by_request (request_id=?"),
        (&by_run.sql, "calls USING INDEX calls_by_run (run_id=?"),
        (&by_model.sql, "calls USING INDEX calls_by_model (model=?"),
        (&failed.sql, "calls USING INDEX calls_not_ok (outcome=?"),
        (&span.sql, "calls USING PRIMARY KEY (id>?"),
        (call_rows::PRUNE, "calls USING PRIMARY KEY (id<?)"),
        (call_stats::SCAN, "calls USING PRIMARY KEY (id>?)"),
    ];
    statements.into_iter().for_each(|(sql, search)| assert_plan(&db, sql, search));
}

fn page() -> CallFilter {
    CallFilter { before: Some(Uuid::nil().to_string().into()), ..CallFilter::default() }
}

#[test]
fn a_refused_beginning_writes_nothing() {
    let db = database();
    begin(&db, &new_turn(1, 1)).unwrap();
    let before = db.total_changes();
    assert!(matches!(begin(&db, &new_turn(1, 2)), Err(Stop::Refused(StoreError::TurnRunning { .. }))));
    assert_eq!(db.total_changes(), before);
}

#[test]
fn a_page_of_sessions_reads_no_more_than_it_shows() {
    let db = database();
    db.execute_batch("BEGIN").unwrap();
    (0..300).for_each(|session| fill(&db, session, 0..1, TurnState::Completed));
    let reader = transcript::Reader::new(&db, "test.db".as_ref());
    let steps_of_page = |page: &crate::Page| {
        db.prepare_cached(transcript::LIST).unwrap().reset_status(StatementStatus::VmStep);
        let SessionPage { next, .. } = reader.list(None, page).unwrap();
        (next, db.prepare_cached(transcript::LIST).unwrap().reset_status(StatementStatus::VmStep))
    };
    let (next, first) = steps_of_page(&crate::Page { limit: 10, after: None });
    let (_, second) = steps_of_page(&crate::Page { limit: 10, after: next });
    assert!(first.abs_diff(second) < 50, "{first} steps for the first page, {second} for the second");
}
