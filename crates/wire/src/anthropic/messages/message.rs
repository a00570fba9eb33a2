//! A message of a request: who speaks, and the blocks of what is said.

use playhouse_llm::{Extra, Malformed, Message, Part, Role, Shape};
use serde_json::{Map, Value};

use super::block;
use super::head::missing;
use crate::fields::{Writing, take_string};

/// Decodes a request's conversation.
pub(super) fn decode_messages(value: Value) -> Result<Vec<Message>, Malformed> {
    let Value::Array(items) = value else {
        return Err(Malformed::at("messages", "messages: Input should be a valid list"));
    };
    items.into_iter().enumerate().map(|(at, item)| decode_message(item, at)).collect()
}

fn decode_message(value: Value, at: usize) -> Result<Message, Malformed> {
    let Value::Object(mut fields) = value else {
        return Err(Malformed::at(
            format!("messages.{at}"),
            format!("messages.{at}: Input should be an object"),
        ));
    };
    let place = format!("messages.{at}.role");
    let role = match take_string(&mut fields, "role").as_deref() {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("system") => Role::System,
        Some(_) => {
            let message = format!("{place}: Input should be 'user' or 'assistant'");
            return Err(Malformed::at(place, message));
        }
        None => return Err(missing(&place)),
    };
    Ok(of_content(role, fields))
}

/// The message these fields make; content that is neither text nor a list stays in them.
pub(super) fn of_content(role: Role, mut fields: Extra) -> Message {
    let shape = match fields.get("content") {
        Some(Value::Array(_)) => Shape::Parts,
        _ => Shape::Plain,
    };
    let parts = fields.get("content").and_then(block::read_content);
    if parts.is_some() {
        fields.shift_remove("content");
    }
    Message { role, parts: parts.unwrap_or_default(), shape, extra: fields }
}

/// The system prompt's messages at the conversation's beginning, as the field `system`; and the rest as
/// the turns that Anthropic knows: what tools answered is said by the user, in one message.
pub(super) fn encode_messages(messages: &[Message]) -> (Option<Value>, Value) {
    let (above, spoken): (Vec<&Message>, Vec<&Message>) =
        messages.iter().partition(|message| matches!(message.role, Role::System | Role::Developer));
    let mut turns: Vec<Message> = Vec::new();
    for message in spoken {
        match turns.last_mut() {
            Some(last) if belongs_to(last, message) => join(last, message),
            _ => turns.push(turn_of(message)),
        }
    }
    let turns = turns.iter().filter(|turn| !is_nothing(turn)).map(encode_turn).collect();
    (encode_system(&above), turns)
}

/// A conversation without texts that hold nothing, which this protocol refuses: other vendors' clients write them
/// beside calls of tools. What a user said is left for the vendor to judge where it holds nothing else.
pub(super) fn without_silence(messages: &[Message]) -> Vec<Message> {
    messages.iter().filter_map(without_empty_texts).collect()
}

fn without_empty_texts(message: &Message) -> Option<Message> {
    let is_silent = |part: &Part| matches!(part, Part::Text { text, .. } if text.is_empty());
    let parts: Vec<Part> = message.parts.iter().filter(|part| !is_silent(part)).cloned().collect();
    match parts.is_empty() && !message.parts.is_empty() {
        true if message.role == Role::User => Some(message.clone()),
        true => None,
        false => Some(Message { parts, ..message.clone() }),
    }
}

/// Whether nothing of what a message says can be written.
fn is_nothing(turn: &Message) -> bool {
    !turn.parts.is_empty()
        && turn.parts.iter().all(|part| block::write(part).is_none())
        && !turn.extra.contains_key("content")
}

fn turn_of(message: &Message) -> Message {
    match message.role {
        Role::Tool => {
            Message { role: Role::User, shape: Shape::Parts, extra: Extra::new(), ..message.clone() }
        }
        _ => message.clone(),
    }
}

/// Whether a message must be said in one turn with what was said before: results that follow results, and
/// what the user says after them.
fn belongs_to(last: &Message, message: &Message) -> bool {
    let is_result = |part: &Part| matches!(part, Part::ToolResult { .. });
    let is_heard = matches!(message.role, Role::Tool | Role::User);
    let of_tools = message.role == Role::Tool || last.parts.iter().all(is_result);
    last.role == Role::User
        && is_heard
        && of_tools
        && message.extra.is_empty()
        && last.extra.is_empty()
        && last.parts.iter().any(is_result)
}

fn join(last: &mut Message, message: &Message) {
    last.shape = Shape::Parts;
    last.parts.extend(message.parts.iter().cloned());
}

fn encode_turn(message: &Message) -> Value {
    let mut out = Writing::new(&message.extra);
    out.set("role", if message.role == Role::Assistant { "assistant" } else { "user" });
    let is_silent = message.shape == Shape::Plain && message.parts.is_empty();
    if !message.extra.contains_key("content") && !is_silent {
        out.set("content", encode_content(message.shape, &message.parts));
    }
    Value::Object(out.done())
}

/// Content of one bare text is written as such, if it came so.
pub(super) fn encode_content(shape: Shape, parts: &[Part]) -> Value {
    match (shape, parts) {
        (Shape::Plain, [Part::Text { text, extra }]) if extra.is_empty() => text.as_str().into(),
        _ => parts.iter().filter_map(block::write).collect(),
    }
}

fn encode_system(above: &[&Message]) -> Option<Value> {
    match above {
        [] => None,
        [one] => Some(encode_content(one.shape, &one.parts)),
        several => {
            let parts: Vec<Part> = several.iter().flat_map(|message| message.parts.iter().cloned()).collect();
            Some(encode_content(Shape::Parts, &parts))
        }
    }
}

/// Takes the system prompt as a message; what is neither text nor a list is left.
pub(super) fn take_system(fields: &mut Extra) -> Option<Message> {
    let content = fields.get("system")?;
    let parts = block::read_content(content)?;
    let shape = if content.is_array() { Shape::Parts } else { Shape::Plain };
    fields.shift_remove("system");
    Some(Message { role: Role::System, parts, shape, extra: Map::new() })
}
