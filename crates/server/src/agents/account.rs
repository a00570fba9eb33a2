//! What is logged and counted of a run.

use std::sync::Arc;

use playhouse_agent::{Run, RunEvent, RunStatus, StepRecord, ToolOutcome, ToolRegistry};
use playhouse_telemetry::metrics::{RunSample, ToolCallSample};
use playhouse_telemetry::{Metrics, RunLine, RunSpans, StepLine, ToolCallLine};

/// The account of one run.
pub(super) struct RunAccount {
    pub(super) metrics: Arc<Metrics>,
    pub(super) run_id: Arc<str>,
    pub(super) agent: Arc<str>,
    /// Which names are those of tools: a model may call anything.
    pub(super) tools: Arc<ToolRegistry>,
    /// Whether arguments and outputs may be logged.
    pub(super) capture: bool,
    pub(super) spans: Option<RunSpans>,
    /// The calls of the step, whose arguments are wanted when they have ended.
    pub(super) arguments: Vec<(String, String)>,
}

impl RunAccount {
    /// Takes note of what happened.
    pub(super) fn note(&mut self, event: &RunEvent) {
        match event {
            RunEvent::StepBegan { .. } => self.arguments.clear(),
            RunEvent::StepEnded(record) => self.end_step(record),
            RunEvent::ToolBegan { call, .. } => {
                self.spans.iter_mut().for_each(|spans| {
                    spans.begin_tool(&call.name, &call.id, &call.arguments);
                });
                if self.capture {
                    self.arguments.push((call.id.clone(), call.arguments.clone()));
                }
            }
            RunEvent::ToolEnded { step, outcome } => self.end_tool(*step, outcome),
            RunEvent::Done(run) => self.end(run),
            RunEvent::Thought { .. } | RunEvent::Delta { .. } => {}
        }
    }

    fn end_step(&mut self, record: &StepRecord) {
        self.metrics.observe_step(&self.agent);
        let line = StepLine {
            run_id: &self.run_id,
            agent: &self.agent,
            step: record.step,
            model: &record.model,
            tool_calls: record.calls.len(),
            duration_ms: record.duration_ms,
            total_tokens: record.usage.as_ref().map(|usage| usage.total_tokens),
            cost_usd: record.cost_usd,
        };
        line.log();
    }

    fn end_tool(&mut self, step: u32, outcome: &ToolOutcome) {
        let success = outcome.result.success;
        let tool = Some(&*outcome.tool).filter(|tool| self.tools.get(tool).is_some());
        let duration_ms = outcome.duration_ms;
        self.metrics.observe_tool_call(&ToolCallSample { tool, success, duration_ms });
        if let Some(spans) = &mut self.spans {
            spans.end_tool(&outcome.call_id, success, || outcome.result.text());
        }
        let called = self.arguments.iter().find(|(id, _)| *id == outcome.call_id);
        let result = self.capture.then(|| outcome.result.text());
        let line = ToolCallLine {
            run_id: &self.run_id,
            agent: &self.agent,
            step,
            tool: tool.unwrap_or("unknown"),
            call_id: &outcome.call_id,
            duration_ms,
            success,
            arguments: called.map(|(_, arguments)| &**arguments),
            result: result.as_deref(),
        };
        line.log();
    }

    fn end(&mut self, run: &Run) {
        let status = run.status.as_str();
        self.metrics.observe_run(&RunSample { agent: &self.agent, status, duration_ms: run.duration_ms });
        if let Some(spans) = self.spans.take() {
            spans.end(&run.usage, Some(status).filter(|_| run.status != RunStatus::Completed));
        }
        let line = RunLine {
            run_id: &self.run_id,
            agent: &self.agent,
            status,
            steps: run.steps.len(),
            duration_ms: run.duration_ms,
            total_tokens: run.usage.total_tokens,
            cost_usd: run.cost_usd,
            error: run.error.as_ref().map(|error| error.kind.as_str()),
        };
        line.log();
    }
}
