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

    /// Adds the counts of another call.
    ///
    /// ```
    /// use playhouse_llm::Usage;
    ///
    /// let mut total = Usage::new(10, 5);
    /// total.add(&Usage { reasoning_tokens: Some(3), ..Usage::new(20, 7) });
    /// assert_eq!((total.total_tokens, total.reasoning_tokens), (42, Some(3)));
    /// ```
    pub fn add(&mut self, other: &Self) {
        let sum = |one: &mut Option<u64>, other: Option<u64>| {
            if let Some(other) = other {
                *one = Some(one.unwrap_or_default().saturating_add(other));
            }
        };
        self.prompt_tokens = self.prompt_tokens.saturating_add(other.prompt_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(other.completion_tokens);
        self.total_tokens = self.total_tokens.saturating_add(other.total_tokens);
        sum(&mut self.cached_tokens, other.cached_tokens);
        sum(&mut self.cache_write_tokens, other.cache_write_tokens);
        sum(&mut self.reasoning_tokens, other.reasoning_tokens);
    }

    /// Takes counts in that came later in the same answer, and hold from now on. They may leave out what
    /// was counted before (some vendors count the prompt only at the beginning): that stays.
    ///
    /// ```
    /// use playhouse_llm::Usage;
    ///
    /// let mut usage = Usage::new(10, 1);
    /// usage.update(&Usage::new(0, 7));
    /// assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (10, 7, 17));
    /// ```
    pub fn update(&mut self, later: &Self) {
        let before = std::mem::replace(self, later.clone());
        if later.prompt_tokens == 0 && before.prompt_tokens > 0 {
            self.prompt_tokens = before.prompt_tokens;
            self.cached_tokens = later.cached_tokens.or(before.cached_tokens);
            self.cache_write_tokens = later.cache_write_tokens.or(before.cache_write_tokens);
            self.total_tokens = self.prompt_tokens.saturating_add(self.completion_tokens);
        }
    }

    /// The counts without what is carried beside them.
    #[must_use]
    pub fn counts(&self) -> Self {
        Self { extra: Extra::new(), ..*self }
    }
}
