//! What the control API needs of the engine.

use std::path::PathBuf;
use std::sync::Arc;

use playhouse_llm::Error;
use serde::Serialize;
use serde_json::Value;

use super::reset::Reset;
use crate::journal::Journal;
use crate::verify::RuleState;

/// What the control API works on. Every method is quick: waiting is done outside.
pub trait Control: Send + Sync + 'static {
    /// Takes a script in place of the one there is; one that cannot be used changes nothing.
    ///
    /// # Errors
    /// All that is wrong with it.
    fn put_script(&self, scope: Scope<'_>, source: ScriptSource<'_>)
    -> Result<ScriptAccepted, ScriptRefused>;

    /// Adds rules (a JSON list of them) behind those that a namespace uses; what was counted stays.
    ///
    /// # Errors
    /// All that is wrong with them.
    fn add_rules(&self, namespace: &str, rules: &str) -> Result<ScriptAccepted, ScriptRefused>;

    /// The script of the server, or the one that a namespace uses; none where there is none.
    fn script(&self, scope: Scope<'_>) -> Option<ScriptInfo>;

    /// What is wrong with the server's files as they are now; empty where nothing is.
    fn problems(&self) -> Vec<Value>;

    /// The namespaces that were used.
    fn namespaces(&self) -> Vec<NamespaceState>;

    /// The journal of a namespace; it stays the same until the namespace is deleted.
    ///
    /// # Errors
    /// When a name is none, or there are too many namespaces.
    fn journal(&self, namespace: &str) -> Result<Arc<Journal>, Error>;

    /// How far the rules are that a namespace uses.
    fn rules(&self, namespace: &str) -> Vec<RuleState>;

    /// Begins a namespace anew, or all of them.
    fn reset(&self, scope: Scope<'_>, what: Reset);

    /// Forgets a namespace; says whether there was one.
    fn delete(&self, namespace: &str) -> bool;
}

/// Whom something concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// The server: every namespace.
    Server,
    /// This namespace.
    Namespace(&'a str),
}

/// A script as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptSource<'a> {
    /// Its text.
    pub text: &'a str,
    /// What it says it is written in; without it, YAML.
    pub content_type: Option<&'a str>,
    /// Where relative fixtures are; without it, where the double was started.
    pub folder: Option<PathBuf>,
}

/// A script that is used from now on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScriptAccepted {
    /// How many rules it has.
    pub rules: usize,
    /// What is odd about it, each with its `message`, `line` and `column`.
    pub warnings: Vec<Value>,
}

/// A script that cannot be used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScriptRefused {
    /// Everything that is wrong with it, as a person reads it.
    pub text: String,
    /// What is wrong, each with its `message`, `line` and `column`.
    pub problems: Vec<Value>,
}

/// A script that is used.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScriptInfo {
    /// Where it comes from.
    pub origin: Origin,
    /// Its rules, and how far they are; for the server's script only their names.
    pub rules: Vec<RuleState>,
    /// What is wrong with the server's files as they are now; empty where nothing is.
    pub problems: Vec<Value>,
}

/// Where a script comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The server was started with it.
    #[default]
    Files,
    /// It was put over the control API, for every namespace.
    ControlApi,
    /// The namespace has it for itself.
    Namespace,
}

/// A namespace that was used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceState {
    /// Its name.
    pub name: String,
    /// Whether it has a script of its own.
    pub has_script: bool,
    /// The state that its script is in.
    pub state: Option<Arc<str>>,
}
