//! What a request wants of the answer's length and number, and what it counts itself.

use crate::call::Facts;
use crate::protocols;
use crate::tokens::{self, Tokenizer};

/// Alternatives given at most; vendors take no more either.
const MAX_CHOICES: u32 = 128;

/// What a request wants of the answer's length and number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'facts> {
    pub(super) tokenizer: Tokenizer,
    pub(super) prompt_tokens: u64,
    pub(super) offers_tools: bool,
    /// How many alternatives.
    pub(super) choices: usize,
    /// How many tokens an alternative may have.
    pub(super) max_tokens: Option<u64>,
    /// What a text ends before.
    pub(super) stop: &'facts [String],
}

impl<'facts> Asking<'facts> {
    pub(super) fn of(facts: &'facts Facts) -> Self {
        let prompt = facts.prompt();
        Self {
            tokenizer: Tokenizer::of_model(&facts.model),
            prompt_tokens: tokens::prompt_tokens(facts),
            offers_tools: !facts.tools.is_empty(),
            choices: protocols::wish(facts).choices.clamp(1, MAX_CHOICES) as usize,
            max_tokens: prompt.and_then(|prompt| prompt.max_tokens),
            stop: prompt.map_or(&[], |prompt| &prompt.stop),
        }
    }

    /// The same for an answer that is given whole, whatever was asked.
    pub(super) fn unbounded(self) -> Self {
        Self { max_tokens: None, stop: &[], ..self }
    }

    /// The text up to where the caller wants it to stop.
    pub(super) fn stopped<'text>(&self, text: &'text str) -> &'text str {
        let stops = self.stop.iter().filter(|stop| !stop.is_empty());
        let end = stops.filter_map(|stop| text.find(stop.as_str())).min();
        &text[..end.unwrap_or(text.len())]
    }
}
