//! What is told of a run while it goes.

use std::sync::Arc;

use playhouse_llm::{Error, ToolCall, Usage};

use super::{RunStatus, StepRecord, ToolOutcome};

/// What happens in a run, in order.
///
/// A run goes on only when it is asked for its next event. So what is to be on disk before a tool runs
/// can be written when the event before it is told.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// The model is about to be asked.
    StepBegan {
        /// The step, from 1.
        step: u32,
    },
    /// The model thinks aloud. Told before the answer that follows it.
    Thought {
        /// The step, from 1.
        step: u32,
        /// What it thinks.
        thought: String,
    },
    /// The model says something for the user.
    Delta {
        /// The step, from 1.
        step: u32,
        /// The text.
        content: String,
    },
    /// The model has answered; its tools have not run yet.
    StepEnded(Box<StepRecord>),
    /// A tool is about to run.
    ToolBegan {
        /// The step, from 1.
        step: u32,
        /// The call.
        call: ToolCall,
    },
    /// A tool has answered. Tools that run at the same time end in any order.
    ToolEnded {
        /// The step, from 1.
        step: u32,
        /// What came of it.
        outcome: ToolOutcome,
    },
    /// The run has ended; the last event.
    Done(Arc<Run>),
}

/// A run that has ended.
#[derive(Clone, Debug)]
pub struct Run {
    /// How it ended.
    pub status: RunStatus,
    /// The answer, or where there is none the best that there is of one.
    pub answer: Option<String>,
    /// Why it has no whole answer; `None` where it has.
    pub reason: Option<String>,
    /// The model's failure, if that ended it.
    pub error: Option<Error>,
    /// The steps it took.
    pub steps: Vec<StepRecord>,
    /// Token counts of all steps together, as far as the provider sent them.
    pub usage: Usage,
    /// What it cost, as far as prices are known.
    pub cost_usd: Option<f64>,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
}

impl Run {
    /// The answer; the empty text where there is none.
    pub fn text(&self) -> &str {
        self.answer.as_deref().unwrap_or_default()
    }

    /// The tools that were called, in order.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.steps.iter().flat_map(|step| &step.calls)
    }
}
