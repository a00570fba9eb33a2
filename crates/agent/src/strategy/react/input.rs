//! What stands behind `Action Input:`.

use playhouse_llm::ToolSpec;
use serde_json::{Map, Value};

use super::mend::mend;

/// The object that an action's input is. What follows a JSON value is left out.
///
/// A model often writes the one thing a tool asks for as it is; with a tool that has one property it
/// is clear what is meant.
///
/// # Errors
/// What is wrong with it, for the model to read.
pub(super) fn read(written: &str, tool: Option<&ToolSpec>) -> Result<Value, String> {
    let written = unfenced(written).trim();
    if written.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    match first_value(written).or_else(|error| first_value(&mend(written)).map_err(|_| error)) {
        Ok(object @ Value::Object(_)) => Ok(object),
        Ok(Value::Null) => Ok(Value::Object(Map::new())),
        Ok(value) => as_only_property(value, tool)
            .ok_or_else(|| format!("Action Input must be one JSON object, not '{}'", shortened(written))),
        Err(_) if !written.starts_with(['{', '[']) && has_only_text(tool) => {
            as_only_property(Value::String(written.to_owned()), tool).ok_or_else(String::new)
        }
        Err(error) => Err(format!("Action Input is not valid JSON ({error}): '{}'", shortened(written))),
    }
}

/// The text within a code fence, if the text begins with one.
pub(super) fn unfenced(text: &str) -> &str {
    let Some(fenced) = text.trim_start().strip_prefix("```") else { return text };
    let Some((_language, body)) = fenced.split_once('\n') else { return fenced.trim_end_matches('`') };
    body.rfind("```").map_or(body, |end| &body[..end])
}

fn first_value(text: &str) -> Result<Value, serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = values.next().unwrap_or(Ok(Value::Null))?;
    let behind = &text[values.byte_offset()..];
    // `2 + 2` begins with a number, and is none.
    match value {
        Value::Object(_) | Value::Array(_) => Ok(value),
        _ if behind.lines().next().unwrap_or_default().trim().is_empty() => Ok(value),
        _ => serde_json::from_str(text),
    }
}

fn only_property(tool: Option<&ToolSpec>) -> Option<(&String, &Value)> {
    let properties = tool?.parameters.as_ref()?.get("properties")?.as_object()?;
    let mut named = properties.iter();
    named.next().filter(|_| named.next().is_none())
}

fn has_only_text(tool: Option<&ToolSpec>) -> bool {
    only_property(tool).is_some_and(|(_, schema)| schema["type"] == "string")
}

fn as_only_property(value: Value, tool: Option<&ToolSpec>) -> Option<Value> {
    let (name, schema) = only_property(tool)?;
    let value = match value {
        Value::String(_) => value,
        // A number is a text too, where a text is asked for.
        other if schema["type"] == "string" => Value::String(other.to_string()),
        other => other,
    };
    Some(Value::Object(Map::from_iter([(name.clone(), value)])))
}

fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 200;
    let mut short: String = text.chars().take(MAX_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
