//! What is lost of a Responses request when it is asked over another protocol, and what of another protocol's
//! request cannot be said here.
//!
//! The table in `docs/protocols.md` lists the same fields for people.

use playhouse_llm::{Extra, Malformed, Prompt, Request};
use serde_json::Value;

use super::item::{CUSTOM_CALL, CUSTOM_OUTPUT, FUNCTION_CALL, FUNCTION_OUTPUT};
use super::{input, reasoning, tools};

/// Fields of a request that say nothing of what is answered, or are hints.
pub const DROPPED: [&str; 17] = [
    "context_management",
    "include",
    "max_tool_calls",
    "metadata",
    "moderation",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream_options",
    "text",
    "truncation",
    "user",
    "verbosity",
];
/// Fields of items and of their content that say nothing of what is said.
pub const DROPPED_OF_ITEM: [&str; 6] = ["annotations", "detail", "logprobs", "name", "phase", "summary"];
/// What goes beside the prompt, and what is read into it and stays where it was.
const BESIDE: [&str; 3] = ["model", "stream", "input"];
/// What every item has, or can have, for its vendor to tell it from others.
const OF_EVERY_ITEM: [&str; 3] = ["id", "status", "type"];
/// What is asked for by `include` and would be missed.
const LOGPROBS: &str = "message.output_text.logprobs";

/// The fields that may be dropped, by name; the first that must not is the error.
pub(super) fn untold(prompt: &Prompt) -> Result<Vec<String>, Malformed> {
    let mut dropped = Vec::new();
    for (field, value) in &prompt.extra {
        if BESIDE.contains(&field.as_str()) || says_nothing(field, value) || is_typed(prompt, field) {
            continue;
        }
        match field.as_str() {
            "text" | "reasoning" => untold_of_wishes(prompt, field, value, &mut dropped)?,
            "tools" => return Err(refused_tool(value)),
            "include" if has_logprobs(value) => return Err(refused(format!("include: {LOGPROBS}"))),
            field if DROPPED.contains(&field) => dropped.push(field.to_owned()),
            field => return Err(refused(field.to_owned())),
        }
    }
    for (at, tool) in prompt.tools.iter().enumerate() {
        untold_of(&tool.extra, &[], &format!("tools[{at}]"), &mut dropped)?;
    }
    let items = prompt.extra.get("input").and_then(Value::as_array).into_iter().flatten();
    for (at, item) in items.enumerate() {
        untold_of_item(item, &format!("input[{at}]"), &mut dropped)?;
    }
    Ok(dropped)
}

/// The value that is the same as saying nothing.
fn says_nothing(field: &str, value: &Value) -> bool {
    match field {
        "background" => *value == false,
        // Read into the prompt.
        "instructions" if value.is_string() => true,
        "top_logprobs" => *value == 0,
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
        "temperature" => prompt.temperature.is_some(),
        "top_p" => prompt.top_p.is_some(),
        "tool_choice" => prompt.tool_choice.is_some(),
        "tools" => {
            let listed = prompt.extra.get("tools").and_then(Value::as_array);
            listed.is_some_and(|tools| tools.len() == prompt.tools.len())
        }
        _ => false,
    }
}

/// The members of `text` and `reasoning` that are not known as types.
fn untold_of_wishes(
    prompt: &Prompt,
    field: &str,
    value: &Value,
    dropped: &mut Vec<String>,
) -> Result<(), Malformed> {
    for (key, value) in value.as_object().into_iter().flatten().filter(|(_, value)| !is_empty(value)) {
        let place = format!("{field}.{key}");
        match key.as_str() {
            "format" if prompt.output.is_some() || value["type"] == "text" => {}
            "format" => return Err(refused(place)),
            "effort" if prompt.reasoning.is_some() => {}
            _ => dropped.push(place),
        }
    }
    Ok(())
}

fn has_logprobs(include: &Value) -> bool {
    include.as_array().is_some_and(|items| items.iter().any(|item| item == LOGPROBS))
}

