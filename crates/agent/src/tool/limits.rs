//! How far a tool call may go.

use std::time::Duration;

/// Bounds of one tool call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolLimits {
    /// How long it may take.
    pub timeout: Duration,
    /// How much of what it answers a model is shown, in bytes; the rest is cut off.
    pub max_output_bytes: usize,
}

impl Default for ToolLimits {
    /// Thirty seconds, 32 KiB.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), max_output_bytes: 32 << 10 }
    }
}
