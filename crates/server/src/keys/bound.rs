//! The most that a call may use.

use playhouse_llm::{EmbedInput, Error, Operation, Prompt, Request};
use playhouse_provider::Price;
use playhouse_store::estimate_tokens;

/// What a call may use at most, by estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound {
    /// Tokens of the prompt.
    pub(super) prompt_tokens: u64,
    /// Tokens of the answer, or of all answers where several are asked for.
    pub(super) answer_tokens: u64,
    /// Whether the request itself says how long an answer may become.
    pub(super) is_stated: bool,
}

impl Bound {
    /// The bound of a request; an answer whose length it does not limit is taken to have this many tokens.
    pub(super) fn of(request: &Request, assumed_answer_tokens: u64) -> Result<Self, Error> {
        if request.operation() == Operation::Embeddings {
            let prompt_tokens = request.embedding()?.inputs.iter().map(input_tokens).sum();
            return Ok(Self { prompt_tokens, answer_tokens: 0, is_stated: true });
        }
        let prompt = request.prompt()?;
        let answer_tokens = prompt.max_tokens.unwrap_or(assumed_answer_tokens);
        Ok(Self {
            prompt_tokens: prompt_tokens(prompt),
            answer_tokens: answer_tokens.saturating_mul(playhouse_wire::openai::chat::answers_wanted(prompt)),
            is_stated: prompt.max_tokens.is_some(),
        })
    }

    /// All tokens.
    pub(super) fn tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.answer_tokens)
    }

    /// The money, at a price.
    pub(super) fn usd(&self, price: &Price) -> f64 {
        price.most_usd(self.prompt_tokens, self.answer_tokens)
    }
}

fn prompt_tokens(prompt: &Prompt) -> u64 {
    let messages: u64 = prompt.messages.iter().map(|message| u64::from(estimate_tokens(message))).sum();
    let tools = prompt.tools.iter().map(|tool| {
        let described = tool.name.len() + tool.description.as_ref().map_or(0, |text| text.len());
        (described + tool.parameters.as_ref().map_or(0, |schema| schema.to_string().len())) as u64
    });
    messages + tools.sum::<u64>().div_ceil(BYTES_PER_TOKEN)
}

/// Texts by their length; tokens are counted.
fn input_tokens(input: &EmbedInput) -> u64 {
    match input {
        EmbedInput::Text(text) => (text.len() as u64).div_ceil(BYTES_PER_TOKEN),
        EmbedInput::Tokens(tokens) => tokens.len() as u64,
    }
}

const BYTES_PER_TOKEN: u64 = 4;
