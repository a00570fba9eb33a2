//! What is lost of a Messages request when it is asked over another protocol.
//!
//! The table in `docs/protocols.md` lists the same fields for people.

use playhouse_llm::{Extra, Malformed, Message, Part, Prompt};
use serde_json::Value;

/// Fields of a request that say nothing of what is answered, or are hints.
const DROPPED: [&str; 8] = [
    "anthropic_beta",
    "anthropic_version",
    "cache_control",
    "context_management",
    "inference_geo",
    "metadata",
    "service_tier",
    "thinking",
];
/// What names the model and the wish for a stream, which go beside the prompt.
const BESIDE: [&str; 2] = ["model", "stream"];
/// Fields of blocks and tools that say nothing of what is said.
const DROPPED_OF_BLOCK: [&str; 7] =
    ["cache_control", "caller", "citations", "content", "eager_input_streaming", "is_error", "type"];

/// The fields that may be dropped, by name; the first that must not is the error.
pub(super) fn untold(prompt: &Prompt) -> Result<Vec<String>, Malformed> {
    let mut dropped = Vec::new();
    for (field, value) in &prompt.extra {
        if BESIDE.contains(&field.as_str()) || is_empty(value) || is_typed(prompt, field) {
            continue;
        }
        sort(field.clone(), DROPPED.contains(&field.as_str()), &mut dropped)?;
    }
    for (at, tool) in prompt.tools.iter().enumerate() {
        untold_of_block(&tool.extra, &format!("tools.{at}"), &mut dropped)?;
    }
    // The system prompt stands before the conversation, and is not counted with it.
    let systems =
        prompt.messages.iter().take_while(|message| message.role == playhouse_llm::Role::System).count();
    for (at, message) in prompt.messages.iter().enumerate() {
        let place = if at < systems { "system".to_owned() } else { format!("messages.{}", at - systems) };
        untold_of_message(message, &place, &mut dropped)?;
    }
    Ok(dropped)
}

fn sort(field: String, may_be_dropped: bool, dropped: &mut Vec<String>) -> Result<(), Malformed> {
    if !may_be_dropped {
        return Err(refused(field));
    }
    dropped.push(field);
    Ok(())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// Whether a field is known as a type as well.
fn is_typed(prompt: &Prompt, field: &str) -> bool {
    match field {
        "thinking" => prompt.reasoning.is_some(),
        "output_config" | "output_format" => prompt.reasoning.is_some() || prompt.output.is_some(),
        "temperature" => prompt.temperature.is_some(),
        "top_p" => prompt.top_p.is_some(),
        "stop_sequences" => !prompt.stop.is_empty(),
        "tool_choice" => prompt.tool_choice.is_some(),
        "tools" => {
            let listed = prompt.extra.get("tools").and_then(Value::as_array);
            listed.is_some_and(|tools| tools.len() == prompt.tools.len())
        }
        _ => false,
    }
}

fn untold_of_message(message: &Message, at: &str, dropped: &mut Vec<String>) -> Result<(), Malformed> {
    if let Some((field, _)) = message.extra.iter().find(|(_, value)| !is_empty(value)) {
        return Err(refused(format!("{at}.{field}")));
    }
    untold_of_parts(&message.parts, at, dropped)
}

fn untold_of_parts(parts: &[Part], at: &str, dropped: &mut Vec<String>) -> Result<(), Malformed> {
    for (place, part) in parts.iter().enumerate() {
        let at = if at == "system" { format!("{at}.{place}") } else { format!("{at}.content.{place}") };
        match part {
            Part::Other { .. } => return Err(refused(at)),
            Part::Text { extra, .. } | Part::Image { extra, .. } => untold_of_block(extra, &at, dropped)?,
            Part::ToolCall(call) => untold_of_block(&call.extra, &at, dropped)?,
            Part::ToolResult { parts, extra, .. } => {
                untold_of_block(extra, &at, dropped)?;
                untold_of_parts(parts, &at, dropped)?;
            }
            Part::Reasoning { .. } => dropped.push(at),
            Part::Refusal { .. } => {}
        }
    }
    Ok(())
}

fn untold_of_block(extra: &Extra, at: &str, dropped: &mut Vec<String>) -> Result<(), Malformed> {
    for (field, value) in extra {
        if is_empty(value) || matches!(field.as_str(), "content" | "type") || *value == false {
            continue;
        }
        sort(format!("{at}.{field}"), DROPPED_OF_BLOCK.contains(&field.as_str()), dropped)?;
    }
    Ok(())
}

fn refused(field: String) -> Malformed {
    let message = format!(
        "{field}: this cannot be told to the provider of this model, which speaks another protocol; leave it \
         out, or ask a model whose provider speaks Anthropic's Messages"
    );
    Malformed::at(field, message)
}
