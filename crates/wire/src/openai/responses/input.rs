//! The items of an input as messages, and messages as items.
//!
//! What the model did is many items here (its reasoning, its texts, its calls) and one message in the
//! vocabulary.

use playhouse_llm::{Extra, Malformed, Message, Part, Role, Shape, ToolCall};
use serde_json::{Value, json};

use super::content;
use super::item::{CUSTOM_CALL, CUSTOM_OUTPUT, FUNCTION_CALL, FUNCTION_OUTPUT, custom, is_custom};
use super::reasoning;
use crate::json::kind_of;
use crate::openai::complaint;

/// Reads an input: nothing, a text of the user's, or items.
pub(super) fn read(input: Option<&Value>, messages: &mut Vec<Message>) -> Result<(), Malformed> {
    match input {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => messages.push(Message::user(text.as_str())),
        Some(Value::Array(items)) => {
            for (at, item) in items.iter().enumerate() {
                let fields = item.as_object().ok_or_else(|| {
                    complaint::wrong_type(format!("input[{at}]"), "an object", kind_of(item))
                })?;
                read_item(item, fields, messages);
            }
        }
        Some(other) => {
            return Err(complaint::wrong_type("input", "a string or an array of items", kind_of(other)));
        }
    }
    Ok(())
}

/// Reads an item; one that the vocabulary has no word for is carried whole.
fn read_item(item: &Value, fields: &Extra, messages: &mut Vec<Message>) {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match (fields.get("type").and_then(Value::as_str), role_in(fields)) {
        (None | Some("message"), Some(role)) => read_message(role, fields.get("content"), messages),
        (Some(kind @ (FUNCTION_OUTPUT | CUSTOM_OUTPUT)), _) => {
            let parts = content::read(fields.get("output")).map(|(_, parts)| parts).unwrap_or_default();
            let extra = if kind == CUSTOM_OUTPUT { custom() } else { Extra::new() };
            messages
                .push(message(Role::Tool, vec![Part::ToolResult { call_id: text("call_id"), parts, extra }]));
        }
        _ => said_by_model(messages).push(read_made(item, fields)),
    }
}

/// Reads an item that a model made, other than a message.
pub(super) fn read_made(item: &Value, fields: &Extra) -> Part {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let call = |arguments: &str, extra: Extra| {
        Part::ToolCall(ToolCall {
            id: text("call_id"),
            name: text("name"),
            arguments: text(arguments),
            extra,
        })
    };
    match fields.get("type").and_then(Value::as_str) {
        Some(FUNCTION_CALL) => call("arguments", Extra::new()),
        Some(CUSTOM_CALL) => call("input", custom()),
        Some(reasoning::KIND) => reasoning::read(fields),
        _ => Part::Other { value: item.clone() },
    }
}

fn read_message(role: Role, content: Option<&Value>, messages: &mut Vec<Message>) {
    let (shape, parts) = content::read(content).unwrap_or_default();
    match (role, messages.last_mut()) {
        (Role::Assistant, Some(last)) if last.role == role => {
            last.shape = Shape::Parts;
            last.parts.extend(parts);
        }
        _ => messages.push(Message { shape, ..message(role, parts) }),
    }
}

/// The parts of what the model said last, for more of it.
fn said_by_model(messages: &mut Vec<Message>) -> &mut Vec<Part> {
    if messages.last().is_none_or(|last| last.role != Role::Assistant) {
        messages.push(message(Role::Assistant, Vec::new()));
    }
    let last = messages.len() - 1;
    &mut messages[last].parts
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, shape: Shape::Plain, extra: Extra::new() }
}

/// Who says a message, where that is anybody the vocabulary knows.
pub(super) fn role_in(fields: &Extra) -> Option<Role> {
    match fields.get("role")?.as_str()? {
        "system" => Some(Role::System),
        "developer" => Some(Role::Developer),
        "user" => Some(Role::User),
        "assistant" => Some(Role::Assistant),
        _ => None,
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::Developer => "developer",
        Role::User | Role::Tool => "user",
        Role::Assistant => "assistant",
    }
}

/// Writes messages as items.
pub(super) fn write(messages: &[Message]) -> Value {
    messages.iter().flat_map(write_message).collect()
}

fn write_message(message: &Message) -> Vec<Value> {
    let mut items = Vec::new();
    let mut said: Vec<&Part> = Vec::new();
    for part in &message.parts {
        if content::is_content(part) {
            said.push(part);
            continue;
        }
        flush(message, &mut said, &mut items);
        items.extend(write_made(part));
    }
    flush(message, &mut said, &mut items);
    items
}

/// Writes what has been said so far as one item.
fn flush(message: &Message, said: &mut Vec<&Part>, items: &mut Vec<Value>) {
    if !said.is_empty() {
        let content = content::write(message.role, message.shape, said);
        items.push(json!({ "type": "message", "role": role_name(message.role), "content": content }));
        said.clear();
    }
}

/// Writes a part that is an item of its own here.
fn write_made(part: &Part) -> Option<Value> {
    match part {
        Part::ToolCall(call) => Some(write_call(call)),
        Part::ToolResult { call_id, parts, extra } => {
            let kind = if is_custom(extra) { CUSTOM_OUTPUT } else { FUNCTION_OUTPUT };
            Some(json!({ "type": kind, "call_id": call_id, "output": content::write_result(parts) }))
        }
        Part::Reasoning { field, extra, .. } => reasoning::write_sealed(field, extra),
        Part::Other { value } => Some(value.clone()),
        _ => None,
    }
}

fn write_call(call: &ToolCall) -> Value {
    let (kind, key) =
        if is_custom(&call.extra) { (CUSTOM_CALL, "input") } else { (FUNCTION_CALL, "arguments") };
    let mut item = json!({ "type": kind, "call_id": call.id, "name": call.name });
    item[key] = call.arguments.as_str().into();
    item
}
