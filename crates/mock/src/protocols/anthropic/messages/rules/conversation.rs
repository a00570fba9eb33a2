//! Who may speak when.
//!
//! Turns need not alternate: messages of one role that follow each other are one turn, since October
//! 2024 (<https://platform.claude.com/docs/en/release-notes/api>), and anybody may begin.

use serde_json::Value;

use crate::protocols::anthropic::strict::MEASURED;
use crate::protocols::anthropic::strict::request::{Request, blocks_of, is, role_of};
use crate::protocols::anthropic::strict::rule::Rule;

/// Looked at with the messages, before the parameters behind them.
pub(super) static ROLES: [Rule; 2] = [
    Rule {
        id: "anthropic-messages/some-messages",
        source: MEASURED,
        takes: &["{}"],
        refuses: &[r#"{"messages": []}"#],
        find: no_messages,
    },
    Rule {
        id: "anthropic-messages/known-role",
        source: MEASURED,
        takes: &[
            r#"{"messages": [{"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Hi"}]}"#,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "user", "content": "Hi?"}]}"#,
        ],
        refuses: &[
            r#"{"messages": [{"role": "tool", "content": "Hi"}]}"#,
            r#"{"messages": [{"role": "developer", "content": "Hi"}, {"role": "user", "content": "Hi"}]}"#,
        ],
        find: unknown_role,
    },
];

/// Looked at when every parameter is what it must be.
pub(super) static SHAPE: [Rule; 8] = [
    Rule {
        id: "anthropic-messages/system-content",
        source: MEASURED,
        takes: &[
            r#"{"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Be brief."}]}"#,
        ],
        refuses: &[
            r#"{"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": []}]}"#,
            r#"{"messages": [{"role": "system", "content": []}, {"role": "user", "content": "Hi"}]}"#,
        ],
        find: empty_system,
    },
    Rule {
        id: "anthropic-messages/system-blocks",
        source: MEASURED,
        takes: &[
            r#"{"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": [{"type": "text", "text": "Be brief."}]}]}"#,
        ],
        refuses: &[
            r#"{"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": [{"type": "image", "source": {"type": "url", "url": "https://example.com/cat.png"}}]}]}"#,
        ],
        find: system_of_other_blocks,
    },
    Rule {
        id: "anthropic-messages/system-first",
        source: MEASURED,
        takes: &["{}"],
        refuses: &[
            r#"{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]}"#,
        ],
        find: system_first,
    },
    Rule {
        id: "anthropic-messages/system-turns",
        source: "https://github.com/BerriAI/litellm",
        takes: &[
            r#"{"model": "claude-opus-4-8", "messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Be brief."}]}"#,
        ],
        refuses: &[
            r#"{"model": "claude-opus-4-7", "messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Be brief."}]}"#,
        ],
        find: system_of_a_model_without,
    },
    Rule {
        id: "anthropic-messages/system-place",
        source: MEASURED,
        takes: &[
            r#"{"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Be brief."}, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "So?"}]}"#,
        ],
        refuses: &[
            r#"{"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Be brief."}, {"role": "user", "content": "So?"}]}"#,
        ],
        find: system_before_user,
    },
    Rule {
        id: "anthropic-messages/system-white",
        source: MEASURED,
        takes: &["{}"],
        refuses: &[
            r#"{"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "  "}]}"#,
        ],
        find: white_system,
    },
    Rule {
        id: "anthropic-messages/user-content",
        source: MEASURED,
        takes: &[
            r#"{"messages": [{"role": "user", "content": []}, {"role": "user", "content": "Hi"}]}"#,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "user", "content": ""}]}"#,
        ],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": ""}]}"#,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": []}]}"#,
        ],
        find: empty_user,
    },
    Rule {
        id: "anthropic-messages/assistant-content",
        source: "https://github.com/langchain-ai/langchain/issues/19075",
        takes: &[
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": ""}]}"#,
        ],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": ""}, {"role": "user", "content": "So?"}]}"#,
        ],
        find: empty_assistant,
    },
];

fn no_messages(request: &Request<'_>) -> Option<String> {
    let messages = request.get("messages")?.as_array()?;
    messages.is_empty().then(|| "messages: at least one message is required".to_owned())
}

