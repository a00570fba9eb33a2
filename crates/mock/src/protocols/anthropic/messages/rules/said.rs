//! What texts must say, and who may say what.

use serde_json::Value;

use crate::protocols::anthropic::strict::request::{Block, Request, blocks_of, is, role_of, text};
use crate::protocols::anthropic::strict::rule::Rule;

const EMPTY_TEXT: &str = "https://github.com/anthropics/claude-code/issues/8004";

pub(super) static RULES: [Rule; 9] = [
    Rule {
        id: "anthropic-messages/tool-use-by-assistant",
        source: "https://github.com/microsoft/agent-framework",
        takes: &["{}"],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": [{"type": "tool_use", "id": "t1", "name": "now", "input": {}}]}]}"#,
        ],
        find: |request| of_assistant(request, "tool_use"),
    },
    Rule {
        id: "anthropic-messages/tool-result-by-user",
        // Said of the other way round in public; of this one nobody has shown the words.
        source: "https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls",
        takes: &["{}"],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_result", "tool_use_id": "t1"}]}]}"#,
        ],
        find: result_of_assistant,
    },
    Rule {
        id: "anthropic-messages/thinking-by-assistant",
        source: "https://github.com/google/adk-python",
        takes: &["{}"],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": [{"type": "thinking", "thinking": "So.", "signature": "c2ln"}]}]}"#,
        ],
        find: thinking_of_user,
    },
    Rule {
        id: "anthropic-messages/cached-text",
        source: "https://github.com/anthropics/claude-code/issues/1148",
        takes: &["{}"],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": [{"type": "text", "text": "", "cache_control": {"type": "ephemeral"}}]}]}"#,
            r#"{"system": [{"type": "text", "text": "", "cache_control": {"type": "ephemeral"}}]}"#,
        ],
        find: cached_nothing,
    },
    Rule {
        id: "anthropic-messages/empty-text",
        source: EMPTY_TEXT,
        takes: &[r#"{"messages": [{"role": "user", "content": [{"type": "text", "text": "."}]}]}"#],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}"#,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "now", "input": {}}]}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": ""}]}]}]}"#,
        ],
        find: |request| says(request, str::is_empty, "messages: text content blocks must be non-empty"),
    },
    Rule {
        id: "anthropic-messages/white-text",
        source: "https://github.com/simonw/llm-anthropic",
        takes: &["{}"],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": [{"type": "text", "text": " \n"}]}]}"#,
            r#"{"messages": [{"role": "user", "content": "  "}]}"#,
        ],
        find: |request| {
            says(request, is_white, "messages: text content blocks must contain non-whitespace text")
        },
    },
    Rule {
        id: "anthropic-messages/empty-system",
        source: "https://github.com/microsoft/vscode/issues",
        takes: &[r#"{"system": ""}"#],
        refuses: &[r#"{"system": [{"type": "text", "text": ""}]}"#],
        find: |request| {
            says_in_system(request, str::is_empty, "system: text content blocks must be non-empty")
        },
    },
    Rule {
        id: "anthropic-messages/white-system",
        source: "https://github.com/anthropics/claude-code/issues",
        takes: &["{}"],
        refuses: &[r#"{"system": " "}"#, r#"{"system": [{"type": "text", "text": "\n"}]}"#],
        find: |request| {
            says_in_system(request, is_white, "system: text content blocks must contain non-whitespace text")
        },
    },
    Rule {
        id: "anthropic-messages/trailing-whitespace",
        source: "https://docs.litellm.ai/docs/providers/anthropic",
        takes: &[
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "The best answer is ("}]}"#,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello "}, {"role": "user", "content": "So?"}]}"#,
        ],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "The best answer is "}]}"#,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "text", "text": "Answer:\n"}]}]}"#,
        ],
        find: trails_off,
    },
];

fn first_of<'a>(request: &Request<'a>, kind: &str, role: &str) -> Option<Block<'a>> {
    let speaker = |at: usize| request.messages().get(at).map(role_of);
    request.blocks().find(|(at, _, block)| is(block, kind) && speaker(*at) == Some(role))
}

fn of_assistant(request: &Request<'_>, kind: &str) -> Option<String> {
    let (at, ..) = first_of(request, kind, "user")?;
    Some(format!("messages.{at}: `{kind}` blocks can only be in `assistant` messages"))
}

fn result_of_assistant(request: &Request<'_>) -> Option<String> {
    let (at, ..) = first_of(request, "tool_result", "assistant")?;
    Some(format!("messages.{at}: `tool_result` blocks can only be in `user` messages"))
}

fn thinking_of_user(request: &Request<'_>) -> Option<String> {
    let found = ["thinking", "redacted_thinking"].iter().find_map(|kind| first_of(request, kind, "user"));
    let (at, ..) = found?;
    Some(format!("messages.{at}.content: thinking blocks may only be in `assistant` messages"))
}

fn cached_nothing(request: &Request<'_>) -> Option<String> {
    let is_it = |block: &Value| {
        block.get("cache_control").is_some_and(|control| !control.is_null())
            && is(block, "text")
            && text(block, "text") == Some("")
    };
    let in_system = request.items("system").iter().position(is_it).map(|at| format!("system.{at}"));
    let in_messages = || {
        let (at, place, _) = request.blocks().find(|(_, _, block)| is_it(block))?;
        Some(format!("messages.{at}.content.{place}.text"))
    };
    let place = in_system.or_else(in_messages)?;
    Some(format!("{place}: cache_control cannot be set for empty text blocks"))
}

fn is_white(text: &str) -> bool {
    !text.is_empty() && text.trim().is_empty()
}

/// Whether a text of the conversation, or of a tool's result in it, is one of these.
fn says(request: &Request<'_>, is_it: fn(&str) -> bool, words: &str) -> Option<String> {
    let of_block = |block: &Value| {
        let own = is(block, "text") && text(block, "text").is_some_and(is_it);
        let within = is(block, "tool_result")
            && blocks_of(block).any(|(_, part)| is(part, "text") && text(part, "text").is_some_and(is_it));
        own || within
    };
    let of_message = |message: &Value| {
        let whole = role_of(message) == "user"
            && text(message, "content").is_some_and(|text| is_white(text) && is_it(text));
        whole || blocks_of(message).any(|(_, block)| of_block(block))
    };
    request.messages().iter().any(of_message).then(|| words.to_owned())
}

/// A system prompt that is an empty text is as good as none.
fn says_in_system(request: &Request<'_>, is_it: fn(&str) -> bool, words: &str) -> Option<String> {
    let whole =
        request.get("system").and_then(Value::as_str).is_some_and(|text| is_white(text) && is_it(text));
    let found = whole || request.items("system").iter().any(|block| text(block, "text").is_some_and(is_it));
    found.then(|| words.to_owned())
}

fn trails_off(request: &Request<'_>) -> Option<String> {
    let last = request.messages().last().filter(|message| role_of(message) == "assistant")?;
    let said = text(last, "content").or_else(|| {
        let (_, block) = blocks_of(last).last()?;
        text(block, "text").filter(|_| is(block, "text"))
    })?;
    let trails = said.ends_with(char::is_whitespace);
    trails.then(|| "messages: final assistant content cannot end with trailing whitespace".to_owned())
}
