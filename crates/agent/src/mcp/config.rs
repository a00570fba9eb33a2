//! What can be configured of a server of tools.
//!
//! Plain data: who reads files and variables fills it in. `endpoint` says what is
//! wrong with it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// One server of tools that speaks the Model Context Protocol: a command to start, or an address.
///
/// ```
/// use playhouse_agent::mcp::McpServerConfig;
///
/// let config = McpServerConfig {
///     command: Some("npx".to_owned()),
///     args: vec!["-y".to_owned(), "@modelcontextprotocol/server-everything".to_owned()],
///     env: [("TOKEN".to_owned(), "sk-secret".into())].into(),
///     ..McpServerConfig::default()
/// };
/// assert!(!format!("{config:?}").contains("sk-secret"));
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct McpServerConfig {
    /// The program to start; it is spoken to over its standard input and output. Default: none, which
    /// needs a `url`.
    pub command: Option<String>,
    /// The program's arguments. Default: none.
    pub args: Vec<String>,
    /// Variables of the program's environment, treated as secrets. It sees these and what it needs to
    /// run (`PATH`, `HOME`, `LANG`, `TMPDIR`), and none of the other variables. Default: none.
    #[serde(skip_serializing)]
    pub env: BTreeMap<String, SecretString>,
    /// The address of a server that is spoken to over streamable HTTP
    /// (`https://mcp.example.com/mcp`). Default: none, which needs a `command`.
    pub url: Option<String>,
    /// Headers to send to the address beside the usual ones, treated as secrets. Default: none.
    #[serde(skip_serializing)]
    pub headers: BTreeMap<String, SecretString>,
    /// How long starting may take, until the server has told of its tools, in milliseconds.
    /// Default: 30000.
    pub start_timeout_ms: u64,
    /// How long a tool may take, in milliseconds, if the agent gives it no less. Default: 30000.
    pub call_timeout_ms: u64,
    /// How often in a row the server is started again after it died; an answer of it begins the count
    /// anew. Default: 3.
    pub restarts: u32,
    /// The largest message that the server may send, in bytes. Default: 4194304 (4 MiB).
    pub max_message_bytes: usize,
    /// The tools to take, by the server's own names. Default: all of them.
    pub tools: Option<Vec<String>>,
    /// The tools that may be called twice without harm, by the server's own names. Default: those that
    /// the server says are read-only or idempotent.
    pub idempotent: Option<Vec<String>>,
    /// What the program's environment begins with: [`INHERITED`] of one's own. Not a key of any file:
    /// whoever may read the environment fills it in.
    #[serde(skip)]
    pub environment: BTreeMap<String, OsString>,
}

/// The variables a program needs to run at all; a server's environment begins with these.
pub const INHERITED: [&str; 4] = ["PATH", "HOME", "LANG", "TMPDIR"];

impl Default for McpServerConfig {
    fn default() -> Self {
        Self {
            command: None,
            args: Vec::new(),
            env: BTreeMap::new(),
            url: None,
            headers: BTreeMap::new(),
            start_timeout_ms: 30_000,
            call_timeout_ms: 30_000,
            restarts: 3,
            max_message_bytes: 4 << 20,
            tools: None,
            idempotent: None,
            environment: BTreeMap::new(),
        }
    }
}

impl McpServerConfig {
    pub(super) fn start_timeout(&self) -> Duration {
        Duration::from_millis(self.start_timeout_ms)
    }

    pub(super) fn call_timeout(&self) -> Duration {
        Duration::from_millis(self.call_timeout_ms)
    }
}
