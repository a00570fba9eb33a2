//! Counting a request as OpenAI does.
//!
//! How messages are counted is published
//! (<https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken>); what tools and their
//! calls count for is not. The numbers here give the counts of every recorded request but those of
//! reasoning models with tools, which come near.

use std::collections::HashMap;

use playhouse_llm::{EmbedInput, Message, Part, Prompt, Role, ToolCall};

use super::{Tokenizer, answer, cache, offer};
use crate::call::{Asked, Facts};
use crate::protocols;

/// Around every message: three, and its role.
const MESSAGE: u64 = 4;
/// For a name, beside its own tokens.
const NAME: u64 = 1;
/// Around the tool calls of a message.
const CALLS: u64 = 2;
/// For the result of one of several calls; the result of a single one is named after its tool.
const RESULT_OF_SEVERAL: u64 = 3;
/// The published count of an image of low detail; others have more, by a size that only the image tells.
const IMAGE: u64 = 85;

/// What a family of models counts beside the messages.
struct Manner {
    /// For the beginning of the answer.
    priming: u64,
    /// Around the offer of tools.
    offer: u64,
}

const PLAIN: Manner = Manner { priming: 3, offer: 5 };
const REASONING: Manner = Manner { priming: 2, offer: 90 };

/// How many tokens a request has.
pub fn prompt_tokens(facts: &Facts) -> u64 {
    facts.prompt_tokens(counted)
}

fn counted(facts: &Facts) -> u64 {
    let tokenizer = Tokenizer::of_model(&facts.model);
    match &facts.asked {
        Asked::Chat(_) | Asked::Tokens(_) if facts.body.is_empty() => chat_tokens(tokenizer, facts),
        Asked::Chat(_) | Asked::Tokens(_) => {
            cache::count_once((&facts.model, &facts.body), || chat_tokens(tokenizer, facts))
        }
        Asked::Embeddings(request) => request.inputs.iter().map(|input| input_tokens(tokenizer, input)).sum(),
        Asked::Models(_) | Asked::Kept(_) => 0,
    }
}

fn input_tokens(tokenizer: Tokenizer, input: &EmbedInput) -> u64 {
    match input {
        EmbedInput::Text(text) => tokenizer.count_once(text),
        EmbedInput::Tokens(tokens) => tokens.len() as u64,
    }
}

fn chat_tokens(tokenizer: Tokenizer, facts: &Facts) -> u64 {
    let Some(prompt) = facts.prompt() else { return 0 };
    let manner = if is_reasoning(&facts.model) { REASONING } else { PLAIN };
    let conversation = Conversation::new(tokenizer, &prompt.messages);
    let messages: u64 = prompt.messages.iter().map(|message| conversation.message_tokens(message)).sum();
    let schema = protocols::wish(facts).schema;
    let schema_tokens = schema.map_or(0, |schema| MESSAGE + tokenizer.count(&schema.to_string()));
    manner.priming + messages + offer_tokens(tokenizer, prompt, &manner) + schema_tokens
}

fn is_reasoning(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let is_chat = name.starts_with("gpt-5-chat");
    !is_chat && ["o1", "o3", "o4", "gpt-5"].iter().any(|prefix| name.starts_with(prefix))
}

/// Tools are told in the system message; where there is none, one is made.
fn offer_tokens(tokenizer: Tokenizer, prompt: &Prompt, manner: &Manner) -> u64 {
    if prompt.tools.is_empty() {
        return 0;
    }
    let opening = prompt.messages.first().map(|message| message.role);
    let has_system = matches!(opening, Some(Role::System | Role::Developer));
    let own_message = if has_system { 0 } else { MESSAGE };
    manner.offer + own_message + tokenizer.count_once(&offer::declaration(&prompt.tools))
}

/// Messages, and which of them called which tool.
struct Conversation<'prompt> {
    tokenizer: Tokenizer,
    callers: HashMap<&'prompt str, &'prompt Message>,
}

impl<'prompt> Conversation<'prompt> {
    fn new(tokenizer: Tokenizer, messages: &'prompt [Message]) -> Self {
        let calls =
            |message: &'prompt Message| message.tool_calls().map(move |call| (call.id.as_str(), message));
        Self { tokenizer, callers: messages.iter().flat_map(calls).collect() }
    }

    fn message_tokens(&self, message: &Message) -> u64 {
        let name = message.extra.get("name").and_then(serde_json::Value::as_str);
        let name_tokens = name.map_or(0, |name| NAME + self.tokenizer.count(name));
        let said: u64 = message.parts.iter().map(|part| self.part_tokens(part)).sum();
        MESSAGE + name_tokens + said + self.calls_tokens(message)
    }

    fn calls_tokens(&self, message: &Message) -> u64 {
        let calls: Vec<&ToolCall> = message.tool_calls().collect();
        let around = if calls.is_empty() { 0 } else { CALLS };
        around + answer::calls_tokens(self.tokenizer, &calls)
    }

    fn part_tokens(&self, part: &Part) -> u64 {
        match part {
            Part::Text { text, .. } | Part::Refusal { text } => self.tokenizer.count_once(text),
            Part::Image { .. } => IMAGE,
            Part::ToolResult { call_id, parts, .. } => {
                let said: u64 = parts.iter().map(|part| self.part_tokens(part)).sum();
                self.result_name_tokens(call_id) + said
            }
            Part::ToolCall(_) | Part::Reasoning { .. } | Part::Other { .. } => 0,
        }
    }

    fn result_name_tokens(&self, call_id: &str) -> u64 {
        let Some(caller) = self.callers.get(call_id) else { return 0 };
        if caller.tool_calls().count() > 1 {
            return RESULT_OF_SEVERAL;
        }
        let names = caller.tool_calls().map(|call| NAME + answer::callee_tokens(self.tokenizer, call));
        names.sum()
    }
}