fn untold_of_item(item: &Value, at: &str, dropped: &mut Vec<String>) -> Result<(), Malformed> {
    let Some(fields) = item.as_object() else { return Ok(()) };
    let known: &[&str] = match fields.get("type").and_then(Value::as_str) {
        None | Some("message") if input::role_in(fields).is_none() => {
            return Err(refused(format!("{at}.role")));
        }
        None | Some("message") => &["role", "content"],
        Some(FUNCTION_CALL) => &["call_id", "name", "arguments"],
        Some(CUSTOM_CALL) => &["call_id", "name", "input"],
        Some(FUNCTION_OUTPUT | CUSTOM_OUTPUT) => &["call_id", "output"],
        // No vendor takes another's.
        Some(reasoning::KIND) => {
            dropped.push(at.to_owned());
            return Ok(());
        }
        Some(_) => return Err(refused(at.to_owned())),
    };
    if let Some(odd) = known.iter().find(|key| fields.get(**key).is_some_and(is_odd)) {
        return Err(refused(format!("{at}.{odd}")));
    }
    untold_of(fields, known, at, dropped)?;
    for key in ["content", "output"] {
        let parts = fields.get(key).and_then(Value::as_array).into_iter().flatten();
        for (place, part) in parts.enumerate() {
            untold_of_part(part, &format!("{at}.{key}[{place}]"), dropped)?;
        }
    }
    Ok(())
}

/// Whether a value is neither text nor a list, nor nothing.
fn is_odd(value: &Value) -> bool {
    !(value.is_string() || value.is_array() || value.is_null())
}

fn untold_of_part(part: &Value, at: &str, dropped: &mut Vec<String>) -> Result<(), Malformed> {
    let known: &[&str] = match part.get("type").and_then(Value::as_str) {
        Some("input_text" | "output_text" | "text") => &["text"],
        Some("refusal") => &["refusal"],
        Some("input_image") if part.get("image_url").is_some_and(Value::is_string) => &["image_url"],
        _ => return Err(refused(at.to_owned())),
    };
    let Some(fields) = part.as_object() else { return Ok(()) };
    untold_of(fields, known, at, dropped)
}

fn untold_of(fields: &Extra, known: &[&str], at: &str, dropped: &mut Vec<String>) -> Result<(), Malformed> {
    for (field, value) in fields {
        let name = field.as_str();
        if is_empty(value) || *value == false || known.contains(&name) || OF_EVERY_ITEM.contains(&name) {
            continue;
        }
        if !DROPPED_OF_ITEM.contains(&name) {
            return Err(refused(format!("{at}.{field}")));
        }
        dropped.push(format!("{at}.{field}"));
    }
    Ok(())
}

/// The first of the tools that is no function.
fn refused_tool(tools: &Value) -> Malformed {
    let mut listed = tools.as_array().into_iter().flatten().enumerate();
    let Some((at, tool)) = listed.find(|(_, tool)| tools::read_tool(tool).is_none()) else {
        return refused("tools".to_owned());
    };
    let kind = tool.get("type").and_then(Value::as_str).unwrap_or("nothing");
    let message = format!(
        "'tools[{at}]' is of type '{kind}', which the provider of this model does not know: it speaks another \
         protocol, which has functions alone; leave it out, or ask a model whose provider speaks OpenAI's Responses"
    );
    Malformed::at(format!("tools[{at}]"), message)
}

fn refused(field: String) -> Malformed {
    let advice = match field.as_str() {
        "previous_response_id" | "conversation" => "send what was said before as `input`",
        "background" => "ask without it",
        _ => "leave it out",
    };
    let message = format!(
        "'{field}' cannot be told to the provider of this model, which speaks another protocol; {advice}, or ask a \
         model whose provider speaks OpenAI's Responses"
    );
    Malformed::at(field, message)
}

/// What of a request made over another protocol has no place here: the first such field is the error. One that
/// is made of types goes without.
pub(super) fn check_sayable(request: &Request, prompt: &Prompt) -> Result<(), Malformed> {
    let unsaid = [("top_k", prompt.top_k.is_some()), ("stop", !prompt.stop.is_empty())];
    let found = unsaid.iter().find(|(_, is_there)| *is_there).map(|(field, _)| *field);
    let Some(field) = found else { return Ok(()) };
    if request.protocol().is_none() {
        request.context.trail.note_dropped(&[field.to_owned()]);
        return Ok(());
    }
    let what = if field == "stop" { "stop sequences" } else { field };
    let message = format!(
        "{what} cannot be told to the provider of this model, which speaks OpenAI's Responses, and that has none; \
         leave them out, or ask another model"
    );
    Err(Malformed::at(field, message))
}
