//! How far a run may go.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::tool::ToolLimits;

/// Bounds of a run. Reaching one ends it with a status that says which.
///
/// ```
/// assert_eq!(playhouse_agent::Bounds::default().max_steps, 10);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bounds {
    /// How often the model is asked. Default: 10.
    pub max_steps: u32,
    /// Tokens of all steps together; 0 for any number. Default: 0.
    pub max_tokens: u64,
    /// What all steps together may cost, in US dollars, as far as prices are known; 0 for any sum. Default: 0.
    pub max_cost_usd: f64,
    /// How long a run may take, in milliseconds. Default: 300000.
    pub max_duration_ms: u64,
    /// How long a tool may take, in milliseconds. Default: 30000.
    pub tool_timeout_ms: u64,
    /// How much of a tool's output the model is shown, in bytes. Default: 32768.
    pub max_tool_output_bytes: usize,
    /// How often a tool may be called with the same arguments. Default: 3.
    pub max_repeated_calls: u32,
    /// How many tools the model may call in one step. Default: 32.
    pub max_calls_per_step: usize,
    /// How many of them run at the same time. Default: 16.
    pub max_parallel_tools: usize,
    /// How often in a row a reply may be one that cannot be understood. Default: 3.
    pub max_unclear_replies: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_steps: 10,
            max_tokens: 0,
            max_cost_usd: 0.0,
            max_duration_ms: 300_000,
            tool_timeout_ms: 30_000,
            max_tool_output_bytes: 32 << 10,
            max_repeated_calls: 3,
            max_calls_per_step: 32,
            max_parallel_tools: 16,
            max_unclear_replies: 3,
        }
    }
}

impl Bounds {
    /// What holds for each tool call.
    pub fn tool_limits(&self) -> ToolLimits {
        ToolLimits {
            timeout: Duration::from_millis(self.tool_timeout_ms),
            max_output_bytes: self.max_tool_output_bytes,
        }
    }
}