fn unknown_role(request: &Request<'_>) -> Option<String> {
    let known = |role: &&Value| matches!(role.as_str(), Some("user" | "assistant" | "system"));
    let role =
        request.messages().iter().filter_map(|message| message.get("role")).find(|role| !known(role))?;
    let said = role.as_str().map_or_else(|| role.to_string(), str::to_owned);
    Some(format!(r#"messages: Unexpected role "{said}". Allowed roles are "user" or "assistant""#))
}

/// The system messages within the conversation, each with its place.
fn systems<'a>(request: &Request<'a>) -> impl Iterator<Item = (usize, &'a Value)> {
    request.messages().iter().enumerate().filter(|(_, message)| role_of(message) == "system")
}

/// A system message that says only how hard to work has no content.
fn is_directive(message: &Value) -> bool {
    is_empty(message) && message.get("output_config").is_some()
}

fn is_empty(message: &Value) -> bool {
    match message.get("content") {
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(blocks)) => blocks.is_empty(),
        _ => false,
    }
}

fn empty_system(request: &Request<'_>) -> Option<String> {
    let (at, _) = systems(request).find(|(_, message)| is_empty(message) && !is_directive(message))?;
    Some(format!("messages.{at}: system content must contain at least one block"))
}

fn system_of_other_blocks(request: &Request<'_>) -> Option<String> {
    let is_taken =
        |block: &Value| ["text", "tool_addition", "tool_removal"].iter().any(|kind| is(block, kind));
    let (at, _) =
        systems(request).find(|(_, message)| blocks_of(message).any(|(_, block)| !is_taken(block)))?;
    Some(format!("messages.{at}: role 'system' supports text, tool_addition, and tool_removal blocks only"))
}

const DIRECTIVE: &str =
    "; the directive-only form (content: [] with output_config) is accepted at any position";

fn system_first(request: &Request<'_>) -> Option<String> {
    let (at, message) = systems(request).next()?;
    let is_prompt = at == 0 && !is_directive(message);
    is_prompt.then(|| {
        format!("messages.0: use the top-level 'system' parameter for the initial system prompt{DIRECTIVE}")
    })
}

fn system_of_a_model_without(request: &Request<'_>) -> Option<String> {
    let is_without = request.model.is_some_and(|model| !model.takes_system_turns);
    let (at, _) = systems(request).next().filter(|_| is_without)?;
    Some(format!("messages.{at}: role 'system' is not supported on this model"))
}

/// Where several follow each other, the last of them is complained of.
fn system_before_user(request: &Request<'_>) -> Option<String> {
    let next = |at: usize| request.messages().get(at + 1).map(role_of);
    let (at, _) =
        systems(request).find(|(at, message)| !is_directive(message) && next(*at) == Some("user"))?;
    Some(format!(
        "messages.{at}: role 'system' must precede an 'assistant' message or end the array{DIRECTIVE}"
    ))
}

fn white_system(request: &Request<'_>) -> Option<String> {
    let is_white = |text: &str| !text.is_empty() && text.trim().is_empty();
    let says_nothing = |message: &Value| {
        let whole = message.get("content").and_then(Value::as_str).is_some_and(is_white);
        whole
            || blocks_of(message)
                .any(|(_, block)| block["text"].as_str().is_some_and(|text| text.trim().is_empty()))
    };
    let (at, _) = systems(request).find(|(_, message)| says_nothing(message))?;
    Some(format!("messages.{at}: system text blocks must contain non-whitespace text"))
}

fn empty_user(request: &Request<'_>) -> Option<String> {
    let turns = request.turns();
    let silent = |turn: &&crate::protocols::anthropic::strict::request::Turn<'_>| {
        turn.role == "user" && turn.messages.iter().all(|(_, message)| is_empty(message))
    };
    let turn = turns.iter().find(silent)?;
    Some(format!("messages.{}: user messages must have non-empty content", turn.at))
}

/// Only the last message may be empty: it is gone on with.
fn empty_assistant(request: &Request<'_>) -> Option<String> {
    let turns = request.turns();
    let (_, spoken) = turns.split_last()?;
    let turn = spoken.iter().find(|turn| {
        turn.role == "assistant" && turn.messages.iter().all(|(_, message)| is_empty(message))
    })?;
    let what = "all messages must have non-empty content except for the optional final assistant message";
    Some(format!("messages.{}: {what}", turn.at))
}
