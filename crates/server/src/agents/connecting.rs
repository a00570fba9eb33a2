//! Bringing the tools of MCP servers to the agents that have them.

use std::time::Duration;

use playhouse_agent::mcp::{McpServer, McpServerConfig};
use playhouse_telemetry::{info, warn};

use super::roster::Roster;

/// The waits between tries to reach a server that is not there.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);

/// Connects the servers whose tools agents have, in the background: a server of tools that is away keeps
/// nobody else from being served. Needs a tokio runtime.
pub fn connect_tools(roster: &Roster, servers: impl IntoIterator<Item = (String, McpServerConfig)>) {
    for (name, config) in servers {
        if roster.needs_server(&name) {
            tokio::spawn(connect(roster.clone(), name, config));
        }
    }
}

/// Tries until the server is there; from then on it is kept alive by those who call it.
async fn connect(roster: Roster, name: String, config: McpServerConfig) {
    let mut wait = FIRST_RETRY;
    loop {
        match McpServer::connect(name.as_str(), config.clone()).await {
            Ok(server) => {
                server.refused().iter().for_each(|refused| {
                    warn!(server = name.as_str(), tool = %refused.name, reason = %refused.reason, "A tool cannot be used");
                });
                info!(server = name.as_str(), tools = server.tools().len(), "MCP server connected");
                return roster.bring(&name, &server);
            }
            Err(error) => {
                warn!(server = name.as_str(), %error, "MCP server cannot be used; it is tried again");
                roster.excuse(&name, &error.to_string());
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LAST_RETRY);
    }
}
