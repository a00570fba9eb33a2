//! Token counts of answers.

use playhouse_llm::{Reply, ToolCall, Usage};

use super::asking::Asking;
use super::speech::Speech;
use crate::script::UsageSpec;
use crate::tokens::answer;

/// What an answer counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Completion {
    pub(super) tokens: u64,
    /// Those of them that went into reasoning.
    pub(super) reasoning_tokens: u64,
}

impl Completion {
    /// Adds another alternative.
    pub(super) fn add(&mut self, other: &Self) {
        self.tokens += other.tokens;
        self.reasoning_tokens += other.reasoning_tokens;
    }

    /// The counts of the whole call.
    pub(super) fn usage(self, asking: &Asking<'_>) -> Usage {
        Usage {
            cached_tokens: Some(0),
            reasoning_tokens: Some(self.reasoning_tokens),
            ..Usage::new(asking.prompt_tokens, self.tokens)
        }
    }
}

/// The counts that a script says, and the counted ones where it does not.
pub(super) fn said_over_counted(said: Option<UsageSpec>, counted: Usage) -> Usage {
    let Some(said) = said else { return counted };
    let prompt_tokens = said.prompt_tokens.unwrap_or(counted.prompt_tokens);
    let completion_tokens = said.completion_tokens.unwrap_or(counted.completion_tokens);
    Usage {
        cached_tokens: said.cached_tokens.or(counted.cached_tokens),
        reasoning_tokens: said.reasoning_tokens.or(counted.reasoning_tokens),
        ..Usage::new(prompt_tokens, completion_tokens)
    }
}

/// The tokens of an alternative that was told to its end; `told` are those of all but its calls.
pub(super) fn whole_tokens(asking: &Asking<'_>, speech: &Speech, told: u64) -> u64 {
    let calls: Vec<&ToolCall> = speech.calls.iter().collect();
    let declines = asking.offers_tools && calls.is_empty() && !speech.text.is_empty();
    let instead = if declines || !speech.refusal.is_empty() { answer::INSTEAD } else { 0 };
    told + instead + answer::answered_calls_tokens(asking.tokenizer, &calls)
}

/// The counts of an answer that somebody else put together.
pub(super) fn of_reply(reply: &Reply, asking: &Asking<'_>) -> Usage {
    let mut completion = Completion::default();
    for speech in reply.choices.iter().map(Speech::from) {
        let count = |text: &str| asking.tokenizer.count_once(text);
        let reasoning_tokens = count(&speech.reasoning);
        let told = reasoning_tokens + count(&speech.text) + count(&speech.refusal);
        completion.add(&Completion { tokens: whole_tokens(asking, &speech, told), reasoning_tokens });
    }
    completion.usage(asking)
}
