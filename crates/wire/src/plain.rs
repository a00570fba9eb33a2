//! Streams told in another protocol: nearly all of their frames are pieces of text, and are read as no more.

use bytes::{BufMut, BytesMut};
use playhouse_llm::{Chunk, Extra, Malformed};
use serde::Serialize;

use crate::json;
use crate::sse::Frame;

/// Reads frames as other protocols tell them: those that `text_of` knows as pieces of text without taking them
/// apart, the others as their events.
pub(crate) fn plain_chunks<'a>(
    frames: impl Iterator<Item = Frame<'a>>,
    text_of: impl Fn(&[u8]) -> Option<Chunk>,
    chunk_of: impl Fn(Extra) -> Chunk,
) -> Result<Vec<Chunk>, Malformed> {
    let read = |frame: Frame<'a>| match text_of(&frame.data) {
        Some(chunk) => Ok(chunk),
        None => json::parse_object(&frame.data).map(|event| chunk_of(event).plain()).map_err(Malformed::new),
    };
    frames.map(read).collect()
}

/// Appends a frame whose data is this as JSON, which has no line breaks.
pub(crate) fn write_json(name: Option<&str>, data: &impl Serialize, out: &mut BytesMut) {
    let before = out.len();
    if let Some(name) = name {
        out.put_slice(b"event: ");
        out.put_slice(name.as_bytes());
        out.put_u8(b'\n');
    }
    out.put_slice(b"data: ");
    match serde_json::to_writer((&mut *out).writer(), data) {
        Ok(()) => out.put_slice(b"\n\n"),
        // Texts and numbers can be written; what cannot is not said by half.
        Err(_) => out.truncate(before),
    }
}
