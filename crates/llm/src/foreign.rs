//! What came over one protocol as another tells it: what the first one carried means nothing there.

use crate::{
    Choice, ChoiceDelta, Chunk, Extra, Message, Part, PartDelta, Prompt, Reply, ToolCall, ToolSpec, Usage,
};

/// The prompt without carried fields, and without parts that only its own protocol knows.
pub(crate) fn without_carried(prompt: &Prompt) -> Prompt {
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

/// Reasoning is left out: no vendor takes another's, and its seal least of all.
fn plain_parts(parts: &[Part]) -> Vec<Part> {
    parts.iter().filter_map(plain_part).collect()
}

fn plain_part(part: &Part) -> Option<Part> {
    match part {
        Part::Text { text, .. } => Some(Part::text(text.as_str())),
        Part::Image { url, .. } => Some(Part::Image { url: url.clone(), extra: Extra::new() }),
        Part::ToolCall(call) => Some(Part::ToolCall(ToolCall { extra: Extra::new(), ..call.clone() })),
        Part::ToolResult { call_id, parts, .. } => Some(Part::ToolResult {
            call_id: call_id.clone(),
            parts: plain_parts(parts),
            extra: Extra::new(),
        }),
        Part::Refusal { .. } => Some(part.clone()),
        Part::Reasoning { .. } | Part::Other { .. } => None,
    }
}

/// An answer without carried fields, and without its id, which has its own protocol's form.
pub(crate) fn plain_reply(reply: &Reply) -> Reply {
    Reply {
        id: String::new(),
        model: reply.model.clone(),
        created: reply.created,
        choices: reply.choices.iter().map(plain_choice).collect(),
        usage: reply.usage.as_ref().map(Usage::counts),
        extra: Extra::new(),
    }
}

/// Reasoning is shown to the reader of an answer, though without its seal.
fn plain_choice(choice: &Choice) -> Choice {
    let parts = choice.message.parts.iter().filter_map(|part| match part {
        Part::Reasoning { text, field, .. } if !text.is_empty() => {
            Some(Part::Reasoning { text: text.clone(), field: field.clone(), extra: Extra::new() })
        }
        part => plain_part(part),
    });
    let message = Message { parts: parts.collect(), extra: Extra::new(), ..choice.message.clone() };
    Choice { message, extra: Extra::new(), ..choice.clone() }
}

/// A piece of an answer without carried fields, and without its id.
pub(crate) fn plain_chunk(chunk: &Chunk) -> Chunk {
    Chunk {
        id: None,
        model: chunk.model.clone(),
        created: chunk.created,
        choices: chunk.choices.iter().map(plain_choice_delta).collect(),
        usage: chunk.usage.as_ref().map(Usage::counts),
        extra: Extra::new(),
    }
}

fn plain_choice_delta(choice: &ChoiceDelta) -> ChoiceDelta {
    let parts = choice.parts.iter().filter_map(plain_delta).collect();
    ChoiceDelta { parts, delta_extra: Extra::new(), extra: Extra::new(), ..choice.clone() }
}

fn plain_delta(part: &PartDelta) -> Option<PartDelta> {
    let mut part = part.clone();
    match &mut part {
        PartDelta::Seal { .. } | PartDelta::Other { .. } => return None,
        PartDelta::ToolCall { extra, .. } => extra.clear(),
        PartDelta::Text(_) | PartDelta::Refusal(_) | PartDelta::Reasoning { .. } => {}
    }
    Some(part)
}
