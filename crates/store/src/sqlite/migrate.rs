//! Bringing a database to the schema this program knows.

use std::path::Path;

use rusqlite::Connection;

use super::failure::store_error;
use crate::StoreError;

/// The steps from an empty file to today's schema. Never edit one that has been released; add the next.
const MIGRATIONS: [&str; 7] = [
    include_str!("../../migrations/sqlite/0001_sessions.sql"),
    include_str!("../../migrations/sqlite/0002_calls.sql"),
    include_str!("../../migrations/sqlite/0003_runs.sql"),
    include_str!("../../migrations/sqlite/0004_keys.sql"),
    include_str!("../../migrations/sqlite/0005_turns.sql"),
    include_str!("../../migrations/sqlite/0006_operations.sql"),
    include_str!("../../migrations/sqlite/0007_responses.sql"),
];

/// The schema this program knows.
pub(super) const KNOWN_VERSION: u32 = MIGRATIONS.len() as u32;

/// Applies the steps that are missing, each in a transaction of its own.
///
/// # Errors
/// [`StoreError::NewerSchema`] when a newer program wrote the database.
pub(super) fn migrate(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(db, path)?;
    if found > KNOWN_VERSION {
        return Err(StoreError::NewerSchema { path: path.to_owned(), found, known: KNOWN_VERSION });
    }
    for (step, sql) in (1..).zip(MIGRATIONS).skip(found as usize) {
        apply(db, step, sql).map_err(|error| store_error(path, &error))?;
    }
    Ok(())
}

/// Checks that a database which must not be changed has today's schema.
pub(super) fn check(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(db, path)?;
    if found > KNOWN_VERSION {
        return Err(StoreError::NewerSchema { path: path.to_owned(), found, known: KNOWN_VERSION });
    }
    if found < KNOWN_VERSION {
        let path = path.display();
        return Err(StoreError::unavailable(format!(
            "'{path}' has schema version {found} and this program reads {KNOWN_VERSION}; start the server once, it \
             brings the database up to date"
        )));
    }
    Ok(())
}

fn version(db: &Connection, path: &Path) -> Result<u32, StoreError> {
    let version = db.pragma_query_value(None, "user_version", |row| row.get(0));
    version.map_err(|error| store_error(path, &error))
}

fn apply(db: &Connection, step: u32, sql: &str) -> rusqlite::Result<()> {
    let transaction = db.unchecked_transaction()?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "user_version", step)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrating_twice_changes_nothing() {
        let db = Connection::open_in_memory().unwrap();
        migrate(&db, Path::new("x.db")).unwrap();
        migrate(&db, Path::new("x.db")).unwrap();
        assert_eq!(version(&db, Path::new("x.db")).unwrap(), KNOWN_VERSION);
    }

    #[test]
    fn an_older_database_keeps_what_it_holds() {
        let db = Connection::open_in_memory().unwrap();
        (1..).zip(MIGRATIONS).take(2).for_each(|(step, sql)| apply(&db, step, sql).unwrap());
        let call = "INSERT INTO calls (id, started_at_us, duration_us, stream, attempts, outcome, model, request_id) \
             VALUES (zeroblob(16), 1, 2, 0, 1, 'ok', 'small', 'request')";
        db.execute(call, []).unwrap();
        assert!(check(&db, Path::new("x.db")).unwrap_err().to_string().contains("start the server once"));
        migrate(&db, Path::new("x.db")).unwrap();
        check(&db, Path::new("x.db")).unwrap();
        let kept = db.query_row("SELECT model, run_id, operation FROM calls", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        });
        assert_eq!(kept.unwrap(), ("small".to_owned(), None::<String>, "chat".to_owned()));
    }

    #[test]
    fn sessions_keep_their_keys_and_none_is_given_twice() {
        let db = Connection::open_in_memory().unwrap();
        (1..).zip(MIGRATIONS).take(3).for_each(|(step, sql)| apply(&db, step, sql).unwrap());
        let add = "INSERT INTO sessions (id, created_at_us, active_at_us) VALUES (?1, 1, 2)";
        for id in ["a", "b", "c"] {
            db.execute(add, [id]).unwrap();
        }
        db.execute("DELETE FROM sessions WHERE id = 'c'", []).unwrap();
        migrate(&db, Path::new("x.db")).unwrap();
        db.execute(add, ["d"]).unwrap();
        let mut statement = db.prepare("SELECT id, key, owner FROM sessions ORDER BY key").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let rows: Vec<(String, i64, String)> = rows.collect::<Result<_, _>>().unwrap();
        let own = |id: &str, key| (id.to_owned(), key, String::new());
        assert_eq!(rows, [own("a", 1), own("b", 2), own("d", 4)]);
    }

    #[test]
    fn a_newer_database_is_refused() {
        let db = Connection::open_in_memory().unwrap();
        db.pragma_update(None, "user_version", 9_000).unwrap();
        let error = migrate(&db, Path::new("data/playhouse.db")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the database 'data/playhouse.db' has schema version 9000, but this program knows only up to \
                 {KNOWN_VERSION}: upgrade the program, or use another data directory"
            )
        );
    }

    #[test]
    fn a_step_that_fails_leaves_nothing() {
        let db = Connection::open_in_memory().unwrap();
        apply(&db, 1, "CREATE TABLE half (x); CREATE TABLE half (x);").unwrap_err();
        let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!((tables, version(&db, Path::new("x.db")).unwrap()), (0, 0));
    }
}
