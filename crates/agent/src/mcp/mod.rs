//! Tools of servers that speak the Model Context Protocol, over standard input and output or HTTP.
//!
//! What it is: [`McpServer`], which starts or reaches a server, keeps it alive and gives its tools, and
//! [`McpServerConfig`], which says where it is.
//! What it does not do: it offers a server nothing (no sampling, no roots, no questions to people), and
//! has no use for prompts and resources. It logs nothing and reads no environment.
//!
//! In reading order: `config` → `endpoint` say where a server is; `server` keeps it, by
//! `restarts`; `connection` talks to it through `guard`, over `stdio` or `http`; `listing`,
//! `definition` and `naming` make tools of what it offers, `answer` text of what it answers.

mod abandoned;
mod answer;
mod client;
mod config;
mod connection;
mod definition;
mod endpoint;
mod error;
mod failure;
mod guard;
mod http;
mod life;
mod listing;
mod naming;
mod redact;
mod restarts;
mod server;
mod stdio;
mod tool;

pub use config::{INHERITED, McpServerConfig};
pub use definition::RefusedTool;
pub use error::McpError;
pub use server::McpServer;
