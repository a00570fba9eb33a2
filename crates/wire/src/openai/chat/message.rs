//! A message: who speaks, and the fields that hold what is said.

use playhouse_llm::{Extra, Malformed, Message, Part, Role, Shape};
use serde_json::{Map, Value};

use super::fields::{Writing, take_filled_string, take_string};
use super::{calls, complaint, content};
use crate::json::kind_of;

const ROLES: &str = "'system', 'developer', 'user', 'assistant', 'tool', and 'function'";

/// Decodes a request's conversation.
pub(super) fn decode_messages(value: Value) -> Result<Vec<Message>, Malformed> {
    let Value::Array(items) = value else {
        return Err(complaint::wrong_type("messages", "an array of objects", kind_of(&value)));
    };
    items.into_iter().enumerate().map(|(at, item)| decode_message(item, at)).collect()
}

fn decode_message(value: Value, at: usize) -> Result<Message, Malformed> {
    let Value::Object(map) = value else {
        return Err(complaint::wrong_type(format!("messages[{at}]"), "an object", kind_of(&value)));
    };
    let role = match map.get("role") {
        Some(Value::String(name)) => role_of(name)
            .ok_or_else(|| complaint::unsupported(format!("messages[{at}].role"), name, ROLES))?,
        Some(other) => {
            return Err(complaint::wrong_type(format!("messages[{at}].role"), "a string", kind_of(other)));
        }
        None => return Err(complaint::missing(format!("messages[{at}].role"))),
    };
    Ok(message_of(map, role))
}

/// The message these fields make.
pub(super) fn message_of(mut fields: Extra, role: Role) -> Message {
    if fields.get("role").and_then(Value::as_str) == Some(role_name(role)) {
        fields.shift_remove("role");
    }
    let mut parts = Vec::new();
    if let Some((text, field)) = content::take_reasoning(&mut fields) {
        parts.push(Part::Reasoning { text, field: field.to_owned(), extra: Extra::new() });
    }
    let (shape, said) = content::take_content(&mut fields);
    match role {
        Role::Tool => parts.push(Part::tool_result(take_call_id(&mut fields), said)),
        _ => parts.extend(said),
    }
    parts.extend(take_filled_string(&mut fields, "refusal").map(|text| Part::Refusal { text }));
    parts.extend(calls::take_calls(&mut fields).into_iter().map(Part::ToolCall));
    Message { role, parts, shape, extra: fields }
}

/// The result of a deprecated function call names the function instead.
fn take_call_id(fields: &mut Extra) -> String {
    let function = fields.get("role").and(fields.get("name")).and_then(Value::as_str).map(str::to_owned);
    function.or_else(|| take_filled_string(fields, "tool_call_id")).unwrap_or_default()
}

/// Writes a message; tool results become messages of their own, before the rest.
pub(super) fn encode_message(message: &Message) -> Vec<Value> {
    let results = message.parts.iter().filter_map(|part| match part {
        Part::ToolResult { call_id, parts, .. } => Some((call_id.as_str(), parts)),
        _ => None,
    });
    let rest: Vec<&Part> =
        message.parts.iter().filter(|part| !matches!(part, Part::ToolResult { .. })).collect();
    let nothing = Map::new();
    let mut encoded = Vec::new();
    for (call_id, parts) in results {
        // What is carried belongs to the one message that was decoded, not to any split off it.
        let is_own = message.role == Role::Tool && encoded.is_empty();
        let (extra, beside) = if is_own { (&message.extra, rest.as_slice()) } else { (&nothing, &[][..]) };
        let said: Vec<&Part> = parts.iter().chain(beside.iter().copied()).collect();
        encoded.push(write_message(Role::Tool, message.shape, &said, extra, Some(call_id)));
    }
    if encoded.is_empty() || (message.role != Role::Tool && !rest.is_empty()) {
        encoded.push(write_message(message.role, message.shape, &rest, &message.extra, None));
    }
    encoded
}

/// Writes what a model said, for an answer.
pub(super) fn write_spoken(message: &Message) -> Value {
    let parts: Vec<&Part> = message.parts.iter().collect();
    write_message(message.role, message.shape, &parts, &message.extra, None)
}

fn write_message(role: Role, shape: Shape, parts: &[&Part], extra: &Extra, call_id: Option<&str>) -> Value {
    let mut out = Writing::new(extra);
    out.set_kept("role", Some(&role), |value| role_of(value.as_str()?), |role| role_name(*role).into());
    if let Some(call_id) = call_id {
        set_call_id(&mut out, extra, call_id);
    }
    let (said, beside): (Vec<&Part>, Vec<&Part>) = parts.iter().partition(|part| content::is_content(part));
    content::write_content(&mut out, shape, &said);
    set_reasoning(&mut out, &beside);
    let refusal = joined(beside.iter().filter_map(|part| match part {
        Part::Refusal { text } => Some(text.as_str()),
        _ => None,
    }));
    out.set_some("refusal", refusal);
    let called = beside.iter().filter_map(|part| match part {
        Part::ToolCall(call) => Some(call.clone()),
        _ => None,
    });
    calls::set_calls(&mut out, extra, called.collect());
    Value::Object(out.done())
}

fn set_call_id(out: &mut Writing<'_>, extra: &Extra, call_id: &str) {
    let is_function = extra.get("role").and(extra.get("name")).and_then(Value::as_str) == Some(call_id);
    if !is_function && !call_id.is_empty() {
        out.set("tool_call_id", call_id);
    }
}

fn set_reasoning(out: &mut Writing<'_>, parts: &[&Part]) {
    for name in ["reasoning_content", "reasoning"] {
        let texts = parts.iter().filter_map(|part| match part {
            // What is sealed is another protocol's, and means nothing here.
            part if part.is_sealed() => None,
            Part::Reasoning { text, field, .. } if content::reasoning_field(field) == name => {
                Some(text.as_str())
            }
            _ => None,
        });
        out.set_some(name, joined(texts));
    }
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    texts.fold(None, |all: Option<String>, text| Some(all.unwrap_or_default() + text))
}

/// The role a name means.
pub(super) fn role_of(name: &str) -> Option<Role> {
    match name {
        "system" => Some(Role::System),
        "developer" => Some(Role::Developer),
        "user" => Some(Role::User),
        "assistant" => Some(Role::Assistant),
        "tool" | "function" => Some(Role::Tool),
        _ => None,
    }
}

/// The name of a role.
pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::Developer => "developer",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    }
}

/// Takes a role that is written the way it would be written again.
pub(super) fn take_role(fields: &mut Extra) -> Option<Role> {
    let role = role_of(fields.get("role")?.as_str()?)?;
    if fields.get("role").and_then(Value::as_str) == Some(role_name(role)) {
        let _ = take_string(fields, "role");
    }
    Some(role)
}
