//! A message of the conversation.

use playhouse_llm::{Message, Part};
use serde::Serialize;

use crate::journal::conversation::role_name;

/// A message: its text at hand, its parts where there is more to it than text.
#[derive(Debug, Serialize)]
pub(super) struct MessageView {
    role: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCallView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part>,
}

/// A call of a tool, as the assistant made it.
#[derive(Debug, Serialize)]
struct ToolCallView {
    id: String,
    name: String,
    /// The arguments as they were written: JSON as a rule.
    arguments: String,
}

impl From<&Message> for MessageView {
    fn from(message: &Message) -> Self {
        let calls = message.tool_calls().map(|call| ToolCallView {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        });
        let says_more = message.parts.iter().any(|part| !is_told(part));
        Self {
            role: role_name(message.role),
            text: message.text(),
            tool_calls: calls.collect(),
            tool_call_id: message.parts.iter().find_map(answered_call),
            parts: if says_more { message.parts.clone() } else { Vec::new() },
        }
    }
}

/// Whether a part is told by the other fields.
fn is_told(part: &Part) -> bool {
    matches!(part, Part::Text { .. } | Part::ToolCall(_) | Part::ToolResult { .. })
}

fn answered_call(part: &Part) -> Option<String> {
    match part {
        Part::ToolResult { call_id, .. } => Some(call_id.clone()),
        _ => None,
    }
}
