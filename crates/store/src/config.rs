//! The `[store]` section of the configuration.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// How conversations and call records are kept. The doc comments are the documentation's rows.
///
/// ```
/// use playhouse_store::{StoreConfig, Synchronous};
///
/// assert_eq!(StoreConfig::default().synchronous, Synchronous::Normal);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// A PostgreSQL database that several servers share, as `postgres://user:password@host:5432/database`; without
    /// it everything is in a SQLite file in the data folder, for one server. `DATABASE_URL` says it too.
    #[serde(skip_serializing)]
    pub database_url: Option<SecretString>,
    /// How PostgreSQL is used.
    pub postgres: PostgresConfig,
    /// What a turn stored in SQLite survives: `normal` any end of the process (`kill -9` included), `full` a
    /// power cut too, at the price of one disk flush for every batch of writes.
    pub synchronous: Synchronous,
    /// How long a write waits for another program that holds the SQLite database, in milliseconds, before
    /// the store counts as unavailable.
    pub busy_timeout_ms: u64,
    /// For how many days call records are kept; 0 keeps them for ever.
    pub call_retention_days: u32,
    /// For how many days runs of agents are kept, with all they said and did; 0 keeps them for ever. Those
    /// that belong to a session go with it, if that is deleted before.
    pub run_retention_days: u32,
    /// For how many days responses are kept (`store` of OpenAI's Responses), and longer while one that is kept
    /// goes on from them; 0 keeps them for ever.
    pub response_retention_days: u32,
    /// How many call records may wait in memory for the database when the ledger's disk takes no more; what
    /// is beyond that is dropped and counted. As many that are on disk are in memory too.
    pub call_queue: usize,
    /// The largest size of the call ledger, in bytes: records wait there for a database that is away.
    pub ledger_max_bytes: u64,
    /// How much of the ledger is kept though it is in the database, in bytes, for `playhouse calls --verify`.
    pub ledger_keep_bytes: u64,
    /// When the ledger is flushed to the disk itself: `interval` now and then, `always` before the caller
    /// sees the end of the answer. Any end of the process is survived with both, a power cut with `always`.
    pub ledger_fsync: LedgerFsync,
    /// The time between two flushes of the ledger, in milliseconds, where it is flushed now and then.
    pub ledger_fsync_interval_ms: u64,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            database_url: None,
            postgres: PostgresConfig::default(),
            synchronous: Synchronous::Normal,
            busy_timeout_ms: 2_000,
            call_retention_days: 30,
            run_retention_days: 30,
            response_retention_days: 30,
            call_queue: 16_384,
            ledger_max_bytes: 1 << 30,
            ledger_keep_bytes: 16 << 20,
            ledger_fsync: LedgerFsync::Interval,
            ledger_fsync_interval_ms: 100,
        }
    }
}

/// How PostgreSQL is used: `[store.postgres]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostgresConfig {
    /// How many connections one server opens at most, at least 2. Half of them carry the statements that
    /// requests wait for, many at a time; the others one statement each.
    pub max_connections: usize,
    /// How long a connection may take to be made, in milliseconds.
    pub connect_timeout_ms: u64,
    /// How long a statement waits for a place on a connection, in milliseconds.
    pub acquire_timeout_ms: u64,
    /// How long a statement may take, in milliseconds, before the server gives it up.
    pub statement_timeout_ms: u64,
    /// How long a statement may wait for another one's lock, in milliseconds.
    pub lock_timeout_ms: u64,
}

impl Default for PostgresConfig {
    fn default() -> Self {
        Self {
            max_connections: 16,
            connect_timeout_ms: 2_000,
            acquire_timeout_ms: 2_000,
            statement_timeout_ms: 5_000,
            lock_timeout_ms: 2_000,
        }
    }
}

/// When writes are flushed to the disk itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// At checkpoints: every acknowledged write survives the process, a power cut may lose the last ones.
    #[default]
    Normal,
    /// At every commit: every acknowledged write survives a power cut.
    Full,
}

/// When the call ledger is flushed to the disk itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LedgerFsync {
    /// Now and then, in the background: a power cut may lose the records of the last interval.
    #[default]
    Interval,
    /// Before a record counts as taken: a power cut loses none, and every call waits for the disk.
    Always,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_takes_its_default() {
        let config: StoreConfig = serde_json::from_str(r#"{"synchronous": "full"}"#).unwrap();
        assert_eq!(config.synchronous, Synchronous::Full);
        assert_eq!(config.call_queue, StoreConfig::default().call_queue);
        let config: StoreConfig = serde_json::from_str(r#"{"postgres": {"max_connections": 4}}"#).unwrap();
        assert_eq!(config.postgres, PostgresConfig { max_connections: 4, ..PostgresConfig::default() });
    }

    #[test]
    fn a_database_url_is_never_shown() {
        let config: StoreConfig =
            serde_json::from_str(r#"{"database_url": "postgres://a:hunter2@b/c"}"#).unwrap();
        assert!(config.database_url.is_some());
        assert!(!format!("{config:?}").contains("hunter2"));
        assert!(!serde_json::to_string(&config).unwrap().contains("hunter2"));
    }

    #[test]
    fn unknown_keys_and_values_are_refused() {
        for text in [r#"{"sync": "full"}"#, r#"{"synchronous": "off"}"#, r#"{"busy_timeout_ms": -1}"#] {
            serde_json::from_str::<StoreConfig>(text).unwrap_err();
        }
    }
}
