//! How a run ends.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Not ended yet.
    Running,
    /// Ended with an answer.
    Completed,
    /// The model could not be asked, or broke off.
    Failed,
    /// Ended by somebody who no longer wanted it.
    Cancelled,
    /// Cut off with its process.
    Interrupted,
    /// As many steps as are allowed were not enough.
    StepLimit,
    /// As many tokens as are allowed were not enough.
    TokenLimit,
    /// As much money as is allowed was not enough.
    CostLimit,
    /// As much time as is allowed was not enough.
    TimeLimit,
    /// The model called the same tool with the same arguments again and again.
    RepeatedCalls,
    /// The model could not be understood, again and again.
    Unclear,
}

impl RunStatus {
    const ALL: [Self; 11] = [
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::Interrupted,
        Self::StepLimit,
        Self::TokenLimit,
        Self::CostLimit,
        Self::TimeLimit,
        Self::RepeatedCalls,
        Self::Unclear,
    ];

    /// The name in answers, logs, metrics and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
            Self::StepLimit => "step_limit",
            Self::TokenLimit => "token_limit",
            Self::CostLimit => "cost_limit",
            Self::TimeLimit => "time_limit",
            Self::RepeatedCalls => "repeated_calls",
            Self::Unclear => "unclear",
        }
    }

    /// The status of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether a bound ended the run: what it has of an answer is worth showing.
    pub fn is_limit(self) -> bool {
        matches!(
            self,
            Self::StepLimit
                | Self::TokenLimit
                | Self::CostLimit
                | Self::TimeLimit
                | Self::RepeatedCalls
                | Self::Unclear
        )
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// How a run ended, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ending {
    /// How it ended.
    pub status: RunStatus,
    /// The answer, or where there is none the best that there is of one.
    pub answer: Option<String>,
    /// Why it has no whole answer; `None` where it has.
    pub reason: Option<String>,
}
