//! What a caller wants of an answer's making: its form, and how much is reasoned for it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The form an answer must have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputForm {
    /// Any JSON object.
    Json,
    /// JSON that a schema describes.
    Schema(OutputSchema),
}

/// A schema that an answer follows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutputSchema {
    /// What the caller calls it; empty where the source has no name for it.
    pub name: String,
    /// What it is for, for the model to read.
    pub description: Option<String>,
    /// The JSON Schema.
    pub schema: Option<Value>,
    /// Whether it is followed to the letter; `None` where nobody said.
    pub strict: Option<bool>,
}

/// How much a model shall reason before it answers. At least one of the two is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasoningWish {
    /// As a word (`low`, `medium`, `high`, `none`, …).
    pub effort: Option<String>,
    /// As tokens at most; 0 for none at all.
    pub budget_tokens: Option<u64>,
}

impl OutputForm {
    /// The schema, where there is one.
    pub fn schema(&self) -> Option<&Value> {
        match self {
            Self::Schema(form) => form.schema.as_ref(),
            Self::Json => None,
        }
    }
}

impl ReasoningWish {
    /// A wish in a word.
    pub fn of_effort(effort: impl Into<String>) -> Self {
        Self { effort: Some(effort.into()), budget_tokens: None }
    }

    /// A wish in tokens.
    pub fn of_budget(tokens: u64) -> Self {
        Self { effort: None, budget_tokens: Some(tokens) }
    }

    /// The wish in a word, translated from tokens where it was made in those.
    ///
    /// ```
    /// use playhouse_llm::ReasoningWish;
    ///
    /// assert_eq!(ReasoningWish::of_budget(1_024).in_a_word(), "low");
    /// assert_eq!(ReasoningWish::of_budget(0).in_a_word(), "none");
    /// ```
    pub fn in_a_word(&self) -> &str {
        match (&self.effort, self.budget_tokens) {
            (Some(effort), _) => effort,
            (None, Some(0)) => "none",
            (None, tokens) => {
                let within = |(_, most): &&(&str, u64)| tokens.unwrap_or(u64::MAX) <= *most;
                EFFORTS.iter().find(within).map_or("high", |(effort, _)| effort)
            }
        }
    }

    /// The wish in tokens, translated from a word where it was made in one.
    ///
    /// ```
    /// use playhouse_llm::ReasoningWish;
    ///
    /// assert_eq!(ReasoningWish::of_effort("medium").in_tokens(), 8_192);
    /// ```
    pub fn in_tokens(&self) -> u64 {
        match (self.budget_tokens, self.effort.as_deref()) {
            (Some(tokens), _) => tokens,
            (None, Some("none")) => 0,
            (None, effort) => {
                let named = EFFORTS.iter().find(|(name, _)| Some(*name) == effort);
                named.map_or(HIGHEST_TOKENS, |(_, tokens)| *tokens)
            }
        }
    }
}

/// What the words mean in tokens, about: no vendor says exactly.
const EFFORTS: [(&str, u64); 4] = [("minimal", 1_023), ("low", 2_048), ("medium", 8_192), ("high", 24_576)];

/// What words mean that ask for more than `high`.
const HIGHEST_TOKENS: u64 = 32_768;
