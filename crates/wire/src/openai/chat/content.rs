//! A message's content: one string, or a list of parts.

use playhouse_llm::{Extra, Part, Shape};
use serde_json::{Value, json};

use super::fields::{Writing, carried_object, leave_rest, take_filled_string, take_object, take_string};

/// Where Mistral puts reasoning: into `thinking` parts of the content.
pub(super) const THINKING: &str = "content.thinking";

/// Content as types.
pub(super) type Content = (Shape, Vec<Part>);

/// Takes the content out of a message; what is neither string nor list is left.
pub(super) fn take_content(message: &mut Extra) -> Content {
    if let Some(text) = take_string(message, "content") {
        return (Shape::Plain, vec![Part::text(text)]);
    }
    match message.get("content") {
        Some(Value::Array(items)) if items.iter().all(is_exact) => match message.shift_remove("content") {
            Some(Value::Array(items)) => (Shape::Parts, items.into_iter().map(read_part).collect()),
            _ => Content::default(),
        },
        Some(kept) => read_content(kept).unwrap_or_default(),
        None => Content::default(),
    }
}

/// Writes the content, if there is any.
pub(super) fn write_content(out: &mut Writing<'_>, shape: Shape, parts: &[&Part]) {
    let content = (shape, parts.iter().map(|part| (*part).clone()).collect::<Vec<_>>());
    let is_absent = shape == Shape::Plain && parts.is_empty();
    out.set_kept("content", (!is_absent).then_some(&content), read_content, content_value);
}

/// Whether a part is written within the content rather than beside it.
pub(super) fn is_content(part: &Part) -> bool {
    match part {
        Part::Text { .. } | Part::Image { .. } | Part::Other { .. } => true,
        Part::Reasoning { field, .. } => field == THINKING,
        _ => false,
    }
}

fn read_content(value: &Value) -> Option<Content> {
    match value {
        Value::String(text) => Some((Shape::Plain, vec![Part::text(text.as_str())])),
        Value::Array(items) => Some((Shape::Parts, items.iter().cloned().map(read_part).collect())),
        _ => None,
    }
}

fn content_value((shape, parts): &Content) -> Value {
    let is_bare = |part: &Part| matches!(part, Part::Text { extra, .. } if extra.is_empty());
    if *shape == Shape::Parts || !parts.iter().all(is_bare) {
        return parts.iter().map(write_part).collect();
    }
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text { text, .. } => Some(text.as_str()),
        _ => None,
    });
    Value::String(texts.collect())
}

fn read_part(value: Value) -> Part {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
    let read = match kind {
        "text" => read_text(&value),
        "image_url" => read_image(&value),
        "thinking" => read_thinking(&value),
        _ => None,
    };
    read.unwrap_or(Part::Other { value })
}

pub(super) fn write_part(part: &Part) -> Value {
    match part {
        Part::Text { text, extra } => {
            let mut out = Writing::new(extra);
            out.set("type", "text");
            out.set("text", text.as_str());
            Value::Object(out.done())
        }
        Part::Image { url, extra } => write_image(url, extra),
        Part::Reasoning { text, .. } => write_thinking(text),
        Part::Other { value } => value.clone(),
        _ => Value::Null,
    }
}

fn read_text(value: &Value) -> Option<Part> {
    let mut extra = value.as_object()?.clone();
    let text = take_string(&mut extra, "text")?;
    extra.shift_remove("type");
    Some(Part::Text { text, extra })
}

/// OpenAI wraps the URL in an object; Mistral takes a bare string as well.
fn read_image(value: &Value) -> Option<Part> {
    let mut extra = value.as_object()?.clone();
    let url = match take_object(&mut extra, "image_url") {
        Some(mut image) => {
            let url = take_string(&mut image, "url")?;
            leave_rest(&mut extra, "image_url", image);
            url
        }
        None => extra.get("image_url")?.as_str()?.to_owned(),
    };
    extra.shift_remove("type");
    Some(Part::Image { url, extra })
}

fn write_image(url: &str, extra: &Extra) -> Value {
    let mut out = Writing::new(extra);
    out.set("type", "image_url");
    if extra.get("image_url").and_then(Value::as_str) != Some(url) {
        let rest = carried_object(extra, "image_url");
        let mut image = Writing::new(&rest);
        image.set("url", url);
        out.set("image_url", image.done());
    }
    Value::Object(out.done())
}

/// `{"type": "thinking", "thinking": [{"type": "text", "text": …}]}`, or one string.
pub(super) fn read_thinking(value: &Value) -> Option<Part> {
    let text = match value.get("thinking")? {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(|item| item.get("text")?.as_str()).collect(),
        _ => return None,
    };
    Some(Part::Reasoning { text, field: THINKING.to_owned(), extra: Extra::new() })
}

pub(super) fn write_thinking(text: &str) -> Value {
    json!({ "type": "thinking", "thinking": [{ "type": "text", "text": text }] })
}

/// All parts are read so that they are written the same way, but for `thinking` ones.
fn is_exact(item: &Value) -> bool {
    item.get("type").and_then(Value::as_str) != Some("thinking")
        || read_thinking(item).is_none_or(|part| write_part(&part) == *item)
}

/// The names reasoning has beside the content, in the order they are looked at.
const REASONING_FIELDS: [&str; 2] = ["reasoning_content", "reasoning"];

/// Takes the reasoning that stands beside the content: its field and text.
///
/// Some vendors send the same text under both names; then one is taken and one carried.
pub(super) fn take_reasoning(map: &mut Extra) -> Option<(String, &'static str)> {
    let filled = REASONING_FIELDS.iter().find_map(|field| Some((take_filled_string(map, field)?, *field)));
    filled.or_else(|| REASONING_FIELDS.iter().find_map(|field| Some((take_string(map, field)?, *field))))
}

/// The field that reasoning is written under: its own, or the usual one for one we do not know.
pub(super) fn reasoning_field(field: &str) -> &'static str {
    REASONING_FIELDS.iter().find(|known| **known == field).unwrap_or(&REASONING_FIELDS[0])
}
