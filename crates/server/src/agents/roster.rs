//! Which agents there are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;
use playhouse_agent::mcp::McpServer;
use playhouse_agent::{Agent, AgentConfig};
use playhouse_llm::{Error, ErrorKind};

use super::assembly::{self, Servers, servers_of};

/// How a model name says that an agent is meant.
pub(crate) const MODEL_PREFIX: &str = "agent:";

/// The agents a server has, by name, in the order of the configuration.
#[derive(Clone, Default)]
pub struct Roster {
    agents: Arc<IndexMap<Arc<str>, Arc<ServedAgent>>>,
}

/// An agent that the server has.
pub(crate) struct ServedAgent {
    pub(crate) name: Arc<str>,
    pub(crate) config: AgentConfig,
    /// The model it asks.
    pub(crate) model: Arc<str>,
    state: Mutex<State>,
}

struct State {
    agent: Agent,
    /// The servers of its tools that are there.
    servers: Servers,
    /// Which of their tools the agent was made with.
    revision: u64,
    /// Why servers are missing, or their tools of no use.
    excuse: Option<String>,
}

impl Roster {
    pub(super) fn new(agents: impl IntoIterator<Item = ServedAgent>) -> Self {
        let agents = agents.into_iter().map(|agent| (agent.name.clone(), Arc::new(agent)));
        Self { agents: Arc::new(agents.collect()) }
    }

    /// The agents, in the order of the configuration.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<ServedAgent>> {
        self.agents.values()
    }

    /// The agent of this name.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<ServedAgent>, Error> {
        self.agents.get(name).cloned().ok_or_else(|| self.unknown(name))
    }

    /// Whether an agent has tools of this server.
    pub(super) fn needs_server(&self, server: &str) -> bool {
        self.having(server).next().is_some()
    }

    /// A server is there.
    pub(super) fn bring(&self, name: &str, server: &Arc<McpServer>) {
        self.having(name).for_each(|agent| agent.take_server(name, server));
    }

    /// A server is not there, and why.
    pub(super) fn excuse(&self, name: &str, reason: &str) {
        self.having(name).for_each(|agent| agent.lock().excuse = Some(reason.to_owned()));
    }

    fn having(&self, server: &str) -> impl Iterator<Item = &Arc<ServedAgent>> {
        self.iter().filter(move |agent| servers_of(&agent.config).any(|name| name == server))
    }

    fn unknown(&self, name: &str) -> Error {
        let names: Vec<&str> = self.agents.keys().map(|name| &**name).collect();
        let message = match names.is_empty() {
            true => format!("there is no agent '{name}'; none is configured, add a section [agents.{name}]"),
            false => format!("there is no agent '{name}'; there are: {}", names.join(", ")),
        };
        Error::new(ErrorKind::NotFound, message)
    }
}

impl ServedAgent {
    /// An agent that has the tools whose servers are there: none yet.
    pub(super) fn new(name: &str, config: AgentConfig, model: Arc<str>, agent: Agent) -> Self {
        let state = State { agent, servers: Servers::new(), revision: 0, excuse: None };
        Self { name: Arc::from(name), config, model, state: Mutex::new(state) }
    }

    /// The agent, if all of its tools are there.
    pub(crate) fn agent(&self) -> Result<Agent, Error> {
        let state = self.lock();
        let missing = servers_of(&self.config).find(|server| !state.servers.contains_key(*server));
        let reason = match (missing, &state.excuse) {
            (None, None) => return Ok(state.agent.clone()),
            (_, Some(excuse)) => excuse.clone(),
            (Some(server), None) => format!("the MCP server '{server}' is being started"),
        };
        let message = format!("the agent '{}' is not ready: {reason}", self.name);
        Err(Error::new(ErrorKind::Overloaded, message).retry_after(Duration::from_secs(5)))
    }

    /// The agent with its servers' tools as they are now.
    pub(crate) async fn current(&self) -> Result<Agent, Error> {
        let servers: Vec<Arc<McpServer>> = self.lock().servers.values().cloned().collect();
        for server in &servers {
            // One that is down is told of when its tools are called.
            let _ = server.refresh().await;
        }
        let revision = revision_of(&servers);
        let is_older = self.lock().revision != revision;
        if is_older {
            self.assemble(revision);
        }
        self.agent()
    }

    fn take_server(&self, name: &str, server: &Arc<McpServer>) {
        let revision = {
            let mut state = self.lock();
            state.servers.insert(name.to_owned(), server.clone());
            state.excuse = None;
            revision_of(state.servers.values())
        };
        self.assemble(revision);
    }

    fn assemble(&self, revision: u64) {
        let mut state = self.lock();
        match assembly::agent(&self.name, &self.config, &self.model, &state.servers) {
            Ok(agent) => (state.agent, state.revision, state.excuse) = (agent, revision, None),
            Err(error) => state.excuse = Some(error.to_string()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts up with every change of any of the servers' tools.
fn revision_of<'a>(servers: impl IntoIterator<Item = &'a Arc<McpServer>>) -> u64 {
    servers.into_iter().map(|server| server.revision()).sum()
}
