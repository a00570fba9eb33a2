//! Cutting one member out of a JSON object's bytes.

use std::ops::Range;

/// The whole member around a value: its key, the colon, and one comma.
///
/// `None` where the key is written in an unusual way, with escapes.
pub(super) fn member_around(bytes: &[u8], key: &str, value: &Range<usize>) -> Option<Range<usize>> {
    let before = bytes[..value.start].trim_ascii_end().strip_suffix(b":")?;
    let before = before.trim_ascii_end().strip_suffix(b"\"")?.strip_suffix(key.as_bytes())?;
    let before = before.strip_suffix(b"\"")?.trim_ascii_end();
    if let Some(before) = before.strip_suffix(b",") {
        return Some(before.len()..value.end);
    }
    let after = bytes[value.end..].trim_ascii_start();
    let after = after.strip_prefix(b",").unwrap_or(after);
    Some(before.len()..bytes.len() - after.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(object: &str, value: &str, expected: Option<&str>) {
        let start = object.find(value).unwrap();
        let member = member_around(object.as_bytes(), "key", &(start..start + value.len()));
        let cut = member.map(|member| format!("{}{}", &object[..member.start], &object[member.end..]));
        assert_eq!(cut.as_deref(), expected);
    }

    #[test]
    fn a_member_goes_with_one_comma() {
        check(r#"{"a":1,"key":7}"#, "7", Some(r#"{"a":1}"#));
        check(r#"{"a":1 , "key" : 7 , "b":2}"#, "7", Some(r#"{"a":1  , "b":2}"#));
        check(r#"{ "key":7 , "b":2}"#, "7", Some(r#"{ "b":2}"#));
        check(r#"{"key":7}"#, "7", Some("{}"));
        check(r#"{"\u006bey":7}"#, "7", None);
    }
}
