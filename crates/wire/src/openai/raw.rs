//! Values of a request that are looked at where they stand, without being taken apart.

use std::borrow::Cow;
use std::ops::Range;

use playhouse_llm::Malformed;
use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;

use super::complaint;

pub(super) const STRING: &str = "a string";
pub(super) const OBJECT: &str = "an object";
pub(super) const ARRAY: &str = "an array";
pub(super) const BOOLEAN: &str = "a boolean";
pub(super) const NULL: &str = "null";
pub(super) const DECIMAL: &str = "a decimal";
pub(super) const INTEGER: &str = "an integer";

/// Unlike an `Option` of a raw value, this tells `null` from nothing.
pub(super) fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Checks that a body is one JSON object, as far as its first character tells.
pub(super) fn check_opening(text: &str) -> Result<(), Malformed> {
    match text.trim_ascii_start().bytes().next() {
        Some(b'{') => Ok(()),
        None => Err(complaint::unparsable("it is empty")),
        Some(_) => Err(complaint::unparsable("it is not a JSON object")),
    }
}

/// What OpenAI says of a body that serde does not take.
pub(super) fn complain(error: serde_json::Error) -> Malformed {
    let reason = error.to_string();
    match reason.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next()) {
        Some(key) => complaint::repeated(key),
        None => complaint::unparsable(&reason),
    }
}

/// The name of the model.
pub(super) fn read_name(raw: &RawValue) -> Result<Cow<'_, str>, Malformed> {
    if !raw.get().starts_with('"') {
        return Err(complaint::wrong_type("model", "a string", kind_of(raw)));
    }
    let name = raw.get().trim_matches('"');
    let name = match name.contains('\\') {
        true => Cow::Owned(serde_json::from_str(raw.get()).map_err(complain)?),
        false => Cow::Borrowed(name),
    };
    if name.is_empty() { Err(complaint::empty("model", STRING)) } else { Ok(name) }
}

/// Where a value that was borrowed from the text stands in it.
pub(super) fn place_of(raw: &RawValue, text: &str) -> Range<usize> {
    let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
    start..start + raw.get().len()
}

/// What kind of value it is, with its article.
pub(super) fn kind_of(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'"') => STRING,
        Some(b'{') => OBJECT,
        Some(b'[') => ARRAY,
        Some(b't' | b'f') => BOOLEAN,
        Some(b'n') => NULL,
        _ if raw.get().contains(['.', 'e', 'E']) => DECIMAL,
        _ => INTEGER,
    }
}
