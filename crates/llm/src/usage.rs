//! What an answer cost in tokens.

use serde::{Deserialize, Serialize};

use crate::Extra;

/// Token counts of one call, as the vendor reports them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the request, cached ones included.
    pub prompt_tokens: u64,
    /// Tokens of the answer, reasoning included.
    pub completion_tokens: u64,
    /// The vendor's total; it may differ from the sum.
    pub total_tokens: u64,
    /// Those of the prompt that were read from the vendor's cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Those of the prompt that were written to the vendor's cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_tokens: Option<u64>,
    /// Those of the answer that were spent on reasoning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
    /// Carried fields.
    #[serde(skip)]
    pub extra: Extra,
}

impl Usage {
    /// Counts of prompt and completion; the total is their sum.
    pub fn new(prompt_tokens: u64, completion_tokens: u64) -> Self {
        Self {
            prompt_tokens,
            completion_tokens,
            total_tokens: prompt_tokens.saturating_add(completion_tokens),
            ..Self::default()
        }
    }

    /// The counts without what is carried beside them.
    #[must_use]
    pub fn counts(&self) -> Self {
        Self { extra: Extra::new(), ..*self }
    }
}
