//! The configuration: `playhouse.toml`, then the environment, then flags.
//!
//! In reading order: [`tree`] holds what was said and where; [`file`], [`variables`], [`vendors`]
//! and [`flags`] fill it; [`decode`] gives it types; [`review`] says what does not go together;
//! [`show`] prints the result; [`explain`] turns faults into [`problem`]s, and [`report`] writes those.

mod address;
mod decode;
mod excerpt;
mod explain;
mod fault;
mod file;
mod flags;
mod listen;
mod opentelemetry;
mod problem;
mod report;
mod review;
mod secret_file;
mod show;
mod source;
mod suggest;
mod tree;
mod variables;
mod vendors;

use indexmap::IndexMap;
use playhouse_agent::AgentConfig;
use playhouse_agent::mcp::McpServerConfig;
use playhouse_provider::{
    BreakerConfig, CacheConfig, ModelConfig, PriceConfig, ProviderConfig, UpstreamConfig,
};
use playhouse_server::{AuthConfig, ChatConfig, ServerConfig};
use playhouse_store::StoreConfig;
use playhouse_store::shared::{RedisConfig, SharedConfig};
use playhouse_telemetry::{LoggingConfig, TelemetryConfig};
use serde::{Deserialize, Serialize};

pub(crate) use address::{is_any, split as split_address};
pub use flags::Flags;
pub use problem::Problem;
pub use report::Problems;

use self::decode::Decoder;
use self::explain::{Schema, explain};
use self::fault::{Fault, Reason};
use self::source::Source;
use self::tree::{Node, Origin};
use crate::environment::Environment;

/// The section that says where a server is.
const SERVER: &str = "server";
/// The section that says where its data are.
const STORE: &str = "store";

/// Everything that can be configured, a section each.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `[server]`: where it listens, where its files are, what it bounds.
    pub server: ServerConfig,
    /// `[auth]`: who may call.
    pub auth: AuthConfig,
    /// `[providers.<name>]`: the places that answer. The first is the default.
    pub providers: IndexMap<String, ProviderConfig>,
    /// `[models.<alias>]`: model names of one's own.
    pub models: IndexMap<String, ModelConfig>,
    /// `[upstream]`: how every provider is asked.
    pub upstream: UpstreamConfig,
    /// `[breaker]`: when a deployment that fails is left alone.
    pub breaker: BreakerConfig,
    /// `[cache]`: answers that are kept and given again.
    pub cache: CacheConfig,
    /// `[prices."provider/model"]`: what models cost, above the table that ships.
    pub prices: IndexMap<String, PriceConfig>,
    /// `[chat]`: the native chat.
    pub chat: ChatConfig,
    /// `[agents.<name>]`: models that may call tools in a loop.
    pub agents: IndexMap<String, AgentConfig>,
    /// `[mcp.<name>]`: servers of tools that speak the Model Context Protocol.
    pub mcp: IndexMap<String, McpServerConfig>,
    /// `[store]`: sessions and call records.
    pub store: StoreConfig,
    /// `[redis]`: what replicas share.
    pub redis: RedisConfig,
    /// `[shared]`: how much of that is kept.
    pub shared: SharedConfig,
    /// `[logging]`: logs.
    pub logging: LoggingConfig,
    /// `[telemetry]`: traces and metrics over OTLP.
    pub telemetry: TelemetryConfig,
}

/// What a configuration is wanted for, which decides what it must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To serve with real providers.
    Serve,
    /// To serve with the test double as the only provider.
    Demo,
    /// To find the address of a server: no other section than `[server]` is looked at.
    Find,
    /// To find the data of a server: no other sections than `[server]` and `[store]` are looked at.
    FindData,
}

/// A configuration that can be used, and where it is from.
#[derive(Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// What is not wrong but worth knowing.
    pub notices: Vec<String>,
    tree: Node,
    file: Option<Source>,
}

impl Loaded {
    /// The whole configuration as TOML, each value with where it is from, secrets hidden.
    pub fn to_toml(&self) -> String {
        show::to_toml(self)
    }
}

