//! A block of content: text, an image, a tool's call or result, reasoning.

use playhouse_llm::{Extra, Part, ToolCall};
use serde_json::{Map, Value, json};

use crate::fields::{Writing, take_object, take_string};

/// Where reasoning is that can be read.
pub(super) const THINKING: &str = "thinking";
/// Where reasoning is that cannot.
pub(super) const REDACTED: &str = "redacted_thinking";

/// Reads content that is one text or a list of blocks; `None` for anything else.
pub(super) fn read_content(value: &Value) -> Option<Vec<Part>> {
    match value {
        Value::String(text) => Some(vec![Part::text(text.as_str())]),
        Value::Array(items) => Some(items.iter().cloned().map(read).collect()),
        _ => None,
    }
}

/// Reads a block; one that cannot be written the same way again is carried whole.
pub(super) fn read(value: Value) -> Part {
    let read = value.as_object().cloned().and_then(|fields| read_known(fields, &value));
    match read {
        Some(part) if write(&part).as_ref() == Some(&value) => part,
        _ => Part::Other { value },
    }
}

fn read_known(mut fields: Extra, value: &Value) -> Option<Part> {
    let kind = take_string(&mut fields, "type")?;
    match kind.as_str() {
        "text" => Some(Part::Text { text: take_string(&mut fields, "text")?, extra: fields }),
        "image" => {
            Some(Part::Image { url: read_source(value.get("source")?)?, extra: without(fields, "source") })
        }
        "tool_use" => read_call(fields),
        "tool_result" => Some(read_result(fields)),
        THINKING => {
            let text = take_string(&mut fields, "thinking")?;
            Some(Part::Reasoning { text, field: THINKING.to_owned(), extra: fields })
        }
        REDACTED => Some(Part::Reasoning { text: String::new(), field: REDACTED.to_owned(), extra: fields }),
        _ => None,
    }
}

fn without(mut fields: Extra, key: &str) -> Extra {
    fields.shift_remove(key);
    fields
}

fn read_source(source: &Value) -> Option<String> {
    match source.get("type")?.as_str()? {
        "url" => Some(source.get("url")?.as_str()?.to_owned()),
        "base64" => {
            let (kind, data) = (source.get("media_type")?.as_str()?, source.get("data")?.as_str()?);
            Some(format!("data:{kind};base64,{data}"))
        }
        _ => None,
    }
}

fn write_source(url: &str) -> Value {
    let data = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match data {
        Some((kind, data)) => json!({ "type": "base64", "media_type": kind, "data": data }),
        None => json!({ "type": "url", "url": url }),
    }
}

fn read_call(mut fields: Extra) -> Option<Part> {
    let id = take_string(&mut fields, "id")?;
    let name = take_string(&mut fields, "name")?;
    let input = take_object(&mut fields, "input")?;
    let arguments = Value::Object(input).to_string();
    Some(Part::ToolCall(ToolCall { id, name, arguments, extra: fields }))
}

/// A result's content is kept as it came beside its parts, where they alone would be written otherwise.
fn read_result(mut fields: Extra) -> Part {
    let call_id = take_string(&mut fields, "tool_use_id").unwrap_or_default();
    let parts = fields.get("content").and_then(read_content).unwrap_or_default();
    if fields.get("content").is_some_and(|content| *content == write_result_content(&parts)) {
        fields.shift_remove("content");
    }
    Part::ToolResult { call_id, parts, extra: fields }
}

/// Writes a block; `None` for what this protocol has no block for.
pub(super) fn write(part: &Part) -> Option<Value> {
    match part {
        Part::Text { text, extra } => Some(block("text", extra, |out| out.set("text", text.as_str()))),
        Part::Refusal { text } => Some(json!({ "type": "text", "text": text })),
        Part::Image { url, extra } => Some(block("image", extra, |out| out.set("source", write_source(url)))),
        Part::ToolCall(call) => Some(write_call(call)),
        Part::ToolResult { call_id, parts, extra } => Some(write_result(call_id, parts, extra)),
        Part::Reasoning { text, field, extra } => write_reasoning(text, field, extra),
        Part::Other { value } => Some(value.clone()),
    }
}

fn block(kind: &str, extra: &Extra, fill: impl FnOnce(&mut Writing<'_>)) -> Value {
    let mut out = Writing::new(extra);
    out.set("type", kind);
    fill(&mut out);
    Value::Object(out.done())
}

fn write_call(call: &ToolCall) -> Value {
    block("tool_use", &call.extra, |out| {
        out.set("id", call.id.as_str());
        out.set("name", call.name.as_str());
        out.set("input", input_of(&call.arguments));
    })
}

/// The arguments as the object they must be here. What is no object is put into one: a model that wrote
/// it shall see it again.
pub(super) fn input_of(arguments: &str) -> Value {
    match serde_json::from_str(arguments) {
        Ok(Value::Object(fields)) => Value::Object(fields),
        _ if arguments.trim().is_empty() => Value::Object(Map::new()),
        _ => json!({ "arguments": arguments }),
    }
}

fn write_result(call_id: &str, parts: &[Part], extra: &Extra) -> Value {
    block("tool_result", extra, |out| {
        out.set("tool_use_id", call_id);
        let said = (!parts.is_empty()).then(|| parts.to_vec());
        out.set_kept("content", said.as_ref(), read_content, |parts| write_result_content(parts));
    })
}

/// One plain text is written as such.
fn write_result_content(parts: &[Part]) -> Value {
    match parts {
        [Part::Text { text, extra }] if extra.is_empty() => text.as_str().into(),
        parts => parts.iter().filter_map(write).collect(),
    }
}

/// Other vendors' reasoning means nothing here, and Anthropic takes its own back only as it sealed it.
fn write_reasoning(text: &str, field: &str, extra: &Extra) -> Option<Value> {
    match field {
        THINKING => Some(block(THINKING, extra, |out| out.set("thinking", text))),
        REDACTED => Some(block(REDACTED, extra, |_| {})),
        _ => None,
    }
}

/// Whether reasoning stands in a field of this protocol.
pub(super) fn is_own(field: &str) -> bool {
    matches!(field, THINKING | REDACTED)
}
