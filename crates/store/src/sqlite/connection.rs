//! Opening connections: settings, schema, and what a dead process left behind.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::failure::store_error;
use super::{deletion, file, leases, migrate};
use crate::{StoreConfig, StoreError, Synchronous};

/// How long a read waits for a lock; in WAL mode only a recovery holds one against readers.
const READER_BUSY_TIMEOUT: Duration = Duration::from_millis(1_000);
const CACHED_STATEMENTS: usize = 64;

/// Opens the database for writing: creates and migrates it as needed, and proves that a write works.
///
/// Meanwhile it waits up to `patience` for another program's lock; afterwards as long as is configured.
pub(super) fn open_for_writing(
    path: &Path,
    config: &StoreConfig,
    patience: Duration,
) -> Result<Connection, StoreError> {
    let fail = |error: rusqlite::Error| store_error(path, &error);
    file::create_private(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(fail)?;
    db.busy_timeout(patience).map_err(fail)?;
    enter_wal_mode(&db, path)?;
    set_up_writer(&db, config.synchronous).map_err(fail)?;
    migrate::migrate(&db, path)?;
    prove_writable(&db).map_err(fail)?;
    db.busy_timeout(Duration::from_millis(config.busy_timeout_ms)).map_err(fail)?;
    Ok(db)
}

/// Tidies up after a process that died: ends its turns and runs, finishes its deletions.
///
/// Whoever calls it has the file to itself, so every replica that stands in it is dead.
pub(super) fn clear_up(db: &Connection) -> rusqlite::Result<()> {
    leases::bury_all(db)?;
    deletion::sweep_all(db)
}

/// Opens the database for reading only; it must be there and migrated.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(|error| store_error(path, &error))?;
    db.busy_timeout(READER_BUSY_TIMEOUT).map_err(|error| store_error(path, &error))?;
    db.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(db)
}

/// Readers beside the writer need SQLite's write-ahead log, and that needs memory shared through a file.
fn enter_wal_mode(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let mode = db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
    let mode = mode.map_err(|error| store_error(path, &error))?;
    if mode == "wal" {
        return Ok(());
    }
    let path = path.display();
    Err(StoreError::unavailable(format!(
        "the file system of '{path}' lacks shared memory for SQLite's log; use a local disk"
    )))
}

fn set_up_writer(db: &Connection, synchronous: Synchronous) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // Otherwise SQLite prepares statements anew whenever other values are bound, to plan for those.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let synchronous = match synchronous {
        Synchronous::Normal => "normal",
        Synchronous::Full => "full",
    };
    db.pragma_update(None, "synchronous", synchronous)?;
    db.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    // Negative: KiB.
    db.pragma_update(None, "cache_size", -8_192)?;
    db.pragma_update(None, "temp_store", "memory")
}

/// Writes one page that says nothing new. A full disk or a foreign lock shows here, not at the next turn.
fn prove_writable(db: &Connection) -> rusqlite::Result<()> {
    let transaction = rusqlite::Transaction::new_unchecked(db, rusqlite::TransactionBehavior::Immediate)?;
    transaction.pragma_update(None, "user_version", migrate::KNOWN_VERSION)?;
    transaction.commit()
}
