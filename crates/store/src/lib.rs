//! Sessions, turns, runs, responses and call records in a database.
//!
//! What it is: the traits [`Sessions`], [`Runs`], [`Responses`], [`Calls`], [`ApiKeys`], [`Replicas`], [`IdempotencyKeys`]
//! and [`Health`] (together a [`Store`]), two backends behind them ([`SqliteStore`] for one process,
//! [`PostgresStore`] for many), the ledger that call records are in before they are in the database
//! ([`CallLedger`]), and [`Finisher`], which keeps ends of turns while the store is away.
//! What it does not do: it reads no environment and no clock (callers pass the time), it logs nothing,
//! and it knows neither HTTP nor protocols. Nothing outside this crate holds SQL.
//! Whom it depends on: `llm`.
//!
//! In reading order: [`scope`], [`session`], [`run`], [`response`], [`call`] and [`key`] (what can be stored and asked) →
//! [`replica`] and [`idempotency`] (what processes share) → [`store`] → [`error`] and [`config`] → `window`,
//! `tokens` and `stored` (which messages make up a history, and how they are kept) → `ids`, `draft`, `begun`,
//! `turn_row`, `cursor` and `stats` (what is the same whatever the database) → [`sqlite`] and [`postgres`] →
//! [`ledger`], [`finisher`], [`progress`], [`retention`]. Beside them [`shared`]: what replicas share.
//!
//! ```
//! use playhouse_llm::Message;
//! use playhouse_store::{BeginTurn, FinishTurn, HistoryWindow, Scope, Sessions, SqliteStore, StoreConfig, TurnEnding};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), playhouse_store::StoreError> {
//! # let folder = tempfile::tempdir().unwrap();
//! let store = SqliteStore::open(&folder.path().join("playhouse.db"), &StoreConfig::default())?;
//! let begun = store
//!     .begin_turn(BeginTurn {
//!         key_id: None,
//!         session_id: "ada".into(),
//!         turn_id: "0190b6e4-7a3c-7def-8000-000000000001".into(),
//!         message: Message::user("Hello"),
//!         now_us: 1_700_000_000_000_000,
//!         history: HistoryWindow { max_messages: 50, max_tokens: 8_000 },
//!         terms: Default::default(),
//!     })
//!     .await?;
//! assert!(begun.history.is_empty());
//!
//! let answer = FinishTurn::new("0190b6e4-7a3c-7def-8000-000000000001", TurnEnding::Completed, 1_700_000_001_000_000);
//! store.finish_turn(answer.with_messages(vec![Message::assistant("Hello, Ada!")])).await?;
//!
//! let session = store.session(&Scope::Everything, "ada", Default::default()).await?.expect("it has just been written");
//! assert_eq!(session.messages.len(), 2);
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]

mod begun;
pub mod call;
mod claim;
pub mod config;
mod cursor;
mod draft;
mod durations;
pub mod error;
pub mod finisher;
pub mod idempotency;
mod ids;
pub mod key;
pub mod ledger;
pub mod postgres;
pub mod progress;
pub mod replica;
pub mod response;
pub mod retention;
pub mod run;
pub mod scope;
pub mod session;
pub mod shared;
pub mod sqlite;
mod stats;
pub mod store;
mod stored;
#[cfg(feature = "testing")]
pub mod testing;
mod tokens;
mod turn_row;
mod window;

pub use call::{CallFilter, CallStat, Calls, Spread, StatsBy};
pub use config::{LedgerFsync, PostgresConfig, StoreConfig, Synchronous};
pub use error::StoreError;
pub use finisher::{Finisher, ResponseFinisher, ResponseKeeper, RunFinisher, TurnFinisher};
pub use idempotency::{IdempotencyKey, IdempotencyKeys};
pub use key::{
    ApiKey, ApiKeys, Budget, BudgetPeriod, KeyChange, KeyHash, KeyPage, KeySecret, KeySettings, KeyState,
    KeyUsage, NewKey,
};
pub use ledger::verify::{Finding, LedgerReport, verify_ledger};
pub use ledger::{CallLedger, LedgerStats};
pub use postgres::{PostgresStore, check_database_url};
pub use progress::ProgressWriter;
pub use replica::{Lost, ReplicaId, Replicas, Said, Standing};
pub use response::{
    ChainBounds, ChainGap, FinishResponse, NewResponse, ResponseChain, ResponseStatus, Responses,
    StoredResponse,
};
pub use retention::{
    prune_expired_calls, prune_expired_idempotency_keys, prune_expired_responses, prune_expired_runs,
};
pub use run::{
    BeginRun, FinishRun, RunFilter, RunPage, RunStep, RunSummary, Runs, StoredRun, StoredStep, StoredTool,
    ToolEnd,
};
pub use scope::Scope;
pub use session::{
    BeginTurn, BegunTurn, FinishTurn, HistoryWindow, MessagePage, Page, SessionDetail, SessionMessage,
    SessionPage, SessionSummary, Sessions, Turn, TurnEnding, TurnState, TurnTerms,
};
pub use sqlite::SqliteStore;
pub use store::{Health, Store};
pub use tokens::estimate_tokens;
