//! The script format: what the double shall answer to what.
//!
//! A script is a list of [`Rule`]s, tried in order; the first that matches answers. Everything here
//! is what can be written in a file (YAML, JSON or TOML), and what a Rust test builds in code.
//!
//! In reading order: [`rule`] → [`when`] → [`reply`] → [`pace`] → [`fault`] → [`chaos`] → [`quota`].
//! A file becomes these types in [`load()`]: a tree of values with their places (`read`), types
//! (`decode`), what does not go together (`review`). [`Watch`] loads again when files change.

pub mod chaos;
mod decode;
pub mod fault;
mod load;
pub mod pace;
pub mod quota;
mod read;
pub mod reply;
mod review;
pub mod rule;
mod schema;
mod short_form;
mod watch;
pub mod when;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub use chaos::Chaos;
pub use fault::{FaultKind, FaultSpec};
pub use load::{
    Excerpt, Format, LoadFailure, Loaded, Place, Places, Position, ScriptProblem, Severity, load, parse,
    parse_within,
};
pub use pace::{PaceSpec, Wait};
pub use quota::Quota;
pub use reply::{RawReply, Reply, ToolCallReply, UsageSpec};
pub use rule::{Rule, Sequence, Then};
pub use schema::json_schema;
pub use watch::Watch;
pub use when::{CallMatch, MessageMatch, OneOrMany, TextMatch, ToolResultMatch, When};

/// A whole script: rules, and what holds for all of them.
///
/// ```
/// use playhouse_mock::script::{Rule, Script};
///
/// let script = Script::default().rule(Rule::reply("Hello!"));
/// assert_eq!(script.rules.len(), 1);
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// How requests that a vendor would refuse are treated; without it, as the server was started.
    pub strict: Option<Strictness>,
    /// What everything that is drawn is drawn from; 0 where it is not said.
    pub seed: Option<u64>,
    /// Model names that are known beside the vendors' own.
    pub models: Vec<String>,
    /// The API keys that are taken; without any, every key is.
    pub api_keys: Vec<String>,
    /// How fast answers come, where a rule does not say.
    pub pace: Option<PaceSpec>,
    /// Faults over everything, at random but repeatable.
    pub chaos: Option<Chaos>,
    /// How much may be asked in a minute.
    pub quota: Option<Quota>,
    /// Values that templates can name.
    pub vars: BTreeMap<String, Value>,
    /// What to answer to what; the first that matches does.
    pub rules: Vec<Rule>,
}

impl Script {
    /// The same script with one more rule at its end.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }
}

/// How requests that a vendor would refuse are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strictness {
    /// They are refused as the vendor does.
    #[default]
    On,
    /// They are answered, and reported in the log and the journal.
    Warn,
    /// Nobody looks.
    Off,
}
