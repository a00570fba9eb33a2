//! The head of a request: what routing needs, read in one pass without touching the content.

use std::borrow::Cow;
use std::ops::Range;

use playhouse_llm::Malformed;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::named::Named;

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, deserialize_with = "raw")]
    model: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    messages: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    stream: Option<&'a RawValue>,
}

/// Reads the head of a body, which is checked to be one JSON object that asks for a message.
pub(super) fn read_head(body: &[u8]) -> Result<Named<'_>, Malformed> {
    let text = std::str::from_utf8(body).map_err(|_| unparsable("it is not UTF-8"))?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(unparsable("it is not a JSON object"));
    }
    let fields: Fields<'_> = serde_json::from_str(text).map_err(|error| unparsable(&error.to_string()))?;
    let model = fields.model.ok_or_else(|| missing("model"))?;
    check_messages(fields.messages)?;
    Ok(Named {
        model: read_name(model)?,
        model_at: place_of(model, text),
        stream: read_flag(fields.stream)?,
        stream_at: fields.stream.map(|raw| place_of(raw, text)),
    })
}

/// Unlike an `Option` of a raw value, this tells `null` from nothing.
fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

fn check_messages(messages: Option<&RawValue>) -> Result<(), Malformed> {
    let messages = messages.ok_or_else(|| missing("messages"))?;
    match messages.get().strip_prefix('[') {
        Some(items) if items.trim_ascii_start().starts_with(']') => {
            Err(Malformed::at("messages", "messages: at least one message is required"))
        }
        Some(_) => Ok(()),
        None => Err(Malformed::at("messages", "messages: Input should be a valid list")),
    }
}

fn read_name(raw: &RawValue) -> Result<Cow<'_, str>, Malformed> {
    let quoted = raw.get();
    let name = match quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(name) if !name.contains('\\') => Cow::Borrowed(name),
        Some(_) => Cow::Owned(serde_json::from_str(quoted).map_err(|error| unparsable(&error.to_string()))?),
        None => return Err(Malformed::at("model", "model: Input should be a valid string")),
    };
    match name.is_empty() {
        true => Err(Malformed::at("model", "model: String should have at least 1 character")),
        false => Ok(name),
    }
}

fn read_flag(raw: Option<&RawValue>) -> Result<bool, Malformed> {
    match raw.map(RawValue::get) {
        None | Some("null" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Malformed::at("stream", "stream: Input should be a valid boolean")),
    }
}

/// Where a value that was borrowed from the text stands in it.
fn place_of(raw: &RawValue, text: &str) -> Range<usize> {
    let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
    start..start + raw.get().len()
}

/// A field that is not there, in Anthropic's words.
pub(super) fn missing(field: &str) -> Malformed {
    Malformed::at(field, format!("{field}: Field required"))
}

/// A body that is no JSON object.
pub(super) fn unparsable(reason: &str) -> Malformed {
    Malformed::new(format!("The request body is not valid JSON: {reason}. Send one JSON object."))
}
