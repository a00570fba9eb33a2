//! How SQLite is going to find what a statement asks for.

use rusqlite::Connection;

/// Fails unless a statement is planned with this search, and goes through no table and sorts nothing.
pub(super) fn assert_plan(db: &Connection, sql: &str, search: &str) {
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let lines: Vec<String> =
        statement.raw_query().mapped(|row| row.get("detail")).collect::<Result<_, _>>().unwrap();
    let plan = lines.join("\n");
    assert!(plan.contains(search), "{sql}\nis planned as\n{plan}");
    assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}\nis planned as\n{plan}");
}
