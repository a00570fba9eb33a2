//! The test double: something that answers like an LLM, by a script.
//!
//! What it is: [`MockProvider`], a provider that answers in process without a socket and keeps a
//! [`Journal`] of what it was asked; and [`MockServer`], the same behind every protocol on a port
//! of its own.
//! What it does not do: it holds no wire code; it stands on `playhouse-edge`.
//! Whom it depends on: `playhouse-llm` and `playhouse-edge`. Never on the server.
//!
//! In reading order: [`respond`] → [`journal`] → [`provider`] → [`server`].

pub mod journal;
pub mod provider;
pub mod respond;
pub mod server;

pub use journal::Journal;
pub use provider::MockProvider;
pub use respond::{Answer, Echo, Respond, Sequence};
pub use server::MockServer;
