//! What is stored of a run, and what is read of it when it goes on.

use std::sync::Arc;

use playhouse_agent::{Run, StepRecord, ToolOutcome, ToolResult};
use playhouse_store::{FinishRun, RunStep, StoredStep, StoredTool, ToolEnd};

/// A step, as it is stored before its tools run.
pub(super) fn step(record: &StepRecord) -> RunStep {
    RunStep {
        number: record.step,
        at_us: jiff::Timestamp::now().as_microsecond(),
        said: record.said.clone(),
        thought: record.thought.clone(),
        calls: record.calls.clone(),
        model: Arc::from(record.model.as_str()),
        finish_reason: record.finish_reason.clone(),
        usage: record.usage.clone(),
        cost_usd: record.cost_usd,
        duration_ms: record.duration_ms,
    }
}

/// What came of a tool, as it is stored.
pub(super) fn tool_end(outcome: &ToolOutcome) -> ToolEnd {
    ToolEnd {
        call_id: Arc::from(outcome.call_id.as_str()),
        tool: Arc::from(outcome.tool.as_str()),
        success: outcome.result.success,
        output: outcome.result.output.clone(),
        error: outcome.result.error.clone(),
        duration_ms: outcome.duration_ms,
        now_us: jiff::Timestamp::now().as_microsecond(),
    }
}

/// How a run ended, as it is stored.
pub(super) fn finish(run_id: &Arc<str>, run: &Run) -> FinishRun {
    FinishRun {
        run_id: run_id.clone(),
        now_us: jiff::Timestamp::now().as_microsecond(),
        status: Arc::from(run.status.as_str()),
        answer: run.answer.clone(),
        reason: run.reason.clone(),
        error: run.error.as_ref().map(|error| Arc::from(error.kind.as_str())),
        usage: run.usage.clone(),
        cost_usd: run.cost_usd,
        duration_ms: run.duration_ms,
    }
}

/// A stored step, as a run goes on from it.
pub(super) fn replayed(stored: StoredStep) -> StepRecord {
    let StoredStep { step, tools } = stored;
    StepRecord {
        step: step.number,
        said: step.said,
        thought: step.thought,
        calls: step.calls,
        outcomes: tools.into_iter().map(outcome).collect(),
        model: step.model.to_string(),
        finish_reason: step.finish_reason,
        usage: step.usage,
        cost_usd: step.cost_usd,
        duration_ms: step.duration_ms,
    }
}

fn outcome(stored: StoredTool) -> ToolOutcome {
    let StoredTool { call_id, tool, success, output, error, duration_ms, .. } = stored;
    ToolOutcome {
        call_id: call_id.to_string(),
        tool: tool.to_string(),
        result: ToolResult { success, output, error },
        duration_ms,
    }
}
