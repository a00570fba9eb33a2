//! How an answer begins that is no event stream, though one was expected.

use playhouse_llm::Error;

use crate::sse::{lines, split_field};

/// How much of what has come is looked at before there is a frame.
const LOOKED_AT_BYTES: usize = 64;

/// Checks what has come of a frame: the first bytes of HTML or JSON can be told before a line of them is
/// complete.
pub(crate) fn check_pending(pending: &[u8]) -> Result<(), Error> {
    let opening = &pending[..pending.len().min(LOOKED_AT_BYTES)];
    match opening.trim_ascii_start().first() {
        Some(b'<' | b'{' | b'[') => Err(not_a_stream(pending)),
        _ => Ok(()),
    }
}

/// Checks a frame without data: lines that are no fields show that this is no event stream.
pub(crate) fn check_lines(frame: &[u8]) -> Result<(), Error> {
    if lines::lines(frame).all(is_field) { Ok(()) } else { Err(not_a_stream(frame)) }
}

fn is_field(line: &[u8]) -> bool {
    let (name, _) = split_field(line);
    matches!(name, b"" | b"data" | b"event" | b"id" | b"retry")
}

fn not_a_stream(bytes: &[u8]) -> Error {
    let what = match bytes.trim_ascii_start().first() {
        Some(b'<') => "HTML or XML",
        Some(b'{' | b'[') => "plain JSON",
        _ => "something else",
    };
    Error::bad_reply(format!("the upstream answered with {what} where a stream of events was expected"))
}
