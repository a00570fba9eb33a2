//! Calls of tools and their results.

use std::collections::HashSet;

use crate::protocols::anthropic::strict::request::{Request, Turn, is, text};
use crate::protocols::anthropic::strict::rule::Rule;

const HANDLING: &str = "https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls";

pub(super) static RULES: [Rule; 4] = [
    Rule {
        id: "anthropic-messages/tool-use-ids",
        source: "https://github.com/vercel/ai/issues",
        takes: &["{}"],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}, {"type": "tool_use", "id": "t1", "name": "f", "input": {}}]}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1"}]}]}"#,
        ],
        find: doubled_call,
    },
    Rule {
        id: "anthropic-messages/tool-results",
        source: HANDLING,
        takes: &[
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1"}, {"type": "text", "text": "So?"}]}]}"#,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}, {"type": "tool_use", "id": "t2", "name": "f", "input": {}}]}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t2"}]}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1"}]}]}"#,
        ],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]}, {"role": "user", "content": "So?"}]}"#,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]}]}"#,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]}, {"role": "user", "content": [{"type": "text", "text": "Here:"}, {"type": "tool_result", "tool_use_id": "t1"}]}]}"#,
        ],
        find: unanswered,
    },
    Rule {
        id: "anthropic-messages/tool-result-of-call",
        source: "https://github.com/anthropics/claude-code/issues/12004",
        takes: &["{}"],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "x"}]}]}"#,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "x"}]}]}"#,
        ],
        find: stray_result,
    },
    Rule {
        id: "anthropic-messages/one-result",
        source: "https://github.com/BerriAI/litellm/issues",
        takes: &["{}"],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1"}, {"type": "tool_result", "tool_use_id": "t1"}]}]}"#,
        ],
        find: doubled_result,
    },
];

fn doubled_call(request: &Request<'_>) -> Option<String> {
    let mut seen = HashSet::new();
    let mut calls = request.blocks().filter(|(_, _, block)| is(block, "tool_use"));
    let (at, place, _) = calls.find(|(_, _, block)| text(block, "id").is_some_and(|id| !seen.insert(id)))?;
    Some(format!("messages.{at}.content.{place}: `tool_use` ids must be unique"))
}

fn calls_of<'a>(turn: &Turn<'a>) -> Vec<&'a str> {
    turn.blocks_of_type("tool_use").filter_map(|(_, _, block)| text(block, "id")).collect()
}

/// The calls that a turn answers before it says anything else.
fn answered_first<'a>(turn: &Turn<'a>) -> HashSet<&'a str> {
    let results = turn.blocks().take_while(|(_, _, block)| is(block, "tool_result"));
    results.filter_map(|(_, _, block)| text(block, "tool_use_id")).collect()
}

fn unanswered(request: &Request<'_>) -> Option<String> {
    let turns = request.turns();
    let lacking = |at: usize| {
        let answered = turns.get(at + 1).map(answered_first).unwrap_or_default();
        let mut calls = if turns[at].role == "assistant" { calls_of(&turns[at]) } else { Vec::new() };
        calls.retain(|id| !answered.contains(id));
        calls
    };
    let at = (0..turns.len()).find(|at| !lacking(*at).is_empty())?;
    let (ids, last) = (lacking(at), turns[at].messages.last().map_or(turns[at].at, |(at, _)| *at));
    Some(format!(
        "messages.{last}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        ids.join(", ")
    ))
}

fn stray_result(request: &Request<'_>) -> Option<String> {
    let turns = request.turns();
    turns.iter().enumerate().find_map(|(at, turn)| {
        let calls = at.checked_sub(1).map(|before| calls_of(&turns[before])).unwrap_or_default();
        let mut results = turn.blocks_of_type("tool_result");
        let (at, place, block) =
            results.find(|(_, _, block)| text(block, "tool_use_id").is_some_and(|id| !calls.contains(&id)))?;
        let id = text(block, "tool_use_id").unwrap_or_default();
        Some(format!(
            "messages.{at}.content.{place}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
        ))
    })
}

fn doubled_result(request: &Request<'_>) -> Option<String> {
    request.turns().iter().find_map(|turn| {
        let mut seen = HashSet::new();
        let mut results = turn.blocks_of_type("tool_result");
        let (at, place, block) =
            results.find(|(_, _, block)| text(block, "tool_use_id").is_some_and(|id| !seen.insert(id)))?;
        let id = text(block, "tool_use_id").unwrap_or_default();
        Some(format!(
            "messages.{at}.content.{place}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {id}"
        ))
    })
}
