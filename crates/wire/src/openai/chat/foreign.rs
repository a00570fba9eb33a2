//! What is lost of a chat completions request when it is asked over another protocol.
//!
//! The table in `docs/protocols.md` lists the same fields for people.

use playhouse_llm::{Extra, Malformed, Message, Part, Prompt};
use serde_json::Value;

/// Fields of a request that say nothing of what is answered, or are hints.
const DROPPED: [&str; 14] = [
    "logit_bias",
    "metadata",
    "modalities",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "seed",
    "service_tier",
    "store",
    "stream_options",
    "user",
    "verbosity",
];
/// Fields of a message that say nothing of what is said.
const DROPPED_OF_MESSAGE: [&str; 4] = ["annotations", "cache_control", "name", "reasoning_details"];
/// What names the model and the wish for a stream, which go beside the prompt.
const BESIDE: [&str; 2] = ["model", "stream"];

/// The fields that may be dropped, by name; the first that must not is the error.
pub(super) fn untold(prompt: &Prompt) -> Result<Vec<String>, Malformed> {
    let mut dropped = Vec::new();
    for (field, value) in &prompt.extra {
        if BESIDE.contains(&field.as_str()) || says_nothing(field, value) || is_typed(prompt, field) {
            continue;
        }
        if !DROPPED.contains(&field.as_str()) {
            return Err(refused(field.clone()));
        }
        dropped.push(field.clone());
    }
    for (at, message) in prompt.messages.iter().enumerate() {
        untold_of_message(message, &format!("messages[{at}]"), &mut dropped)?;
    }
    Ok(dropped)
}

/// The value that is the same as saying nothing.
fn says_nothing(field: &str, value: &Value) -> bool {
    match field {
        "n" => value == 1,
        "frequency_penalty" | "presence_penalty" | "top_logprobs" => value.as_f64() == Some(0.0),
        "logprobs" => value == false,
        "response_format" => value["type"] == "text",
        "modalities" => value.as_array().is_some_and(|items| items.iter().all(|item| item == "text")),
        _ => is_empty(value),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// Whether a field that was kept because it is written in another way is known as a type as well.
fn is_typed(prompt: &Prompt, field: &str) -> bool {
    match field {
        "max_tokens" | "max_completion_tokens" => prompt.max_tokens.is_some(),
        "temperature" => prompt.temperature.is_some(),
        "top_p" => prompt.top_p.is_some(),
        "stop" => !prompt.stop.is_empty(),
        "response_format" => prompt.output.is_some(),
        "tool_choice" => prompt.tool_choice.is_some(),
        "functions" => !prompt.tools.is_empty(),
        "tools" => all_are_functions(prompt),
        _ => false,
    }
}

/// Tools are kept together with those that are no functions.
fn all_are_functions(prompt: &Prompt) -> bool {
    let listed = prompt.extra.get("tools").and_then(Value::as_array);
    listed.is_some_and(|tools| tools.len() == prompt.tools.len())
}

fn untold_of_message(message: &Message, at: &str, dropped: &mut Vec<String>) -> Result<(), Malformed> {
    for (field, value) in &message.extra {
        let is_known =
            matches!(field.as_str(), "role" | "content" | "tool_calls" | "function_call" | "tool_call_id");
        if is_empty(value) || (is_known && !message.parts.is_empty()) {
            continue;
        }
        if !DROPPED_OF_MESSAGE.contains(&field.as_str()) && !field.starts_with("reasoning") {
            return Err(refused(format!("{at}.{field}")));
        }
        dropped.push(format!("{at}.{field}"));
    }
    untold_of_parts(&message.parts, &format!("{at}.content"), dropped)
}

fn untold_of_parts(parts: &[Part], at: &str, dropped: &mut Vec<String>) -> Result<(), Malformed> {
    for (place, part) in parts.iter().enumerate() {
        match part {
            Part::Other { .. } => return Err(refused(format!("{at}[{place}]"))),
            Part::Text { extra, .. } | Part::Image { extra, .. } => {
                drop_all(extra, &format!("{at}[{place}]"), dropped)
            }
            Part::ToolResult { parts, .. } => untold_of_parts(parts, at, dropped)?,
            Part::Reasoning { .. } => dropped.push(format!("{at}[{place}]")),
            Part::Refusal { .. } | Part::ToolCall(_) => {}
        }
    }
    Ok(())
}

fn drop_all(extra: &Extra, at: &str, dropped: &mut Vec<String>) {
    dropped
        .extend(extra.iter().filter(|(_, value)| !is_empty(value)).map(|(field, _)| format!("{at}.{field}")));
}

fn refused(field: String) -> Malformed {
    let message = format!(
        "'{field}' cannot be told to the provider of this model, which speaks another protocol; leave it out, or \
         ask a model whose provider speaks OpenAI's chat completions"
    );
    Malformed::at(field, message)
}
