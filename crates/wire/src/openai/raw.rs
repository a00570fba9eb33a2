//! Values of a body that are looked at and left where they are, and what is wrong with them in OpenAI's words.

use std::borrow::Cow;
use std::ops::Range;

use playhouse_llm::Malformed;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::complaint;

pub(super) const STRING: &str = "a string";
pub(super) const OBJECT: &str = "an object";
pub(super) const ARRAY: &str = "an array";
pub(super) const BOOLEAN: &str = "a boolean";
pub(super) const NULL: &str = "null";
pub(super) const DECIMAL: &str = "a decimal";
pub(super) const INTEGER: &str = "an integer";

/// A value as it is written. Unlike an `Option` of a raw value, this tells `null` from nothing.
pub(super) fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de str>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(|raw| Some(raw.get()))
}

/// The text of a body that begins as an object does.
pub(super) fn text_of(body: &[u8]) -> Result<&str, Malformed> {
    let text = std::str::from_utf8(body).map_err(|_| complaint::unparsable("it is not UTF-8"))?;
    match text.trim_ascii_start().bytes().next() {
        Some(b'{') => Ok(text),
        None => Err(complaint::unparsable("it is empty")),
        Some(_) => Err(complaint::unparsable("it is not a JSON object")),
    }
}

/// What the parser found wrong.
pub(super) fn complain(error: serde_json::Error) -> Malformed {
    let reason = error.to_string();
    match reason.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next()) {
        Some(key) => complaint::repeated(key),
        None => complaint::unparsable(&reason),
    }
}

/// Reads the name of a model.
pub(super) fn read_name(raw: &str) -> Result<Cow<'_, str>, Malformed> {
    if !raw.starts_with('"') {
        return Err(complaint::wrong_type("model", STRING, kind_of(raw)));
    }
    let name = raw.trim_matches('"');
    let name = match name.contains('\\') {
        true => Cow::Owned(serde_json::from_str(raw).map_err(complain)?),
        false => Cow::Borrowed(name),
    };
    if name.is_empty() { Err(complaint::empty("model", STRING)) } else { Ok(name) }
}

/// Reads a flag that need not be there.
pub(super) fn read_flag(raw: Option<&str>, param: &str) -> Result<bool, Malformed> {
    match raw {
        None | Some("null" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(complaint::wrong_type(param, BOOLEAN, raw.map_or(NULL, kind_of))),
    }
}

/// Where a value that was borrowed from the text stands in it.
pub(super) fn place_of(raw: &str, text: &str) -> Range<usize> {
    let start = raw.as_ptr() as usize - text.as_ptr() as usize;
    start..start + raw.len()
}

/// What kind of value it is.
pub(super) fn kind_of(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'"') => STRING,
        Some(b'{') => OBJECT,
        Some(b'[') => ARRAY,
        Some(b't' | b'f') => BOOLEAN,
        Some(b'n') => NULL,
        _ if raw.contains(['.', 'e', 'E']) => DECIMAL,
        _ => INTEGER,
    }
}
