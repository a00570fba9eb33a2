//! The events of an answer that is being written, each with its number.

use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value};

use crate::sse::Frame;

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

    /// What has been told since this was asked last.
    pub(super) fn take(&mut self) -> Bytes {
        self.out.split().freeze()
    }

    /// Has the next event bear this number.
    pub(super) fn go_on_at(&mut self, number: u64) {
        self.count = number;
    }
}
