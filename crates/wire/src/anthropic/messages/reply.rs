//! A whole answer.

use playhouse_llm::{Choice, Extra, FinishReason, Malformed, Message, Reply, Role, Shape};
use serde_json::Value;

use super::block;
use super::usage::{read_usage, take_usage, write_usage};
use crate::fields::{Writing, take_exact, take_filled_string};
use crate::json;

/// Decodes a whole answer's body.
pub(super) fn decode_reply(body: &[u8]) -> Result<Reply, Malformed> {
    let mut fields = json::parse_object(body).map_err(Malformed::new)?;
    let content = take_exact(&mut fields, "content", block::read_content, |parts| content_of(parts));
    let finish = take_exact(
        &mut fields,
        "stop_reason",
        |value| Some(finish_of(value.as_str()?)),
        |finish| name_of(finish).into(),
    );
    let message = Message {
        role: Role::Assistant,
        parts: content.unwrap_or_default(),
        shape: Shape::Parts,
        extra: Extra::new(),
    };
    Ok(Reply {
        id: take_filled_string(&mut fields, "id").unwrap_or_default(),
        model: take_filled_string(&mut fields, "model").unwrap_or_default(),
        created: None,
        choices: vec![Choice { index: 0, message, finish, extra: Extra::new() }],
        usage: take_usage(&mut fields),
        extra: fields,
    })
}

/// Encodes an answer as the JSON object of its body, adding nothing to what it says.
pub fn encode_reply(reply: &Reply) -> Value {
    let mut out = Writing::new(&reply.extra);
    out.set_some("id", Some(reply.id.as_str()).filter(|id| !id.is_empty()));
    out.set_some("model", Some(reply.model.as_str()).filter(|model| !model.is_empty()));
    let choice = reply.choices.first();
    let parts = choice.map(|choice| choice.message.parts.clone());
    out.set_kept("content", parts.as_ref(), block::read_content, |parts| content_of(parts));
    let finish = choice.and_then(|choice| choice.finish.as_ref());
    out.set_kept(
        "stop_reason",
        finish,
        |value| Some(finish_of(value.as_str()?)),
        |finish| name_of(finish).into(),
    );
    out.set_kept("usage", reply.usage.as_ref(), read_usage, write_usage);
    Value::Object(out.done())
}

fn content_of(parts: &[playhouse_llm::Part]) -> Value {
    parts.iter().filter_map(block::write).collect()
}

/// The reason a name means.
pub(super) fn finish_of(name: &str) -> FinishReason {
    match name {
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.to_owned()),
    }
}

/// The name of a reason.
pub(super) fn name_of(finish: &FinishReason) -> &str {
    match finish {
        FinishReason::Stop => "end_turn",
        FinishReason::Length => "max_tokens",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::ContentFilter => "refusal",
        FinishReason::Other(name) => match name.as_str() {
            "function_call" => "tool_use",
            other => other,
        },
    }
}
