//! The id of an answer that only passes through.

use std::str;

/// The id in an object's first field, where vendors write it: without looking at the rest.
pub(super) fn leading_id(object: &[u8]) -> Option<&str> {
    let rest = after(after(after(object, b"{")?, b"\"id\"")?, b":")?;
    let value = after(rest, b"\"")?;
    let end = memchr::memchr2(b'"', b'\\', value)?;
    let id = value.get(..end).filter(|id| !id.is_empty() && value[end] == b'"')?;
    str::from_utf8(id).ok()
}

/// The same, of the first of these frames.
pub(super) fn leading_chunk_id(frames: &[u8]) -> Option<&str> {
    leading_id(after(frames, b"data:")?)
}

fn after<'a>(bytes: &'a [u8], token: &[u8]) -> Option<&'a [u8]> {
    bytes.trim_ascii_start().strip_prefix(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_in_the_first_field_is_found() {
        assert_eq!(leading_id(br#"{"id":"chatcmpl-1","object""#), Some("chatcmpl-1"));
        assert_eq!(leading_id(b"{\n  \"id\": \"chatcmpl-1\",\n"), Some("chatcmpl-1"));
        assert_eq!(leading_chunk_id(b"data: {\"id\":\"chatcmpl-1\"}\n\n"), Some("chatcmpl-1"));
    }

    #[test]
    fn one_that_is_elsewhere_or_odd_is_left_to_decoding() {
        for object in [
            r#"{"object":"x","id":"a"}"#,
            r#"{"id":"a\u0062"}"#,
            r#"{"id":null}"#,
            r#"{"id":""}"#,
            r#"{"id":"a"#,
            "",
        ] {
            assert_eq!(leading_id(object.as_bytes()), None, "{object}");
        }
    }
}
