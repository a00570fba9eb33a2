//! A whole answer.

use playhouse_llm::{Choice, Extra, FinishReason, Malformed, Message, Reply, Role, Shape};
use serde_json::Value;

use super::fields::{Writing, take_filled_string, take_index, take_object, take_u64};
use super::message::{message_of, role_name, role_of, write_spoken};
use super::usage::{set_usage, take_usage};
use crate::json;

/// Decodes a whole answer's body.
pub(super) fn decode_reply(body: &[u8]) -> Result<Reply, Malformed> {
    let mut fields = json::parse_object(body).map_err(Malformed::new)?;
    Ok(Reply {
        id: take_filled_string(&mut fields, "id").unwrap_or_default(),
        model: take_filled_string(&mut fields, "model").unwrap_or_default(),
        created: take_u64(&mut fields, "created"),
        choices: take_choices(&mut fields),
        usage: take_usage(&mut fields),
        extra: fields,
    })
}

/// Encodes an answer as the JSON object of its body, adding nothing to what it says.
pub fn encode_reply(reply: &Reply) -> Value {
    let mut out = Writing::new(&reply.extra);
    out.set_some("id", Some(reply.id.as_str()).filter(|id| !id.is_empty()));
    out.set_some("created", reply.created);
    out.set_some("model", Some(reply.model.as_str()).filter(|model| !model.is_empty()));
    let choices = (!reply.choices.is_empty()).then_some(&reply.choices);
    out.set_kept("choices", choices, read_choices, |choices| choices.iter().map(write_choice).collect());
    set_usage(&mut out, &reply.extra, reply.usage.as_ref());
    Value::Object(out.done())
}

/// The reason a name means.
pub(super) fn finish_of(name: &str) -> FinishReason {
    match name {
        "stop" => FinishReason::Stop,
        "length" => FinishReason::Length,
        "tool_calls" => FinishReason::ToolCalls,
        "content_filter" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.to_owned()),
    }
}

/// Takes the reason an alternative ended for; some vendors send an empty one before the end.
pub(super) fn take_finish(choice: &mut Extra) -> Option<FinishReason> {
    Some(finish_of(&take_filled_string(choice, "finish_reason")?))
}

fn take_choices(fields: &mut Extra) -> Vec<Choice> {
    let choices = fields.get("choices").and_then(read_choices);
    if fields.get("choices").is_some_and(are_exact) {
        fields.shift_remove("choices");
    }
    choices.unwrap_or_default()
}

fn read_choices(value: &Value) -> Option<Vec<Choice>> {
    let items = value.as_array()?.iter().enumerate();
    let choices: Vec<_> = items.filter_map(|(at, item)| read_choice(item, at)).collect();
    (!choices.is_empty()).then_some(choices)
}

/// A choice that names no place has the one it stands at.
fn read_choice(value: &Value, at: usize) -> Option<Choice> {
    let mut extra = value.as_object()?.clone();
    let index = take_index(&mut extra, "index").or_else(|| u32::try_from(at).ok())?;
    let message = match take_object(&mut extra, "message") {
        Some(fields) => {
            let role = fields.get("role").and_then(Value::as_str).and_then(role_of);
            message_of(fields, role.unwrap_or(Role::Assistant))
        }
        None => {
            Message { role: Role::Assistant, parts: Vec::new(), shape: Shape::Plain, extra: Extra::new() }
        }
    };
    Some(Choice { index, message, finish: take_finish(&mut extra), extra })
}

fn write_choice(choice: &Choice) -> Value {
    let mut out = Writing::new(&choice.extra);
    out.set("index", choice.index);
    out.set("message", write_spoken(&choice.message));
    out.set_some("finish_reason", choice.finish.as_ref().map(FinishReason::as_str));
    Value::Object(out.done())
}

/// Whether writing what was read of the choices gives the same again.
fn are_exact(value: &Value) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(is_exact))
}

fn is_exact(choice: &Value) -> bool {
    let has_index =
        choice.get("index").and_then(Value::as_u64).is_some_and(|index| u32::try_from(index).is_ok());
    let role = choice.get("message").and_then(|message| message.get("role")?.as_str());
    // Only these roles speak in an answer; others are carried as they came.
    has_index && role.is_some_and(|role| role == role_name(Role::Assistant))
}
