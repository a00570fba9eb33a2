//! Breaking the JSON in an event or a body.

use std::ops::Range;

use bytes::Bytes;

/// The same with one brace too many, which no parser takes.
pub(super) fn malformed(text: &[u8]) -> Bytes {
    let at = json_in(text).start;
    [&text[..at], b"{", &text[at..]].concat().into()
}

/// The same with a byte that no UTF-8 has, at the beginning of the last text in it.
pub(super) fn not_utf8(text: &[u8]) -> Bytes {
    let json = json_in(text);
    let opening = text[json.clone()].windows(3).rposition(|window| window == b"\":\"");
    let at = opening.map_or(json.end, |opening| json.start + opening + 3);
    [&text[..at], b"\xFF", &text[at..]].concat().into()
}

/// The same, its JSON ending after `byte` bytes of the text, or in its middle; always inside.
/// What ends an event stays, so that it is one that is read.
pub(super) fn truncated(text: &[u8], byte: Option<usize>) -> Bytes {
    let json = json_in(text);
    let middle = json.start + json.len() / 2;
    let last = json.end.saturating_sub(1).max(json.start);
    let at = byte.unwrap_or(middle).clamp((json.start + 1).min(last), last);
    [&text[..at], &text[json.end..]].concat().into()
}

/// Where the JSON stands: from its first brace to the line breaks at the end.
fn json_in(text: &[u8]) -> Range<usize> {
    let end = text.trim_ascii_end().len();
    let start = text.iter().position(|byte| matches!(byte, b'{' | b'[')).unwrap_or(0);
    start.min(end)..end
}
