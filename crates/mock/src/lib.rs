//! The test double: something that answers like an LLM, by a script.
//!
//! What it is: [`MockProvider`], a provider that answers in process without a socket and keeps a
//! [`Journal`] of what it was asked; and [`MockServer`], the same behind every protocol on a port
//! of its own.
//! What it does not do: it holds no wire code; it stands on `playhouse-edge`.
//! Whom it depends on: `playhouse-llm` and `playhouse-edge`. Never on the server.
//!
//! In reading order: [`respond`] → [`journal`] → [`provider`] → [`server`].

pub mod call;
pub mod fault;
pub mod journal;
pub mod matching;
pub mod pace;
pub mod plan;
pub mod protocols;
pub mod provider;
pub mod quota;
pub mod reply;
pub mod respond;
pub mod script;
pub mod server;
pub mod tokens;
pub mod verdict;
pub mod verify;

pub use journal::Journal;
pub use provider::MockProvider;
pub use respond::{Answer, Echo, Respond, Sequence};
pub use server::MockServer;
