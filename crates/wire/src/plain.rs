//! Streams told in another protocol: nearly all of their frames are pieces of text, and are read and written as
//! no more.

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};
use playhouse_llm::{Chunk, Extra, Malformed, Quoted, TextPiece, Told};
use serde::Serialize;

use crate::alike::Alike;
use crate::sse;

/// How a protocol's frames are read as other protocols tell them.
pub(crate) struct Telling {
    /// Whether a frame's data says anything, though it be no event.
    pub(crate) holds: fn(&[u8]) -> bool,
    /// The text of an event that says nothing else in another protocol, read without taking it apart.
    pub(crate) text_of: fn(&str) -> Option<TextPiece<'_>>,
    /// The key, with its colon, of the number that events of texts have, which means nothing for what they say.
    pub(crate) number: Option<&'static str>,
    /// Any other event without what it carries, where it is written as nearly all are.
    pub(crate) plain_of: fn(&str) -> Option<Chunk>,
    /// An event, at least as far as `chunk_of` looks at it.
    pub(crate) event_of: fn(&[u8]) -> Result<Extra, String>,
    pub(crate) chunk_of: fn(Extra) -> Chunk,
}

impl Telling {
    /// Reads complete frames. Those that hold nothing are passed over.
    pub(crate) fn told<'a>(&self, frames: &'a [u8]) -> Result<Vec<Told<'a>>, Malformed> {
        let (mut told, mut rest) = (Vec::new(), sse::frames(frames));
        loop {
            let before = rest.rest();
            let Some(frame) = rest.next() else { return Ok(told) };
            let data = match frame.data {
                Cow::Borrowed(data) => str::from_utf8(data).ok(),
                Cow::Owned(_) => None,
            };
            if let Some(piece) = data.and_then(self.text_of) {
                told.push(Told::Text(piece.clone()));
                let frame = &before[..before.len() - rest.rest().len()];
                if let Some(alike) = Alike::learn(frame, piece.text.escaped(), self.number) {
                    told.reserve(rest.rest().len() / frame.len());
                    rest.skip_bytes(tell_alike(&alike, &piece, rest.rest(), &mut told));
                }
            } else if let Some(chunk) = data.and_then(self.plain_of) {
                told.push(Told::Plain(Box::new(chunk)));
            } else if (self.holds)(&frame.data) {
                let event = (self.event_of)(&frame.data).map_err(Malformed::new)?;
                told.push(Told::Plain(Box::new((self.chunk_of)(event).plain())));
            }
        }
    }
}

/// Tells the frames that are alike, as many as there are: frames that arrived together mostly are. Says how many
/// bytes those were.
fn tell_alike<'a>(
    alike: &Alike<'_>,
    piece: &TextPiece<'a>,
    frames: &'a [u8],
    told: &mut Vec<Told<'a>>,
) -> usize {
    let mut rest = frames;
    while let Some((literal, follows)) = alike.text_of(rest) {
        let Some(text) = literal.quoted() else { break };
        told.push(Told::Text(TextPiece { text, ..*piece }));
        rest = follows;
    }
    frames.len() - rest.len()
}

/// What stands around the texts of frames that differ in nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Mould {
    before: String,
    after: &'static str,
}

impl Mould {
    /// A mould of what stands before a text, within its quotes, and after it.
    pub(crate) fn new(before: String, after: &'static str) -> Self {
        Self { before, after }
    }

    /// Appends the frame of a text.
    pub(crate) fn write(&self, text: &Quoted<'_>, out: &mut BytesMut) {
        let text = text.escaped();
        out.reserve(self.before.len() + text.len() + self.after.len());
        out.extend_from_slice(self.before.as_bytes());
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(self.after.as_bytes());
    }
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
        // Texts, numbers and what was read can be written; what cannot is not said by half.
        Err(_) => out.truncate(before),
    }
}

/// Appends a frame of JSON that has been written, and has no line breaks.
pub(crate) fn write_data(name: &str, data: &str, out: &mut BytesMut) {
    for piece in ["event: ", name, "\ndata: ", data, "\n\n"] {
        out.extend_from_slice(piece.as_bytes());
    }
}

/// The bytes that what is told of an event will mostly take, whose frames of texts have so many around each.
pub(crate) fn room_for(arrived_bytes: usize, told: &[Told<'_>], frame_bytes: usize) -> usize {
    (arrived_bytes + arrived_bytes / 4).max(told.len() * frame_bytes + arrived_bytes / 4)
}
