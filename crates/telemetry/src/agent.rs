//! The log lines of an agent's run.
//!
//! Arguments and outputs of tools hold what users said. They are in the lines only where capture is
//! switched on.

use crate::lines::rounded;

/// The target of the lines.
macro_rules! run_line {
    ($level:ident, $line:expr, $message:literal) => {
        crate::__event!(
            $level,
            target: "playhouse::agent",
            run_id = $line.run_id,
            agent = $line.agent,
            status = $line.status,
            steps = $line.steps,
            duration_ms = rounded($line.duration_ms, 1e3),
            total_tokens = $line.total_tokens,
            cost_usd = $line.cost_usd.map(|cost_usd| rounded(cost_usd, 1e9)),
            error = $line.error,
            $message
        )
    };
}

/// A step of a run: the model has answered.
#[derive(Clone, Copy, Debug)]
pub struct StepLine<'a> {
    /// The run.
    pub run_id: &'a str,
    /// The agent, as it is configured.
    pub agent: &'a str,
    /// The step, from 1.
    pub step: u32,
    /// The model that answered, as it names itself.
    pub model: &'a str,
    /// How many tools it called.
    pub tool_calls: usize,
    /// From asking the model to the end of its answer, in milliseconds.
    pub duration_ms: f64,
    /// Tokens of the step.
    pub total_tokens: Option<u64>,
    /// What the answer cost, where a price is known.
    pub cost_usd: Option<f64>,
}

/// A tool call of a run that has ended.
#[derive(Clone, Copy, Debug)]
pub struct ToolCallLine<'a> {
    /// The run.
    pub run_id: &'a str,
    /// The agent, as it is configured.
    pub agent: &'a str,
    /// The step, from 1.
    pub step: u32,
    /// The tool.
    pub tool: &'a str,
    /// The id of the call.
    pub call_id: &'a str,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// Whether the tool did what it was asked.
    pub success: bool,
    /// What it was called with, where that may be logged.
    pub arguments: Option<&'a str>,
    /// What came of it, where that may be logged.
    pub result: Option<&'a str>,
}

/// A run that has ended.
#[derive(Clone, Copy, Debug)]
pub struct RunLine<'a> {
    /// The run.
    pub run_id: &'a str,
    /// The agent, as it is configured.
    pub agent: &'a str,
    /// How it ended.
    pub status: &'a str,
    /// How many steps it took.
    pub steps: usize,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// Tokens of all steps together.
    pub total_tokens: u64,
    /// What it cost, where prices are known.
    pub cost_usd: Option<f64>,
    /// The kind of failure, if the model's failure ended it.
    pub error: Option<&'a str>,
}

impl StepLine<'_> {
    /// Writes the line.
    pub fn log(&self) {
        crate::info!(
            target: "playhouse::agent",
            run_id = self.run_id,
            agent = self.agent,
            step = self.step,
            model = self.model,
            tool_calls = self.tool_calls,
            duration_ms = rounded(self.duration_ms, 1e3),
            total_tokens = self.total_tokens,
            cost_usd = self.cost_usd.map(|cost_usd| rounded(cost_usd, 1e9)),
            "Agent step completed"
        );
    }
}

impl ToolCallLine<'_> {
    /// Writes the line.
    pub fn log(&self) {
        crate::info!(
            target: "playhouse::agent",
            run_id = self.run_id,
            agent = self.agent,
            step = self.step,
            tool = self.tool,
            call_id = self.call_id,
            duration_ms = rounded(self.duration_ms, 1e3),
            success = self.success,
            arguments = self.arguments,
            result = self.result,
            "Tool call completed"
        );
    }
}

impl RunLine<'_> {
    /// Writes the line: completed and cancelled runs as INFO, those a bound ended as WARN, failed ones
    /// as ERROR.
    pub fn log(&self) {
        match self.status {
            "completed" => run_line!(INFO, self, "Agent run completed"),
            "cancelled" => run_line!(INFO, self, "Agent run cancelled"),
            "failed" => run_line!(ERROR, self, "Agent run failed"),
            _ => run_line!(WARN, self, "Agent run ended at a bound"),
        }
    }
}
