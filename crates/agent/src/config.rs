//! What can be configured of an agent.
//!
//! Plain data: who reads files and variables fills it in, and says what is wrong with it.

use serde::{Deserialize, Serialize};

use crate::run::Bounds;
use crate::strategy::StrategyKind;

/// `[agents.<name>]`: a model that may call tools in a loop.
///
/// ```
/// use playhouse_agent::{AgentConfig, StrategyKind};
///
/// assert_eq!(AgentConfig::default().strategy, StrategyKind::ToolCalling);
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// What it is for, for people. Default: nothing.
    pub description: Option<String>,
    /// The model it asks. Default: that of `[chat]`.
    pub model: Option<String>,
    /// How the model calls tools: `tool_calling` or `react`. Default: `tool_calling`.
    pub strategy: StrategyKind,
    /// What the model is told before every conversation. Default: nothing.
    pub instructions: Option<String>,
    /// The tools it has, by name. Default: none.
    pub tools: Vec<String>,
    /// What the tool `http_get` may ask; without hosts there is no such tool.
    #[cfg(feature = "http")]
    pub http_get: crate::tools::HttpGetConfig,
    /// How far a run may go.
    pub bounds: Bounds,
}
