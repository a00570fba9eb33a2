//! Bringing a database to the schema this program knows, while others use it.
//!
//! To change the schema: add a file to `migrations/postgres/` and a row to [`MIGRATIONS`]. Never edit one that
//! has been released. While replicas are replaced one after the other, the old program runs on the new
//! schema for a while, so a step only ever adds: tables, indexes, columns that may be left out. What is to go
//! goes one release after nobody uses it any more, and says so by `works_with`.

use std::path::PathBuf;

use tokio_postgres::{Client, Transaction};

use super::connector::Connector;
use super::failure::judge;
use crate::StoreError;

/// A step of the schema.
#[derive(Clone, Copy)]
pub(super) struct Migration {
    /// What it brings, for people who look into the database.
    pub(super) name: &'static str,
    /// What it does.
    pub(super) sql: &'static str,
    /// The oldest schema version whose programs still work once it is applied.
    pub(super) works_with: i32,
}

/// The steps from an empty database to today's schema.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "sessions",
        sql: include_str!("../../migrations/postgres/0001_sessions.sql"),
        works_with: 1,
    },
    Migration { name: "runs", sql: include_str!("../../migrations/postgres/0002_runs.sql"), works_with: 1 },
    Migration { name: "calls", sql: include_str!("../../migrations/postgres/0003_calls.sql"), works_with: 1 },
    Migration { name: "keys", sql: include_str!("../../migrations/postgres/0004_keys.sql"), works_with: 4 },
    Migration { name: "turns", sql: include_str!("../../migrations/postgres/0005_turns.sql"), works_with: 4 },
    Migration {
        name: "operations",
        sql: include_str!("../../migrations/postgres/0006_operations.sql"),
        works_with: 4,
    },
    Migration {
        name: "responses",
        sql: include_str!("../../migrations/postgres/0007_responses.sql"),
        works_with: 4,
    },
];

/// One replica after the other: this lock is held for as long as a step takes. "playhous" in ASCII.
const LOCK: &str = "SET LOCAL lock_timeout = '120s'; SELECT pg_advisory_xact_lock(8101815670912415091)";
/// A step that waits for a table must not keep everybody else waiting behind it.
const SHORT_WAITS: &str = "SET LOCAL lock_timeout = '5s'";
const NOTES: &str = "CREATE TABLE IF NOT EXISTS playhouse_migrations (version INTEGER PRIMARY KEY, \
     name TEXT NOT NULL, works_with INTEGER NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now())";
const IS_NOTED: &str = "SELECT to_regclass('playhouse_migrations') IS NOT NULL";
const VERSION: &str =
    "SELECT coalesce(max(version), 0), coalesce(max(works_with), 0) FROM playhouse_migrations";
const NOTE: &str = "INSERT INTO playhouse_migrations (version, name, works_with) VALUES ($1, $2, $3)";

/// Where a database's schema stands.
struct Standing {
    version: i32,
    works_with: i32,
}

/// Applies the steps that are missing, each in a transaction of its own.
///
/// # Errors
/// [`StoreError::NewerSchema`] when a newer program has brought what this one does not work with.
pub(super) async fn migrate(connector: &Connector, steps: &[Migration]) -> Result<(), StoreError> {
    let mut connected = connector.connect_unbound().await?;
    while step(&mut connected.client, steps, connector).await? {}
    Ok(())
}

/// Checks that a database which must not be changed has a schema this program works with.
///
/// # Errors
/// [`StoreError::NewerSchema`], or [`StoreError::Unavailable`] for an older one.
pub(super) async fn check(connector: &Connector, steps: &[Migration]) -> Result<(), StoreError> {
    let client = connector.connect("").await?.client;
    let fail = |error: tokio_postgres::Error| judge(connector.place(), &error).into_error();
    let noted: bool = client.query_one(IS_NOTED, &[]).await.and_then(|row| row.try_get(0)).map_err(fail)?;
    let standing = match noted {
        true => client.query_one(VERSION, &[]).await.and_then(|row| Standing::of(&row)).map_err(fail)?,
        false => Standing { version: 0, works_with: 0 },
    };
    let known = steps.len() as i32;
    if standing.version < known {
        let (place, version) = (connector.place(), standing.version);
        return Err(StoreError::unavailable(format!(
            "the database at {place} has schema version {version} and this program reads {known}; start the server \
             once, it brings the database up to date"
        )));
    }
    standing.check(steps, connector)
}

/// Applies the next step; `false` when there was none to apply and the schema is one to work with.
async fn step(client: &mut Client, steps: &[Migration], connector: &Connector) -> Result<bool, StoreError> {
    let fail = |error: tokio_postgres::Error| judge(connector.place(), &error).into_error();
    let transaction = client.transaction().await.map_err(fail)?;
    let standing = locked_standing(&transaction).await.map_err(fail)?;
    let next = usize::try_from(standing.version).ok().and_then(|applied| steps.get(applied));
    let Some(next) = next else {
        standing.check(steps, connector)?;
        transaction.commit().await.map_err(fail)?;
        return Ok(false);
    };
    apply(&transaction, standing.version + 1, next).await.map_err(fail)?;
    transaction.commit().await.map_err(fail)?;
    Ok(true)
}

async fn locked_standing(transaction: &Transaction<'_>) -> Result<Standing, tokio_postgres::Error> {
    transaction.batch_execute(LOCK).await?;
    transaction.batch_execute(NOTES).await?;
    Standing::of(&transaction.query_one(VERSION, &[]).await?)
}

async fn apply(
    transaction: &Transaction<'_>,
    version: i32,
    step: &Migration,
) -> Result<(), tokio_postgres::Error> {
    transaction.batch_execute(SHORT_WAITS).await?;
    transaction.batch_execute(step.sql).await?;
    transaction.execute(NOTE, &[&version, &step.name, &step.works_with]).await?;
    Ok(())
}

impl Standing {
    fn of(row: &tokio_postgres::Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self { version: row.try_get(0)?, works_with: row.try_get(1)? })
    }

    /// Refuses a schema that has gone on beyond what this program works with.
    fn check(&self, steps: &[Migration], connector: &Connector) -> Result<(), StoreError> {
        let known = steps.len() as i32;
        if self.version <= known || self.works_with <= known {
            return Ok(());
        }
        Err(StoreError::NewerSchema {
            path: PathBuf::from(&**connector.place()),
            found: self.version.unsigned_abs(),
            known: known.unsigned_abs(),
        })
    }
}
