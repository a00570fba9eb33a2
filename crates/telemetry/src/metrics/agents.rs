//! What an agent's run adds to the metrics.

use super::families::Families;
use super::seconds;

/// The name of tools that there are not: a model may call anything.
const UNKNOWN_TOOL: &str = "unknown";
/// The `error_type` of a tool call that failed.
const TOOL_ERROR: &str = "tool_error";

/// A run that has ended, for the metrics.
#[derive(Clone, Copy, Debug)]
pub struct RunSample<'a> {
    /// The agent, as it is configured.
    pub agent: &'a str,
    /// How it ended.
    pub status: &'static str,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
}

/// A tool call that has ended, for the metrics.
#[derive(Clone, Copy, Debug)]
pub struct ToolCallSample<'a> {
    /// The tool; `None` for one that there is not.
    pub tool: Option<&'a str>,
    /// Whether it did what it was asked.
    pub success: bool,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
}

impl RunSample<'_> {
    pub(super) fn observe(&self, families: &Families) {
        let error_type = if self.status == "completed" { "" } else { self.status };
        families.agent_runs.with_label_values(&[self.agent, self.status]).inc();
        let duration = families.agent_duration.with_label_values(&[self.agent, error_type]);
        duration.observe(seconds(self.duration_ms));
    }
}

impl ToolCallSample<'_> {
    pub(super) fn observe(&self, families: &Families) {
        let tool = self.tool.unwrap_or(UNKNOWN_TOOL);
        let (outcome, error_type) = if self.success { ("ok", "") } else { ("error", TOOL_ERROR) };
        families.tool_calls.with_label_values(&[tool, outcome]).inc();
        families.tool_duration.with_label_values(&[tool, error_type]).observe(seconds(self.duration_ms));
    }
}
