//! The events of an answer that is being written, each with its number.

use bytes::{Bytes, BytesMut};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::plain::write_json;
use crate::sse::Frame;

const TEXT: &str = "response.output_text.delta";

/// More of a text; it is written once for each piece of an answer.
#[derive(Serialize)]
struct TextEvent<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    sequence_number: u64,
    item_id: &'a str,
    output_index: usize,
    content_index: usize,
    delta: &'a str,
    logprobs: [(); 0],
}

/// Events that have been told and not been taken yet.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// How many have been told.
    count: u64,
    out: BytesMut,
}

impl Events {
    /// Tells an event, whose name is its type.
    pub(super) fn tell(&mut self, kind: &str, members: Value) {
        let mut event = Map::new();
        event.insert("type".to_owned(), kind.into());
        event.insert("sequence_number".to_owned(), self.count.into());
        if let Value::Object(members) = members {
            event.extend(members);
        }
        self.count += 1;
        Frame::new(&Value::Object(event).to_string()).named(kind).write_to(&mut self.out);
    }

    /// Tells more of a text, in the part of an item at these places.
    pub(super) fn tell_text(&mut self, item_id: &str, at: [usize; 2], delta: &str) {
        let [output_index, content_index] = at;
        let (kind, sequence_number) = (TEXT, self.count);
        let event =
            TextEvent { kind, sequence_number, item_id, output_index, content_index, delta, logprobs: [] };
        self.count += 1;
        write_json(Some(kind), &event, &mut self.out);
    }

    /// What has been told since this was asked last.
    pub(super) fn take(&mut self) -> Bytes {
        self.out.split().freeze()
    }

    /// Has the next event bear this number.
    pub(super) fn go_on_at(&mut self, number: u64) {
        self.count = number;
    }
}
