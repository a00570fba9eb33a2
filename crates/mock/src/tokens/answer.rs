//! Counting what an answer says as OpenAI does; found from recorded answers, like the counts of
//! requests.

use playhouse_llm::ToolCall;
use serde_json::Value;

use super::Tokenizer;

/// Around the tool calls of an answer.
const CALLS: u64 = 6;
/// What a model calls that wants several tools at once.
const SEVERAL: &str = "multi_tool_use.parallel";

/// What an answer counts more than its tokens where it is given instead of another: a text where
/// tools could be called, a refusal.
pub(crate) const INSTEAD: u64 = 1;

/// How many tokens the calls of an answer have.
pub(crate) fn answered_calls_tokens(tokenizer: Tokenizer, calls: &[&ToolCall]) -> u64 {
    let around = if calls.is_empty() { 0 } else { CALLS };
    around + calls_tokens(tokenizer, calls)
}

/// How many tokens calls have by themselves.
pub(super) fn calls_tokens(tokenizer: Tokenizer, calls: &[&ToolCall]) -> u64 {
    match calls {
        [] => 0,
        [call] => callee_tokens(tokenizer, call) + tokenizer.count(&call.arguments),
        calls => tokenizer.count(SEVERAL) + tokenizer.count(&together(calls)),
    }
}

/// How many tokens the name of a called tool has.
pub(super) fn callee_tokens(tokenizer: Tokenizer, call: &ToolCall) -> u64 {
    tokenizer.count(&format!("functions.{}", call.name))
}

fn together(calls: &[&ToolCall]) -> String {
    let uses = calls.iter().map(|call| {
        let arguments = serde_json::from_str::<Value>(&call.arguments).map(|value| value.to_string());
        let arguments = arguments.unwrap_or_else(|_| call.arguments.clone());
        format!(r#"{{"recipient_name":"functions.{}","parameters":{arguments}}}"#, call.name)
    });
    format!(r#"{{"tool_uses":[{}]}}"#, uses.collect::<Vec<_>>().join(","))
}
