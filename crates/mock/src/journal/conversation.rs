//! A conversation in words.

use playhouse_llm::{Message, Part, Role};

use super::shorten::one_line;

/// How much of a message is shown.
const MESSAGE_CHARS: usize = 200;

/// Messages shown at most: the first ones and the last ones.
const MESSAGES: usize = 12;

/// The messages of a conversation, a line each; the middle of a long one is left out.
pub(crate) fn lines(messages: &[Message]) -> Vec<String> {
    if messages.len() <= MESSAGES {
        return messages.iter().map(spoken).collect();
    }
    let (first, last) = (MESSAGES / 2, messages.len() - MESSAGES / 2);
    let left_out = format!("… {} more messages …", last - first);
    let before = messages[..first].iter().map(spoken);
    before.chain([left_out]).chain(messages[last..].iter().map(spoken)).collect()
}

fn spoken(message: &Message) -> String {
    format!("{:<10} {}", role_name(message.role), one_line(&content(message), MESSAGE_CHARS))
}

/// The name of a role.
pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::Developer => "developer",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    }
}

/// What a message says, with what is no text in brackets.
pub(crate) fn content(message: &Message) -> String {
    let said = std::iter::once(message.text()).filter(|text| !text.is_empty());
    said.chain(message.parts.iter().filter_map(unspoken)).collect::<Vec<_>>().join(" ")
}

fn unspoken(part: &Part) -> Option<String> {
    match part {
        Part::Text { .. } | Part::ToolResult { .. } => None,
        Part::ToolCall(call) => Some(format!("{}({})", call.name, call.arguments)),
        Part::Refusal { text } => Some(format!("[refusal: {text}]")),
        Part::Reasoning { text, .. } => Some(format!("[reasoning: {text}]")),
        Part::Image { .. } => Some("[image]".to_owned()),
        Part::Other { .. } => Some("[a part of another kind]".to_owned()),
    }
}
