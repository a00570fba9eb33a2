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
    /// An event, at least as far as `chunk_of` looks at it.
    pub(crate) event_of: fn(&[u8]) -> Result<Extra, String>,
    pub(crate) chunk_of: fn(Extra) -> Chunk,
}

impl Telling {
    /// Reads complete frames. Those that hold nothing are passed over.
    pub(crate) fn told<'a>(&self, frames: &'a [u8]) -> Result<Vec<Told<'a>>, Malformed> {
        let (mut told, mut whole) = (Vec::new(), None);
        let mut rest = sse::frames(frames);
        loop {
            let start = frames.len() - rest.rest().len();
            let Some(frame) = rest.next() else { return Ok(told) };
            let end = frames.len() - rest.rest().len();
            let text = match frame.data {
                Cow::Borrowed(data) => str::from_utf8(data).ok().and_then(self.text_of),
                Cow::Owned(_) => None,
            };
            if let Some(piece) = text {
                told.push(Told::Text(piece.clone()));
                if end < frames.len() {
                    // Where something is no UTF-8, each frame is looked at by itself.
                    let whole = *whole.get_or_insert_with(|| str::from_utf8(frames).unwrap_or_default());
                    let frame = whole.get(start..end).unwrap_or_default();
                    let alike = Alike::learn(frame, piece.text.escaped(), self.number);
                    let follows = whole.get(end..).unwrap_or_default();
                    rest.skip_bytes(alike.map_or(0, |alike| tell_alike(&alike, &piece, follows, &mut told)));
                }
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
    frames: &'a str,
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

/// Room for what is written of an event that arrived as so many bytes: a little more, mostly.
pub(crate) fn room_for(arrived_bytes: usize) -> BytesMut {
    BytesMut::with_capacity(arrived_bytes + arrived_bytes / 4)
}
