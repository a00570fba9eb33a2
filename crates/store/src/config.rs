//! The `[store]` section of the configuration.

use serde::{Deserialize, Serialize};

/// How conversations and call records are kept. The doc comments are the documentation's rows.
///
/// ```
/// use playhouse_store::{StoreConfig, Synchronous};
///
/// assert_eq!(StoreConfig::default().synchronous, Synchronous::Normal);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// What a stored turn survives: `normal` any end of the process (`kill -9` included), `full` a
    /// power cut too, at the price of one disk flush for every batch of writes.
    pub synchronous: Synchronous,
    /// How long a write waits for another program that holds the database, in milliseconds, before
    /// the store counts as unavailable.
    pub busy_timeout_ms: u64,
    /// For how many days call records are kept; 0 keeps them for ever.
    pub call_retention_days: u32,
    /// For how many days runs of agents are kept, with all they said and did; 0 keeps them for ever. Those
    /// that belong to a session go with it, if that is deleted before.
    pub run_retention_days: u32,
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
            synchronous: Synchronous::Normal,
            busy_timeout_ms: 2_000,
            call_retention_days: 30,
            run_retention_days: 30,
            call_queue: 16_384,
            ledger_max_bytes: 1 << 30,
            ledger_keep_bytes: 16 << 20,
            ledger_fsync: LedgerFsync::Interval,
            ledger_fsync_interval_ms: 100,
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
        assert_eq!(config, StoreConfig { synchronous: Synchronous::Full, ..StoreConfig::default() });
    }

    #[test]
    fn unknown_keys_and_values_are_refused() {
        for text in [r#"{"sync": "full"}"#, r#"{"synchronous": "off"}"#, r#"{"busy_timeout_ms": -1}"#] {
            serde_json::from_str::<StoreConfig>(text).unwrap_err();
        }
    }
}
