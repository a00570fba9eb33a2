//! Content: one text, or a list of parts.

use playhouse_llm::{Extra, Part, Role, Shape};
use serde_json::{Value, json};

/// What kinds of content begin with that are shown to the model, and are no items.
const SHOWN: &str = "input_";

/// Reads content; `None` where it is neither text nor a list.
pub(super) fn read(content: Option<&Value>) -> Option<(Shape, Vec<Part>)> {
    match content? {
        Value::String(text) => Some((Shape::Plain, vec![Part::text(text.as_str())])),
        Value::Array(items) => Some((Shape::Parts, items.iter().map(read_part).collect())),
        _ => None,
    }
}

fn read_part(value: &Value) -> Part {
    let text = |key: &str| Some(value.get(key)?.as_str()?.to_owned());
    let read = match value.get("type").and_then(Value::as_str) {
        Some("input_text" | "output_text" | "text") => text("text").map(Part::text),
        Some("refusal") => text("refusal").map(|text| Part::Refusal { text }),
        Some("input_image") => text("image_url").map(|url| Part::Image { url, extra: Extra::new() }),
        _ => None,
    };
    read.unwrap_or_else(|| Part::Other { value: value.clone() })
}

/// Whether a part is written within a message's content rather than as an item of its own.
pub(super) fn is_content(part: &Part) -> bool {
    match part {
        Part::Text { .. } | Part::Refusal { .. } | Part::Image { .. } => true,
        Part::Other { value } => {
            value.get("type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with(SHOWN))
        }
        _ => false,
    }
}

/// Writes the content of what this role says; one bare text is written as such, if it came so.
pub(super) fn write(role: Role, shape: Shape, parts: &[&Part]) -> Value {
    match (shape, parts) {
        (Shape::Plain, [Part::Text { text, .. }]) => text.as_str().into(),
        _ => parts.iter().filter_map(|part| write_part(role, part)).collect(),
    }
}

/// Writes what a tool answered; texts alone are one.
pub(super) fn write_result(parts: &[Part]) -> Value {
    match parts {
        [] => "".into(),
        [Part::Text { text, .. }] => text.as_str().into(),
        _ => parts.iter().filter_map(|part| write_part(Role::Tool, part)).collect(),
    }
}

fn write_part(role: Role, part: &Part) -> Option<Value> {
    match part {
        Part::Text { text, .. } if role == Role::Assistant => {
            Some(json!({ "type": "output_text", "text": text, "annotations": [] }))
        }
        Part::Text { text, .. } => Some(json!({ "type": "input_text", "text": text })),
        Part::Refusal { text } if role == Role::Assistant => {
            Some(json!({ "type": "refusal", "refusal": text }))
        }
        Part::Refusal { text } => Some(json!({ "type": "input_text", "text": text })),
        Part::Image { url, .. } => Some(json!({ "type": "input_image", "detail": "auto", "image_url": url })),
        Part::Other { value } => Some(value.clone()),
        _ => None,
    }
}
