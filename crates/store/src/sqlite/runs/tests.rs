//! What runs cost: plans and steps, never times.

use playhouse_llm::Message;
use rusqlite::StatementStatus;
use uuid::Uuid;

use super::*;
use crate::ReplicaId;
use crate::draft::NewStep;
use crate::sqlite::plan::assert_plan;
use crate::sqlite::{leases, migrate, run_reader};
use crate::{Page, RunSummary, Scope};

const REPLICA: ReplicaId = ReplicaId::from_bytes([1; 16]);

fn database() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    migrate::migrate(&db, "test.db".as_ref()).unwrap();
    db.execute_batch(
        "INSERT INTO sessions (id, created_at_us, active_at_us, owner) VALUES ('ada', 1, 1, 'key')",
    )
    .unwrap();
    db
}

fn id(n: u64) -> RunId {
    Uuid::from_u64_pair(0x7000 + (n << 16), n).into_bytes()
}

/// Begins the n-th run, and ends it unless it is to run on.
fn add_run(db: &Connection, n: u64, agent: &str, session: Option<&str>, status: &str) {
    let begin = BeginRun {
        // Whoever's session it is.
        key_id: session.map(|_| "key".into()),
        run_id: Uuid::from_bytes(id(n)).to_string().into(),
        agent: agent.into(),
        model: "small".into(),
        input: vec![Message::user("a question")],
        resumable: true,
        request_id: "request".into(),
        session_id: session.map(Into::into),
        turn_id: None,
        idempotency: None,
        now_us: 0,
    };
    run_rows::begin(db, &new_run(begin, REPLICA).unwrap()).unwrap();
    db.execute("UPDATE runs SET status = ?2 WHERE id = ?1", (id(n), status)).unwrap();
}

fn step(number: u32) -> NewStep {
    new_step(RunStep {
        number,
        at_us: 0,
        said: Message::assistant("a thought"),
        thought: None,
        calls: Vec::new(),
        model: "small".into(),
        finish_reason: None,
        usage: None,
        cost_usd: None,
        duration_ms: 1.0,
    })
    .unwrap()
}

fn tool_end() -> ToolEnd {
    ToolEnd {
        call_id: "c1".into(),
        tool: "calculator".into(),
        success: true,
        output: "3".into(),
        error: None,
        duration_ms: 1.0,
        now_us: 0,
    }
}

fn take_step(db: &Connection, run: u64, number: u32) {
    run_rows::add_step(db, REPLICA, id(run), &step(number)).unwrap();
    run_rows::end_tool(db, REPLICA, id(run), number, &tool_end()).unwrap();
}

/// The steps of SQLite's virtual machine since the last look.
fn steps_of(db: &Connection, sql: &str) -> i32 {
    db.prepare_cached(sql).unwrap().reset_status(StatementStatus::VmStep)
}

