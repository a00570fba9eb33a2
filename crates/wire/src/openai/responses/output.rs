//! What an answer says (its items), and why it ended.

use playhouse_llm::{Choice, Chunk, Extra, FinishReason, Message, Part, Reply, Role, Shape};
use serde_json::{Value, json};

use super::events::Events;
use super::items::Items;
use super::{content, input};

/// Reads the one choice of an answer; `None` where it has no items, not even none.
pub(super) fn read_choice(fields: &Extra) -> Option<Choice> {
    let items = fields.get("output")?.as_array()?;
    let parts: Vec<Part> = items.iter().flat_map(read_item).collect();
    let has_calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let finish =
        finish_of(text_of(fields.get("status")), reason_of(fields.get("incomplete_details")), has_calls);
    let message = Message { role: Role::Assistant, parts, shape: Shape::Plain, extra: Extra::new() };
    Some(Choice { index: 0, message, finish, extra: Extra::new() })
}

fn read_item(item: &Value) -> Vec<Part> {
    let Some(fields) = item.as_object() else { return vec![Part::Other { value: item.clone() }] };
    let content = content::read(fields.get("content"));
    match (fields.get("type").and_then(Value::as_str), content) {
        (Some("message"), Some((_, parts))) => parts,
        _ => vec![input::read_made(item, fields)],
    }
}

fn text_of(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str)
}

/// Why an answer is not complete, by its details.
pub(super) fn reason_of(details: Option<&Value>) -> Option<&str> {
    details?.get("reason")?.as_str()
}

/// Why an answer with this status ended; `None` where it has not.
pub(super) fn finish_of(status: Option<&str>, reason: Option<&str>, has_calls: bool) -> Option<FinishReason> {
    match status? {
        "completed" if has_calls => Some(FinishReason::ToolCalls),
        "completed" => Some(FinishReason::Stop),
        "incomplete" => Some(match reason {
            Some("max_output_tokens") => FinishReason::Length,
            Some("content_filter") => FinishReason::ContentFilter,
            Some(reason) => FinishReason::Other(reason.to_owned()),
            None => FinishReason::Other("incomplete".to_owned()),
        }),
        "in_progress" | "queued" => None,
        other => Some(FinishReason::Other(other.to_owned())),
    }
}

/// The status of an answer that ended for this reason, and what is said of one that is not complete.
pub(super) fn status_of(finish: Option<&FinishReason>) -> (&'static str, Value) {
    match finish {
        Some(FinishReason::Length) => ("incomplete", json!({ "reason": "max_output_tokens" })),
        Some(FinishReason::ContentFilter) => ("incomplete", json!({ "reason": "content_filter" })),
        _ => ("completed", Value::Null),
    }
}

/// Writes a choice as the items of the answer with this id.
pub(super) fn write(choice: &Choice, answer_id: &str) -> Value {
    let (mut items, mut events) = (Items::of(answer_id), Events::default());
    let reply = Reply { choices: vec![Choice { index: 0, ..choice.clone() }], ..Reply::default() };
    items.add_all(&Chunk::from(&reply), &mut events);
    items.finish(choice.finish.as_ref(), &mut events);
    items.value()
}
