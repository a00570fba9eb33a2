//! Finding the few frames of a batch that matter without parsing the many that do not.
//!
//! A key stands between unescaped quotes, which the text of an answer cannot hold, so a needle
//! never matches within text; it may match in an object further inside. Whoever asks confirms a
//! hit by parsing its frame.

use std::sync::LazyLock;

use memchr::memmem::Finder;

static USAGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""usage""#));
static FINISH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""finish_reason""#));
static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""error""#));
static DONE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("[DONE]"));

/// Where token counts may be: `"usage": {`.
pub(super) fn usages(batch: &[u8]) -> impl Iterator<Item = usize> {
    let needle = USAGE.needle().len();
    USAGE.find_iter(batch).filter(move |at| value_after(&batch[at + needle..]).starts_with(b"{"))
}

/// Where an end may be: `"finish_reason": "…`.
pub(super) fn finishes(batch: &[u8]) -> impl Iterator<Item = usize> {
    let needle = FINISH.needle().len();
    FINISH.find_iter(batch).filter(move |at| {
        let value = value_after(&batch[at + needle..]);
        value.starts_with(b"\"") && !value.starts_with(b"\"\"")
    })
}

/// Where an error may be: `"error"`, as a key or as a kind of object.
pub(super) fn errors(batch: &[u8]) -> impl Iterator<Item = usize> {
    let needle = ERROR.needle().len();
    ERROR.find_iter(batch).filter(move |at| !value_after(&batch[at + needle..]).starts_with(b"null"))
}

/// Where the frame that ends the stream has its data: a line of its own.
pub(super) fn end_of_stream(batch: &[u8]) -> Option<usize> {
    let is_line = |at: &usize| {
        let before = batch[..*at].trim_ascii_end();
        let starts_line = |before: &[u8]| before.last().is_none_or(|byte| matches!(byte, b'\n' | b'\r'));
        before.strip_suffix(b"data:").is_some_and(starts_line)
            && ends_line(&batch[at + DONE.needle().len()..])
    };
    DONE.find_iter(batch).find(is_line)
}

fn ends_line(rest: &[u8]) -> bool {
    let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    rest[..end].trim_ascii().is_empty()
}

/// What follows a key's colon; nothing where there is no colon.
fn value_after(rest: &[u8]) -> &[u8] {
    match rest.trim_ascii_start().strip_prefix(b":") {
        Some(value) => value.trim_ascii_start(),
        None => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_whatever_space_follows_and_text_is_not_mistaken_for_them() {
        let batch = br#"{"usage":{} "usage" : { "usage":null "finish_reason":null "finish_reason": "stop" "finish_reason":"""#;
        assert_eq!(usages(batch).count(), 2);
        assert_eq!(finishes(batch).count(), 1);
        assert_eq!(usages(br#"{"content":"\"usage\":{}"}"#).count(), 0);
        assert_eq!(errors(br#"{"error":null} {"error":{}} {"object":"error"}"#).count(), 2);
    }

    #[test]
    fn the_end_is_a_line_of_its_own() {
        assert_eq!(end_of_stream(b"data: [DONE]\n\n"), Some(6));
        assert_eq!(end_of_stream(b"data: x\n\ndata:[DONE]\r\n\r\n"), Some(14));
        assert_eq!(end_of_stream(b"data: {\"content\":\"data: [DONE]\"}\n\n"), None);
        assert_eq!(end_of_stream(b"data: [DONE]!\n\n"), None);
    }
}