/// Filters, with what each is found by.
fn filters() -> [(RunFilter, &'static str); 10] {
    let all = || RunFilter { page: Page { limit: 10, after: None }, ..RunFilter::default() };
    let key = || Scope::Key("key".into());
    let (agent, status, ada) = (Some("rare".into()), Some("failed".into()), Some("ada".into()));
    [
        (all(), "runs USING INTEGER PRIMARY KEY (rowid<?)"),
        (RunFilter { agent: agent.clone(), ..all() }, "runs USING INDEX runs_by_agent (agent=? AND rowid<?)"),
        (
            RunFilter { status: status.clone(), ..all() },
            "runs USING INDEX runs_by_status (status=? AND rowid<?)",
        ),
        (
            RunFilter { agent: agent.clone(), status: status.clone(), ..all() },
            "runs USING INDEX runs_by_agent_and_status (agent=? AND status=? AND rowid<?)",
        ),
        (
            RunFilter { session_id: ada.clone(), ..all() },
            "runs USING INDEX runs_by_session (session=? AND rowid<?)",
        ),
        (
            RunFilter { session_id: ada.clone(), agent: agent.clone(), ..all() },
            "runs USING INDEX runs_by_session (session=? AND rowid<?)",
        ),
        (RunFilter { scope: key(), ..all() }, "runs USING INDEX runs_by_owner (owner=? AND rowid<?)"),
        (
            RunFilter { scope: key(), agent: agent.clone(), status: status.clone(), ..all() },
            "runs USING INDEX runs_by_owner (owner=? AND rowid<?)",
        ),
        (
            RunFilter { scope: key(), session_id: ada.clone(), ..all() },
            "runs USING INDEX runs_by_session (session=? AND rowid<?)",
        ),
        (
            RunFilter { session_id: ada, agent, status, ..all() },
            "runs USING INDEX runs_by_session (session=? AND rowid<?)",
        ),
    ]
}

#[test]
fn every_statement_finds_its_rows_by_an_index() {
    let db = database();
    let by_run_and_number = "run_steps USING COVERING INDEX run_steps_by_run (run=? AND number=?)";
    let find = format!("{} AND runs.id = ?1", run_list::SUMMARIES);
    let statements = [
        (run_rows::FIND, "runs USING INDEX runs_by_id (id=?)"),
        (run_rows::FIND, "sessions USING INTEGER PRIMARY KEY (rowid=?)"),
        (run_rows::LAST_STEP, "run_steps USING COVERING INDEX run_steps_by_run (run=?)"),
        (run_rows::FIND_STEP, by_run_and_number),
        (run_rows::FINISH, "runs USING INTEGER PRIMARY KEY (rowid=?)"),
        (run_rows::RESUME, "runs USING INTEGER PRIMARY KEY (rowid=?)"),
        (run_rows::INTERRUPT, "runs USING INDEX runs_by_id (id=?)"),
        (leases::INTERRUPT_RUNS, "runs USING COVERING INDEX runs_running (status=? AND replica=?)"),
        (leases::INTERRUPT_ALL_RUNS, "runs USING INDEX runs_running (status=?)"),
        (&find, "runs USING INDEX runs_by_id (id=?)"),
        (&find, "run_steps USING COVERING INDEX run_steps_by_run (run=?)"),
        (run_reader::TEXTS, "runs USING INTEGER PRIMARY KEY (rowid=?)"),
        (run_reader::STEPS, "run_steps USING INDEX run_steps_by_run (run=?)"),
        (run_reader::TOOLS, "run_tools USING INDEX run_tools_by_call (run=?)"),
        (run_removal::FIND_OLD, "runs USING INDEX runs_by_id (id<?)"),
        (run_removal::FIND_OF_SESSION, "runs USING COVERING INDEX runs_by_session (session=?)"),
        (run_removal::REMOVE_STEPS, "run_steps USING INDEX run_steps_by_run (run=?)"),
        (run_removal::REMOVE_TOOLS, "run_tools USING INDEX run_tools_by_call (run=?)"),
    ];
    statements.into_iter().for_each(|(sql, search)| assert_plan(&db, sql, search));
    for (filter, search) in filters() {
        assert_plan(&db, &RunQuery::of(&filter).unwrap().sql, search);
    }
}

#[test]
fn a_step_costs_the_same_however_long_its_run_is() {
    let db = database();
    db.execute_batch("BEGIN").unwrap();
    (1..=2).for_each(|run| add_run(&db, run, "rare", None, "running"));
    take_step(&db, 1, 1);
    (1..2_000).for_each(|number| take_step(&db, 2, number));
    let statements =
        [run_rows::FIND, run_rows::LAST_STEP, run_rows::ADD_STEP, run_rows::FIND_STEP, run_rows::END_TOOL];
    let cost = |run, number| {
        let _before = statements.map(|sql| steps_of(&db, sql));
        take_step(&db, run, number);
        statements.map(|sql| steps_of(&db, sql))
    };
    let (short, long) = (cost(1, 2), cost(2, 2_000));
    assert!(short.iter().all(|steps| *steps > 0), "{short:?}");
    assert_eq!(short, long);
}

/// Twenty runs that every filter finds, and then many others.
fn filled(others: u64) -> Connection {
    let db = database();
    db.execute_batch("BEGIN").unwrap();
    (0..20).for_each(|n| add_run(&db, n, "rare", Some("ada"), "failed"));
    for n in 20..20 + others {
        let (agent, status) = [("rare", "completed"), ("common", "failed")][(n % 2) as usize];
        add_run(&db, n, agent, None, status);
    }
    db
}

#[test]
fn a_page_of_runs_costs_the_same_however_many_there_are() {
    let (few, many) = (filled(40), filled(2_000));
    for (filter, search) in filters() {
        let query = RunQuery::of(&filter).unwrap();
        let cost = |db: &Connection| {
            let RunPage { runs, next } = run_list::list(db, &query).unwrap();
            assert_eq!((runs.len(), next.is_some()), (10, true), "{search}");
            steps_of(db, &query.sql)
        };
        assert_eq!(cost(&few), cost(&many), "{search}");
    }
}

#[test]
fn a_later_page_costs_as_much_as_the_first() {
    let db = filled(2_000);
    let mut filter = RunFilter { page: Page { limit: 100, after: None }, ..RunFilter::default() };
    let mut page = |after: Option<String>| {
        filter.page.after = after;
        let query = RunQuery::of(&filter).unwrap();
        let page = run_list::list(&db, &query).unwrap();
        (page.next, steps_of(&db, &query.sql))
    };
    let (mut next, first) = page(None);
    for _ in 0..10 {
        let (after, cost) = page(next);
        assert_eq!(cost, first);
        next = after;
    }
}

#[test]
fn a_refusal_writes_nothing() {
    let db = database();
    add_run(&db, 1, "rare", None, "running");
    take_step(&db, 1, 1);
    let before = db.total_changes();
    run_rows::add_step(&db, REPLICA, id(1), &step(1)).unwrap_err();
    run_rows::end_tool(&db, REPLICA, id(1), 1, &tool_end()).unwrap_err();
    run_rows::end_tool(&db, REPLICA, id(1), 2, &tool_end()).unwrap_err();
    run_rows::resume(&db, REPLICA, id(1), None, None, 9).unwrap_err();
    assert_eq!(db.total_changes(), before);
}

#[test]
fn nothing_is_left_of_what_is_removed() {
    let db = database();
    (1..=3).for_each(|run| add_run(&db, run, "rare", None, "running"));
    (1..=3).for_each(|run| take_step(&db, run, 1));
    db.execute_batch("UPDATE runs SET status = 'completed' WHERE key <> 2").unwrap();
    assert_eq!(run_removal::prune(&db, id(99), 10).unwrap(), 2);
    for table in ["runs", "run_steps", "run_tools"] {
        let left: u32 = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(left, 1, "{table}");
    }
    let RunSummary { status, .. } =
        run_list::list(&db, &RunQuery::of(&RunFilter::default()).unwrap()).unwrap().runs.remove(0);
    assert_eq!(&*status, "running");
}
