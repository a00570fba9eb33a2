//! What items ask of each other: calls and their results, reasoning and what follows it.

use std::collections::HashSet;

use serde_json::Value;

use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::{Request, is};
use crate::protocols::openai::strict::rule::Rule;

/// As of August 2025 and later, word by word: reports of people whom OpenAI refused.
const UNANSWERED: &str = "https://github.com/openai/openai-agents-python/issues/1061";
const UNCALLED: &str = "https://github.com/openai/codex/issues/2557";
const ALONE: &str = "https://github.com/pydantic/pydantic-ai/issues/2869";

/// Items are those of the whole conversation, what was said before included.
pub(super) static RULES: [Rule; 3] = [
    Rule {
        id: "openai-responses/reasoning-followed",
        source: ALONE,
        takes: &[
            r#"{"model": "gpt-5", "input": [{"role": "user", "content": "Hi"}, {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "id": "msg_1", "role": "assistant", "content": []}, {"role": "user", "content": "And?"}]}"#,
        ],
        refuses: &[
            r#"{"model": "gpt-5", "input": [{"role": "user", "content": "Hi"},
            {"type": "reasoning", "id": "rs_1", "summary": []}, {"role": "user", "content": "And?"}]}"#,
            r#"{"model": "gpt-5", "input": [{"type": "reasoning", "id": "rs_1", "summary": []},
            {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "And?"}]}"#,
        ],
        find: reasoning_alone,
    },
    Rule {
        id: "openai-responses/calls-answered",
        source: UNANSWERED,
        takes: &[
            r#"{"input": [{"type": "function_call", "call_id": "call_1", "name": "now", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "noon"}]}"#,
        ],
        refuses: &[
            r#"{"input": [{"type": "function_call", "call_id": "call_1", "name": "now", "arguments": "{}"},
            {"role": "user", "content": "And?"}]}"#,
        ],
        find: unanswered,
    },
    Rule {
        id: "openai-responses/results-called-for",
        source: UNCALLED,
        takes: &[
            r#"{"input": [{"type": "custom_tool_call", "call_id": "call_1", "name": "sh", "input": "ls"},
            {"type": "custom_tool_call_output", "call_id": "call_1", "output": ""}]}"#,
        ],
        refuses: &[r#"{"input": [{"type": "function_call_output", "call_id": "call_1", "output": "noon"}]}"#],
        find: uncalled,
    },
];

/// A kind of call, the kind of its result, and what both are called. Of custom tools, word by word:
/// <https://github.com/diegosouzapw/OmniRoute/issues/8946>.
const PAIRS: [(&str, &str, &str); 2] = [
    ("function_call", "function_call_output", "function call"),
    ("custom_tool_call", "custom_tool_call_output", "custom tool call"),
];

/// The ids of calls that items of a kind name.
fn ids<'a>(request: &Request<'a>, kind: &str) -> impl Iterator<Item = &'a str> {
    let of_kind = request.items("input").iter().filter(move |item| is(item, "type", kind));
    of_kind.filter_map(|item| item.get("call_id")?.as_str())
}

fn unanswered(request: &Request<'_>) -> Option<Complaint> {
    PAIRS.iter().find_map(|(call, result, name)| {
        let answered: HashSet<&str> = ids(request, result).collect();
        let id = ids(request, call).find(|id| !answered.contains(id))?;
        Some(Complaint::new(format!("No tool output found for {name} {id}.")).at("input"))
    })
}

fn uncalled(request: &Request<'_>) -> Option<Complaint> {
    // What a reference stands for is not here to be looked at.
    if request.items("input").iter().any(|item| is(item, "type", "item_reference")) {
        return None;
    }
    PAIRS.iter().find_map(|(call, result, name)| {
        let called: HashSet<&str> = ids(request, call).collect();
        let id = ids(request, result).find(|id| !called.contains(id))?;
        Some(Complaint::new(format!("No tool call found for {name} output with call_id {id}.")).at("input"))
    })
}

/// Reasoning belongs to what the model said after it.
fn reasoning_alone(request: &Request<'_>) -> Option<Complaint> {
    let items = request.items("input");
    let alone = items.iter().enumerate().find(|(at, item)| {
        is(item, "type", "reasoning") && items.get(at + 1).is_none_or(|next| !is_of_model(next))
    });
    let id = alone?.1.get("id")?.as_str()?;
    let message =
        format!("Item '{id}' of type 'reasoning' was provided without its required following item.");
    Some(Complaint::new(message).at("input"))
}

/// Whether an item is one that a model makes, or may stand for one.
fn is_of_model(item: &Value) -> bool {
    match item.get("type").and_then(Value::as_str) {
        // As recorded: without its id it is another message than the one that was reasoned about.
        None | Some("message") => is(item, "role", "assistant") && item.get("id").is_some(),
        Some(kind) => !kind.ends_with("_output") && !kind.ends_with("_response"),
    }
}
