//! The form in which answers are kept: one byte that says which, then the protocol's own bytes.

use bytes::{BufMut, Bytes, BytesMut};
use playhouse_llm::Event;
use playhouse_wire::Codec;

/// A whole answer follows. The number changes with the form, so that what an older version kept is
/// not misread.
const WHOLE: u8 = 1;
/// The frames of a stream follow.
const FRAMES: u8 = 2;

/// The beginning of a kept answer.
pub(super) fn begin(is_whole: bool) -> BytesMut {
    let mut kept = BytesMut::new();
    kept.put_u8(if is_whole { WHOLE } else { FRAMES });
    kept
}

/// The events of a kept answer; `None` where it cannot be read.
pub(super) fn read(codec: &dyn Codec, mut kept: Bytes) -> Option<Vec<Event>> {
    if kept.is_empty() {
        return None;
    }
    let body = kept.split_off(1);
    match kept[0] {
        WHOLE => Some(vec![codec.read_reply(body).ok()?]),
        FRAMES => read_frames(codec, body),
        _ => None,
    }
}

fn read_frames(codec: &dyn Codec, frames: Bytes) -> Option<Vec<Event>> {
    let mut reader = codec.stream_reader(frames.len());
    reader.push(frames);
    let mut events = Vec::new();
    while let Some(event) = reader.next() {
        events.push(event.ok()?);
    }
    reader.finish().ok()?;
    Some(events)
}
