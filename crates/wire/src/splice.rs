//! Named edits of a body that otherwise passes through byte by byte.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

/// The body with pieces of it replaced, in no order and not within each other; without any, the very same
/// bytes.
pub(crate) fn splice(body: &Bytes, mut edits: Vec<(Range<usize>, String)>) -> Bytes {
    if edits.is_empty() {
        return body.clone();
    }
    edits.sort_by_key(|(at, _)| (at.start, at.end));
    let added: usize = edits.iter().map(|(_, text)| text.len()).sum();
    let mut edited = BytesMut::with_capacity(body.len() + added);
    let mut copied = 0;
    for (at, text) in &edits {
        edited.extend_from_slice(&body[copied..at.start]);
        edited.extend_from_slice(text.as_bytes());
        copied = at.end;
    }
    edited.extend_from_slice(&body[copied..]);
    edited.freeze()
}
