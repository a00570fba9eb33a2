//! What can go wrong with a server of tools.

/// A server of tools cannot be used; the message says which, why, and what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum McpError {
    /// It is configured in a way that cannot work.
    #[error("the MCP server '{server}' cannot be used as it is configured: {reason}")]
    Config {
        /// The server.
        server: String,
        /// What is wrong, and what to write instead.
        reason: String,
    },
    /// It could not be started or reached, or did not say what the protocol wants.
    #[error("the MCP server '{server}' did not start: {reason}{last_words}")]
    Start {
        /// The server.
        server: String,
        /// What happened, and what to do where that is known.
        reason: String,
        /// The last lines that it wrote to its standard error, introduced; empty if there are none.
        last_words: String,
    },
    /// Its tools are not those that are wanted, or are too many.
    #[error("the tools of the MCP server '{server}' cannot be used: {reason}")]
    Tools {
        /// The server.
        server: String,
        /// What is wrong with them.
        reason: String,
    },
    /// It died too often to be started again now.
    #[error("the MCP server '{server}' is down: {reason}")]
    Down {
        /// The server.
        server: String,
        /// How often it was started, and when it is tried again.
        reason: String,
    },
}

impl McpError {
    /// The message for a model, which need not read what a process writes for its operator.
    pub(super) fn for_model(&self) -> String {
        match self {
            Self::Start { server, reason, .. } => {
                format!("the MCP server '{server}' did not start: {reason}")
            }
            other => other.to_string(),
        }
    }
}
