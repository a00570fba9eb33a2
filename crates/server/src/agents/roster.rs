//! Which agents there are.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use indexmap::IndexMap;
use playhouse_agent::{Agent, AgentConfig};
use playhouse_llm::{Error, ErrorKind};

/// How a model name says that an agent is meant.
pub(crate) const MODEL_PREFIX: &str = "agent:";

/// The agents a server has, by name, in the order of the configuration.
#[derive(Clone, Default)]
pub struct Roster {
    agents: Arc<IndexMap<Arc<str>, Arc<ServedAgent>>>,
}

/// An agent that the server has.
pub struct ServedAgent {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// How it is configured.
    pub config: AgentConfig,
    /// The model it asks.
    pub model: Arc<str>,
    agent: RwLock<Result<Agent, Arc<str>>>,
}

impl Roster {
    /// These agents.
    pub fn new(agents: impl IntoIterator<Item = ServedAgent>) -> Self {
        let agents = agents.into_iter().map(|agent| (agent.name.clone(), Arc::new(agent)));
        Self { agents: Arc::new(agents.collect()) }
    }

    /// The agents, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ServedAgent>> {
        self.agents.values()
    }

    /// The agent of this name.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<ServedAgent>, Error> {
        self.agents.get(name).cloned().ok_or_else(|| self.unknown(name))
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
    /// An agent that is ready.
    pub fn ready(name: impl Into<Arc<str>>, config: AgentConfig, model: Arc<str>, agent: Agent) -> Self {
        Self { name: name.into(), config, model, agent: RwLock::new(Ok(agent)) }
    }

    /// An agent that lacks something yet, and why.
    pub fn waiting(
        name: impl Into<Arc<str>>,
        config: AgentConfig,
        model: Arc<str>,
        reason: impl Into<Arc<str>>,
    ) -> Self {
        Self { name: name.into(), config, model, agent: RwLock::new(Err(reason.into())) }
    }

    /// What it lacked is there, or something else is missing.
    pub fn set(&self, agent: Result<Agent, Arc<str>>) {
        *self.agent.write().unwrap_or_else(PoisonError::into_inner) = agent;
    }

    /// The agent, if it is ready.
    pub(crate) fn agent(&self) -> Result<Agent, Error> {
        let agent = self.agent.read().unwrap_or_else(PoisonError::into_inner);
        agent.clone().map_err(|reason| {
            let message = format!("the agent '{}' is not ready: {reason}; try again shortly", self.name);
            Error::new(ErrorKind::Overloaded, message).retry_after(Duration::from_secs(5))
        })
    }
}
