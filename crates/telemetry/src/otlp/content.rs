//! What was said, as the conventions write it into spans: JSON of messages and their parts.

use playhouse_llm::{Message, Part, Reply, Request, Role, ToolSpec};
use serde_json::{Value, json};

use super::Span;
use super::span::cut;

/// Longer texts are cut.
const MAX_PART_BYTES: usize = 16 << 10;

/// The newest messages that fit are told, at least one of them.
const MAX_BYTES: usize = 64 << 10;

/// Says what the model was told.
pub(super) fn say_prompt(span: &mut Span, request: &Request) {
    // What cannot be read is refused by whoever must read it.
    let Ok(prompt) = request.prompt() else { return };
    let (instructions, messages): (Vec<_>, Vec<_>) =
        prompt.messages.iter().partition(|message| matches!(message.role, Role::System | Role::Developer));
    if !instructions.is_empty() {
        let parts: Vec<Value> =
            instructions.iter().flat_map(|message| message.parts.iter().map(part)).collect();
        span.say_content("gen_ai.system_instructions", &newest(parts));
    }
    span.say_content("gen_ai.input.messages", &newest(messages.into_iter().map(message).collect()));
    if !prompt.tools.is_empty() {
        span.say_content("gen_ai.tool.definitions", &newest(prompt.tools.iter().map(tool).collect()));
    }
}

/// Says what the model answered.
pub(super) fn say_answer(span: &mut Span, reply: &Reply) {
    let choices = reply.choices.iter().map(|choice| {
        let mut said = message(&choice.message);
        said["finish_reason"] = choice.finish.as_ref().map_or(Value::Null, |finish| json!(finish.as_str()));
        said
    });
    span.say_content("gen_ai.output.messages", &newest(choices.collect()));
}

/// Says what a tool was called with.
pub(crate) fn say_arguments(span: &mut Span, arguments: &str) {
    span.say_content("gen_ai.tool.call.arguments", cut(arguments, MAX_PART_BYTES));
}

/// Says what came of a tool call.
pub(crate) fn say_result(span: &mut Span, result: &str) {
    span.say_content("gen_ai.tool.call.result", cut(result, MAX_PART_BYTES));
}

fn message(message: &Message) -> Value {
    let role = match message.role {
        Role::System | Role::Developer => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    json!({ "role": role, "parts": message.parts.iter().map(part).collect::<Vec<_>>() })
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text { text, .. } | Part::Refusal { text } => {
            json!({ "type": "text", "content": cut(text, MAX_PART_BYTES) })
        }
        Part::Reasoning { text, .. } => json!({ "type": "reasoning", "content": cut(text, MAX_PART_BYTES) }),
        Part::Image { url, .. } if url.starts_with("data:") => {
            // The picture itself is too large to be looked at in a span.
            json!({ "type": "blob", "modality": "image" })
        }
        Part::Image { url, .. } => {
            json!({ "type": "uri", "modality": "image", "uri": cut(url, MAX_PART_BYTES) })
        }
        Part::ToolCall(call) => json!({
            "type": "tool_call",
            "id": call.id,
            "name": call.name,
            "arguments": cut(&call.arguments, MAX_PART_BYTES),
        }),
        Part::ToolResult { call_id, parts, .. } => {
            let text: String = parts.iter().filter_map(text_of).collect();
            json!({ "type": "tool_call_response", "id": call_id, "response": cut(&text, MAX_PART_BYTES) })
        }
        Part::Other { value } => json!({ "type": value.get("type").unwrap_or(&Value::Null) }),
    }
}

fn text_of(part: &Part) -> Option<&str> {
    match part {
        Part::Text { text, .. } => Some(text),
        _ => None,
    }
}

fn tool(tool: &ToolSpec) -> Value {
    json!({
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    })
}

/// The newest of these that fit, as JSON.
fn newest(items: Vec<Value>) -> String {
    let mut room = MAX_BYTES;
    let mut kept: Vec<String> = Vec::new();
    for item in items.iter().rev().map(Value::to_string) {
        if !kept.is_empty() && item.len() > room {
            break;
        }
        room = room.saturating_sub(item.len());
        kept.push(item);
    }
    kept.reverse();
    format!("[{}]", kept.join(","))
}
