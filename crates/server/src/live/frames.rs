//! Native server-sent events as bytes: each with a name, and an id that counts up.

use std::borrow::Cow;
use std::io::Write;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use playhouse_store::shared::LiveEvent;
use serde::Serialize;

/// Silence longer than this is filled with a comment, so that nothing on the way hangs up.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The comment.
pub(super) const COMMENT: Bytes = Bytes::from_static(b": keep-alive\n\n");

/// Events that have been written and not sent.
#[derive(Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// The name of each, and where its data lies.
    events: Vec<(&'static str, Range<usize>)>,
}

impl Frames {
    /// Writes an event.
    pub(super) fn event(&mut self, id: u64, name: &'static str, data: &impl Serialize) {
        // Writing to memory cannot fail, and these types always serialize.
        let _ = write!(self.bytes, "id: {id}\nevent: {name}\ndata: ");
        let begin = self.bytes.len();
        let _ = serde_json::to_writer(&mut self.bytes, data);
        self.events.push((name, begin..self.bytes.len()));
        self.bytes.extend_from_slice(b"\n\n");
    }

    /// Whether nothing has been written.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What has been written: the bytes, and the same events one by one. They share their memory.
    pub(super) fn take(&mut self) -> (Bytes, Vec<LiveEvent>) {
        let bytes = Bytes::from(std::mem::take(&mut self.bytes));
        let events = self
            .events
            .drain(..)
            .map(|(name, range)| LiveEvent { name: Cow::Borrowed(name), data: bytes.slice(range) });
        let events = events.collect();
        (bytes, events)
    }
}

/// Events of a live stream as bytes again; the first has this id.
pub(super) fn written(first_id: u64, events: &[LiveEvent]) -> Bytes {
    let mut bytes = Vec::with_capacity(events.iter().map(|event| event.data.len() + 64).sum());
    for (id, event) in (first_id..).zip(events) {
        // Writing to memory cannot fail.
        let _ = write!(bytes, "id: {id}\nevent: {}\ndata: ", event.name);
        bytes.extend_from_slice(&event.data);
        bytes.extend_from_slice(b"\n\n");
    }
    Bytes::from(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_back_from_a_live_stream_are_the_same_bytes() {
        let mut frames = Frames::default();
        frames.event(7, "delta", &serde_json::json!({"content": "Hello\nthere"}));
        frames.event(8, "done", &serde_json::json!({}));
        let (bytes, events) = frames.take();
        assert_eq!(
            bytes,
            "id: 7\nevent: delta\ndata: {\"content\":\"Hello\\nthere\"}\n\nid: 8\nevent: done\ndata: {}\n\n"
        );
        assert_eq!(written(7, &events), bytes);
        assert!(frames.is_empty());
    }
}