/// Reads the configuration from the file, the environment and the flags.
///
/// ```
/// use playhouse_cli::Environment;
/// use playhouse_cli::config::{Flags, Purpose, load};
///
/// let variables = [("OPENAI_API_KEY", "sk-1"), ("PLAYHOUSE_UPSTREAM__RETRIES", "0")];
/// let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
/// let environment = Environment::from_iter(variables);
///
/// let loaded = load(&Flags::default(), &environment, Purpose::Serve)?;
/// assert_eq!(loaded.config.upstream.retries, 0);
/// assert_eq!(loaded.config.providers["openai"].vendor, "openai");
/// # Ok::<(), playhouse_cli::config::Problems>(())
/// ```
///
/// # Errors
/// Everything that is wrong with it, not only the first.
pub fn load(flags: &Flags, environment: &Environment, purpose: Purpose) -> Result<Loaded, Problems> {
    let file = file::find(flags.config.as_deref(), environment).map_err(Problems::one)?;
    let parsed = match &file {
        Some(source) => file::parse(source),
        None => Ok(Node::section(Origin::File(0..0))),
    };
    let mut tree = match parsed {
        Ok(tree) => tree,
        Err(problem) => return Err(Problems { list: vec![problem], file }),
    };
    let mut problems = Vec::new();
    merge(&mut tree, flags, environment, purpose, &mut problems);
    let config = give_types(&tree, &mut problems);
    review_rest(&config, &tree, purpose, &mut problems);
    if problems.is_empty() {
        let notices = review::notices(&config, purpose);
        return Ok(Loaded { config, notices, tree, file });
    }
    let mut problems = Problems { list: problems, file };
    problems.sort();
    Err(problems)
}

/// Lays the environment and the flags over the file.
fn merge(
    tree: &mut Node,
    flags: &Flags,
    environment: &Environment,
    purpose: Purpose,
    problems: &mut Vec<Problem>,
) {
    variables::apply(tree, environment, problems);
    opentelemetry::apply(tree, environment, problems);
    match purpose {
        Purpose::Demo => {
            ["providers", "models", "redis"].iter().for_each(|section| tree.remove(&[section]));
            // What is only tried out does not belong among real sessions.
            tree.remove(&[STORE, "database_url"]);
        }
        Purpose::Serve => vendors::apply(tree, environment, problems),
        Purpose::Find => narrow(tree, problems, &[SERVER]),
        Purpose::FindData => narrow(tree, problems, &[SERVER, STORE]),
    }
    flags.apply(tree);
    listen::settle(tree, environment, problems);
}

/// Leaves these sections: whoever only looks for the server may not be allowed to read its secrets.
fn narrow(tree: &mut Node, problems: &mut Vec<Problem>, sections: &[&str]) {
    tree.keep(sections);
    problems.retain(|problem| problem.subject().first().is_none_or(|section| sections.contains(&&**section)));
}

/// Reads the tree into types; what does not fit is told of and left out.
fn give_types(tree: &Node, problems: &mut Vec<Problem>) -> Config {
    let schema = Schema::of(&Config::default());
    let mut rest = tree.clone();
    let mut left_out: Vec<Vec<String>> = Vec::new();
    loop {
        let fault = match Config::deserialize(Decoder(&rest)) {
            Ok(config) => return config,
            Err(fault) => fault,
        };
        if fault.path.is_empty() {
            problems.push(explain(&fault, tree, &schema));
            return Config::default();
        }
        if !follows_from(&fault, &left_out) {
            problems.push(explain(&fault, tree, &schema));
        }
        rest.remove(&fault.path);
        left_out.push(fault.path);
    }
}

/// Whether a key is only missing because it was left out before.
fn follows_from(fault: &Fault, left_out: &[Vec<String>]) -> bool {
    let Reason::MissingKey { key } = fault.reason else { return false };
    left_out
        .iter()
        .any(|path| path.split_last().is_some_and(|(last, rest)| last == key && rest == fault.path))
}

/// Adds what does not go together, except in sections that are not readable as they stand.
fn review_rest(config: &Config, tree: &Node, purpose: Purpose, problems: &mut Vec<Problem>) {
    let section = |path: &[String]| {
        let length = if matches!(
            path.first().map(String::as_str),
            Some("providers" | "models" | "prices" | "agents" | "mcp")
        ) {
            2
        } else {
            1
        };
        path[..length.min(path.len())].to_vec()
    };
    let unreadable: Vec<Vec<String>> = problems.iter().map(|problem| section(problem.subject())).collect();
    let found = review::review(config, tree, purpose);
    let is_known = |subject: &[String]| {
        let about = section(subject);
        unreadable
            .iter()
            .any(|other| !other.is_empty() && (other.starts_with(&about) || about.starts_with(other)))
    };
    problems.extend(
        found.into_iter().filter(|problem| problem.subject().is_empty() || !is_known(problem.subject())),
    );
}

#[cfg(test)]
mod tests;
