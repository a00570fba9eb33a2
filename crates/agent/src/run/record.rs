//! What is kept of a step.

use playhouse_llm::{FinishReason, Message, ToolCall, Usage};
use serde::{Deserialize, Serialize};

use crate::tool::ToolResult;

/// A step: what the model said, and what came of the tools it called.
///
/// A run can be gone through again from its steps ([`Machine::replay`](super::Machine::replay)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Its number, from 1.
    pub step: u32,
    /// What the model said.
    pub said: Message,
    /// What it thought aloud.
    pub thought: Option<String>,
    /// The tools it called.
    pub calls: Vec<ToolCall>,
    /// What came of them, in the order they were called; not there yet for those that still run.
    pub outcomes: Vec<ToolOutcome>,
    /// The model that answered, as it names itself.
    pub model: String,
    /// Why it stopped.
    pub finish_reason: Option<FinishReason>,
    /// Token counts, where the provider sent them.
    pub usage: Option<Usage>,
    /// What the model's answer cost, where a price is known.
    pub cost_usd: Option<f64>,
    /// From asking the model to the end of its answer, in milliseconds.
    pub duration_ms: f64,
}

/// What came of one tool call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolOutcome {
    /// The id of the call.
    pub call_id: String,
    /// The tool.
    pub tool: String,
    /// What came of it.
    pub result: ToolResult,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
}
