//! Agents put together from their configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use playhouse_agent::mcp::McpServer;
use playhouse_agent::tools::{Calculator, CurrentTime, HttpGet, HttpGetError};
use playhouse_agent::{Agent, AgentConfig, RegistryError, Tool, ToolRegistry};

use super::roster::{Roster, ServedAgent};

/// The names of the tools that an agent can be given without more ado.
pub const BUILT_IN_TOOLS: [&str; 3] = ["calculator", "current_time", "http_get"];

/// How an agent's list of tools names a server of tools.
pub const MCP_PREFIX: &str = "mcp:";

/// The servers of tools that are there, by the names they are configured by.
pub(super) type Servers = BTreeMap<String, Arc<McpServer>>;

/// An agent cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum AssemblyError {
    /// There is no such tool.
    #[error("agents.{agent}.tools names '{tool}', and there is no such tool; there are: {known}")]
    UnknownTool {
        /// The agent.
        agent: String,
        /// What it names.
        tool: String,
        /// What it could name.
        known: String,
    },
    /// It is to read the web, and nobody said which part of it.
    #[error("agents.{agent}.http_get: {source}")]
    HttpGet {
        /// The agent.
        agent: String,
        /// What is missing.
        source: HttpGetError,
    },
    /// Its tools do not go together.
    #[error("agents.{agent}.tools: {source}")]
    Tools {
        /// The agent.
        agent: String,
        /// What is wrong with them.
        source: RegistryError,
    },
}

/// Puts the agents together; those that name no model ask this one.
///
/// Agents with tools of MCP servers wait for these; [`connect_tools`](super::connecting::connect_tools)
/// brings them.
///
/// # Errors
/// The first agent that cannot be put together, and why.
pub fn assemble<'a>(
    agents: impl IntoIterator<Item = (&'a String, &'a AgentConfig)>,
    default_model: &str,
) -> Result<Roster, AssemblyError> {
    let served = agents.into_iter().map(|(name, config)| {
        let model: Arc<str> = Arc::from(config.model.as_deref().unwrap_or(default_model));
        // Made also where servers are missing yet: what is wrong with the rest shall be known at once.
        let agent = agent(name, config, &model, &Servers::new())?;
        Ok(ServedAgent::new(name.as_str(), config.clone(), model, agent))
    });
    Ok(Roster::new(served.collect::<Result<Vec<_>, _>>()?))
}

/// The names of the servers whose tools an agent has.
pub(super) fn servers_of(config: &AgentConfig) -> impl Iterator<Item = &str> {
    config.tools.iter().filter_map(|tool| tool.strip_prefix(MCP_PREFIX))
}

/// An agent with its tools, as far as their servers are there.
pub(super) fn agent(
    name: &str,
    config: &AgentConfig,
    model: &Arc<str>,
    servers: &Servers,
) -> Result<Agent, AssemblyError> {
    let tools = registry(name, config, servers)?;
    let agent = Agent::new(config.strategy, tools).model(model.clone()).bounds(config.bounds.clone());
    Ok(match &config.instructions {
        Some(instructions) => agent.instructions(instructions.as_str()),
        None => agent,
    })
}

fn registry(name: &str, config: &AgentConfig, servers: &Servers) -> Result<ToolRegistry, AssemblyError> {
    let mut registry = ToolRegistry::new();
    for tool in &config.tools {
        let registered = match tool.strip_prefix(MCP_PREFIX) {
            None => registry.register(built_in(name, config, tool)?),
            Some(server) => servers.get(server).map_or(Ok(()), |server| server.register(&mut registry)),
        };
        registered.map_err(|source| AssemblyError::Tools { agent: name.to_owned(), source })?;
    }
    Ok(registry)
}

fn built_in(agent: &str, config: &AgentConfig, tool: &str) -> Result<Arc<dyn Tool>, AssemblyError> {
    match tool {
        "calculator" => Ok(Arc::new(Calculator::new())),
        "current_time" => Ok(Arc::new(CurrentTime::new())),
        "http_get" => match HttpGet::new(config.http_get.clone()) {
            Ok(tool) => Ok(Arc::new(tool)),
            Err(source) => Err(AssemblyError::HttpGet { agent: agent.to_owned(), source }),
        },
        _ => Err(AssemblyError::UnknownTool {
            agent: agent.to_owned(),
            tool: tool.to_owned(),
            known: BUILT_IN_TOOLS.join(", "),
        }),
    }
}
