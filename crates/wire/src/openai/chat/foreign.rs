//! A prompt that came over another protocol: what that one carried means nothing here.

use playhouse_llm::{Extra, Message, Part, Prompt, ToolCall, ToolSpec};

/// The prompt without carried fields, and without parts that only its own protocol knows.
pub(super) fn without_carried(prompt: &Prompt) -> Prompt {
    Prompt {
        messages: prompt.messages.iter().map(plain_message).collect(),
        tools: prompt.tools.iter().map(|tool| ToolSpec { extra: Extra::new(), ..tool.clone() }).collect(),
        extra: Extra::new(),
        ..prompt.clone()
    }
}

fn plain_message(message: &Message) -> Message {
    Message { parts: plain_parts(&message.parts), extra: Extra::new(), ..message.clone() }
}

/// Reasoning is left out: no vendor takes another's.
fn plain_parts(parts: &[Part]) -> Vec<Part> {
    parts.iter().filter_map(plain_part).collect()
}

fn plain_part(part: &Part) -> Option<Part> {
    match part {
        Part::Text { text, .. } => Some(Part::text(text.as_str())),
        Part::Image { url, .. } => Some(Part::Image { url: url.clone(), extra: Extra::new() }),
        Part::ToolCall(call) => Some(Part::ToolCall(ToolCall { extra: Extra::new(), ..call.clone() })),
        Part::ToolResult { call_id, parts } => {
            Some(Part::ToolResult { call_id: call_id.clone(), parts: plain_parts(parts) })
        }
        Part::Refusal { .. } => Some(part.clone()),
        Part::Reasoning { .. } | Part::Other { .. } => None,
    }
}
