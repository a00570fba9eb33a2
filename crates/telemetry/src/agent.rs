//! What is told of an agent's run: log lines and spans.
//!
//! Arguments and outputs of tools hold what users said. They are in the lines only where capture is
//! switched on, and in no span.

use std::collections::HashMap;

use tracing::Span;

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

/// The spans of a run, under the names of OpenTelemetry's GenAI conventions: `invoke_agent`, and in it
/// `chat` for each step and `execute_tool` for each tool call.
///
/// A span lasts from where it is begun to where it is ended; what still lasts ends with the run.
///
/// Source: <https://github.com/open-telemetry/semantic-conventions-genai>.
#[derive(Debug)]
pub struct RunSpans {
    run: Span,
    chat: Option<Span>,
    tools: HashMap<String, Span>,
}

impl RunSpans {
    /// Begins the span of a run.
    pub fn begin(agent: &str, run_id: &str, session_id: Option<&str>) -> Self {
        let run = tracing::info_span!(
            target: "playhouse::trace",
            "invoke_agent",
            otel.name = format!("invoke_agent {agent}"),
            otel.kind = "internal",
            gen_ai.operation.name = "invoke_agent",
            gen_ai.agent.name = agent,
            gen_ai.conversation.id = session_id,
            playhouse.run.id = run_id,
            gen_ai.usage.input_tokens = tracing::field::Empty,
            gen_ai.usage.output_tokens = tracing::field::Empty,
            "error.type" = tracing::field::Empty,
        );
        Self { run, chat: None, tools: HashMap::new() }
    }

    /// Begins the span of a step: the model is asked.
    pub fn begin_step(&mut self, model: &str) {
        self.chat = Some(tracing::info_span!(
            target: "playhouse::trace",
            parent: &self.run,
            "chat",
            otel.name = format!("chat {model}"),
            otel.kind = "client",
            gen_ai.operation.name = "chat",
            gen_ai.request.model = model,
            gen_ai.response.model = tracing::field::Empty,
            gen_ai.usage.input_tokens = tracing::field::Empty,
            gen_ai.usage.output_tokens = tracing::field::Empty,
        ));
    }

    /// Ends the span of a step: the model has answered.
    pub fn end_step(&mut self, model_served: &str, usage: Option<&playhouse_llm::Usage>) {
        let Some(chat) = self.chat.take() else { return };
        chat.record("gen_ai.response.model", model_served);
        if let Some(usage) = usage {
            record_usage(&chat, usage);
        }
    }

    /// Begins the span of a tool call.
    pub fn begin_tool(&mut self, tool: &str, call_id: &str) {
        let span = tracing::info_span!(
            target: "playhouse::trace",
            parent: &self.run,
            "execute_tool",
            otel.name = format!("execute_tool {tool}"),
            otel.kind = "internal",
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = tool,
            gen_ai.tool.call.id = call_id,
            "gen_ai.tool.type" = "function",
            "error.type" = tracing::field::Empty,
        );
        self.tools.insert(call_id.to_owned(), span);
    }

    /// Ends the span of a tool call.
    pub fn end_tool(&mut self, call_id: &str, success: bool) {
        let span = self.tools.remove(call_id);
        if let Some(span) = span.filter(|_| !success) {
            span.record("error.type", "tool_error");
        }
    }

    /// Ends the span of the run.
    pub fn end(self, usage: &playhouse_llm::Usage, error: Option<&str>) {
        record_usage(&self.run, usage);
        if let Some(error) = error {
            self.run.record("error.type", error);
        }
    }
}

fn record_usage(span: &Span, usage: &playhouse_llm::Usage) {
    span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
    span.record("gen_ai.usage.output_tokens", usage.completion_tokens);
}
