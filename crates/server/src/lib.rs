//! The production server: composition, the native API, operations.
//!
//! What it is: [`App`], which answers every route over any provider; [`Stack`], which builds the
//! real providers' layers from configuration; [`Listener`], which puts an app behind a socket and
//! drains it at the end.
//! What it does not do: it reads no environment and no files but the database, and it never knows
//! the mock: with no provider there is nothing to serve.
//! Whom it depends on: every lower crate but `playhouse-mock`.
//!
//! In reading order: [`config`] → `stack` → `app` → `front` → `keys` → `routes` → `live` and `turns` → `native`,
//! `responses` and `ops` → `listen`.
//!
//! # Testing with it
//!
//! An app is built with whatever provider a test wants, and called without a socket:
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use playhouse_mock::MockProvider;
//! use playhouse_server::{App, http};
//!
//! let data_dir = tempfile::tempdir().unwrap();
//! let mock = MockProvider::replies(["Hello, Ada!"]);
//! let app = App::with_provider(mock.clone(), data_dir.path()).unwrap();
//!
//! let reply = app.post("/v1/chat", r#"{"message": "I am Ada", "session_id": "s1"}"#).await;
//!
//! assert_eq!(reply.status(), http::StatusCode::OK);
//! assert_eq!(reply.json()["content"], "Hello, Ada!");
//! assert_eq!(mock.journal().len(), 1);
//! assert_eq!(mock.journal().last_messages()[0].text(), "I am Ada");
//! # });
//! ```

pub mod config;

mod agents;
mod app;
mod client;
mod failure;
mod front;
mod keys;
mod lifecycle;
mod listen;
mod live;
mod native;
mod ops;
mod responses;
mod routes;
mod sink;
mod stack;
mod turns;

pub use ::http;
pub use agents::assembly::{AssemblyError, BUILT_IN_TOOLS, MCP_PREFIX, assemble};
pub use agents::connecting::connect_tools;
pub use agents::roster::Roster;
pub use app::{App, AppError, AppParts, ChatSettings, DATABASE_FILE, LimitParts, open_store};
pub use client::Answer;
pub use config::{AuthConfig, ChatConfig, OnDisconnect, ServerConfig};
pub use front::{Front, auth::Keyring};
pub use lifecycle::{Lifecycle, Phase};
pub use listen::{ConnectionLimits, ConnectionTimeouts, Listener};
pub use native::calls::CallView;
pub use native::keys::KeyView;
pub use ops::docs::openapi;
pub use sink::Accounts;
pub use stack::{ProviderAddress, Stack, StackConfig, StackError};
