//! Parsing JSON objects from bytes that vendors and clients send.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// Parses one object.
///
/// Half of a surrogate pair, as JavaScript writes a character cut in two, is read as U+FFFD.
pub(crate) fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    match parse(bytes)? {
        Value::Object(map) => Ok(map),
        other => Err(format!("expected a JSON object, but got {}", kind_of(&other))),
    }
}

/// Parses one value; see [`parse_object`].
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let parsed = serde_json::from_slice(bytes).or_else(|error| match mend_surrogates(bytes) {
        Cow::Owned(mended) => serde_json::from_slice(&mended),
        Cow::Borrowed(_) => Err(error),
    });
    parsed.map_err(|error| error.to_string())
}

/// The bytes of a value; `to_string` goes through a formatter, at three times the cost.
pub(crate) fn written(value: &Value) -> Vec<u8> {
    // Values can always be written.
    serde_json::to_vec(value).unwrap_or_default()
}

/// What kind of value it is, with its article, as OpenAI names them.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Replaces the escapes of halves that stand alone.
fn mend_surrogates(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut mended = Cow::Borrowed(bytes);
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]) {
        at += found;
        let unit = escaped_unit(bytes, at);
        let is_pair = is_leading(unit) && escaped_unit(bytes, at + 6).is_some_and(is_trailing);
        if !is_pair && (is_leading(unit) || unit.is_some_and(is_trailing)) {
            mended.to_mut()[at..at + 6].copy_from_slice(br"\uFFFD");
        }
        at += match unit {
            Some(_) if is_pair => 12,
            Some(_) => 6,
            None => 2,
        };
        if at >= bytes.len() {
            break;
        }
    }
    mended
}

fn escaped_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(br"\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn is_leading(unit: Option<u16>) -> bool {
    unit.is_some_and(|unit| (0xD800..0xDC00).contains(&unit))
}

fn is_trailing(unit: u16) -> bool {
    (0xDC00..0xE000).contains(&unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_characters_are_replaced_and_pairs_are_kept() {
        let parsed = parse(br#"["\ud83d", "\ude00!", "\ud83d\ude00", "\\ud83d", "\ud83d\ud83d\ude00"]"#);
        let expected = serde_json::json!(["\u{FFFD}", "\u{FFFD}!", "😀", "\\ud83d", "\u{FFFD}😀"]);
        assert_eq!(parsed, Ok(expected));
    }

    #[test]
    fn what_is_broken_otherwise_stays_broken() {
        for bytes in [&b"{"[..], b"\\", b"\"\\u12", b"\"\\ud83", b"", b"\"\\ud83d", b"\xFF"] {
            assert!(parse(bytes).is_err(), "{bytes:?}");
        }
    }
}
