//! Tools being run, several at once.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};
use playhouse_llm::ToolCall;
use tokio::time::Instant;

use super::{Bounds, ToolOutcome};
use crate::tool::{ToolLimits, ToolRegistry, ToolResult};

/// The tools of a step, running.
pub(super) struct ToolCalls {
    running: Pin<Box<dyn Stream<Item = (usize, ToolOutcome)> + Send>>,
    /// In the order of the calls.
    outcomes: Vec<Option<ToolOutcome>>,
    pub(super) started: Instant,
}

impl ToolCalls {
    /// Runs those of the calls whose outcome is not known already.
    pub(super) fn start(
        tools: &Arc<ToolRegistry>,
        bounds: &Bounds,
        calls: &[ToolCall],
        known: &[ToolOutcome],
    ) -> Self {
        let known = |call: &ToolCall| known.iter().find(|known| known.call_id == call.id).cloned();
        let outcomes: Vec<Option<ToolOutcome>> = calls.iter().map(known).collect();
        let missing = calls.iter().enumerate().filter(|(place, _)| outcomes[*place].is_none());
        let limits = bounds.tool_limits();
        let runs: Vec<_> =
            missing.map(|(place, call)| run(tools.clone(), place, call.clone(), limits)).collect();
        let running = stream::iter(runs).buffer_unordered(bounds.max_parallel_tools.max(1));
        Self { running: Box::pin(running), outcomes, started: Instant::now() }
    }

    /// The calls that run, of these.
    pub(super) fn missing<'a>(&'a self, calls: &'a [ToolCall]) -> impl Iterator<Item = &'a ToolCall> {
        calls.iter().zip(&self.outcomes).filter(|(_, outcome)| outcome.is_none()).map(|(call, _)| call)
    }

    /// The next outcome, in the order in which they end.
    pub(super) async fn next(&mut self) -> Option<ToolOutcome> {
        let (place, outcome) = self.running.next().await?;
        self.outcomes[place] = Some(outcome.clone());
        Some(outcome)
    }

    /// All outcomes that there are, in the order of the calls.
    pub(super) fn outcomes(&self) -> Vec<ToolOutcome> {
        self.outcomes.iter().flatten().cloned().collect()
    }

    /// The results, in the order of the calls.
    pub(super) fn results(&self) -> Vec<ToolResult> {
        self.outcomes.iter().flatten().map(|outcome| outcome.result.clone()).collect()
    }
}

async fn run(
    tools: Arc<ToolRegistry>,
    place: usize,
    call: ToolCall,
    limits: ToolLimits,
) -> (usize, ToolOutcome) {
    let started = Instant::now();
    let result = tools.execute_call(&call, limits).await;
    let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
    (place, ToolOutcome { call_id: call.id, tool: call.name, result, duration_ms })
}
