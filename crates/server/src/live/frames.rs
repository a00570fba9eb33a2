//! Server-sent events as bytes: each with a name, and native ones with an id that counts up.

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

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// With their ids.
    Numbered,
    /// Without: their data has a number of its own.
    Bare,
}

/// Events that have been written and not sent.
pub(super) struct Frames {
    form: Form,
    bytes: Vec<u8>,
    /// The name of each, and where its data lies.
    events: Vec<(Cow<'static, str>, Range<usize>)>,
}

impl Frames {
    /// Nothing yet, in this form.
    pub(super) fn new(form: Form) -> Self {
        Self { form, bytes: Vec::new(), events: Vec::new() }
    }

    /// Writes an event.
    pub(super) fn event(&mut self, id: u64, name: &'static str, data: &impl Serialize) {
        self.write(id, name.into(), |bytes| {
            // Writing to memory cannot fail, and these types always serialize.
            let _ = serde_json::to_writer(bytes, data);
        });
    }

    /// Writes an event whose data is bytes, on one line.
    pub(super) fn passed(&mut self, id: u64, name: String, data: &[u8]) {
        self.write(id, name.into(), |bytes| bytes.extend_from_slice(data));
    }

    fn write(&mut self, id: u64, name: Cow<'static, str>, write_data: impl FnOnce(&mut Vec<u8>)) {
        write_head(&mut self.bytes, self.form, id, &name);
        let begin = self.bytes.len();
        write_data(&mut self.bytes);
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
        let events = self.events.drain(..).map(|(name, range)| LiveEvent { name, data: bytes.slice(range) });
        let events = events.collect();
        (bytes, events)
    }
}

/// Events of a live stream as bytes again; the first has this id.
pub(super) fn written(form: Form, first_id: u64, events: &[LiveEvent]) -> Bytes {
    let mut bytes = Vec::with_capacity(events.iter().map(|event| event.data.len() + 64).sum());
    for (id, event) in (first_id..).zip(events) {
        write_head(&mut bytes, form, id, &event.name);
        bytes.extend_from_slice(&event.data);
        bytes.extend_from_slice(b"\n\n");
    }
    Bytes::from(bytes)
}

fn write_head(bytes: &mut Vec<u8>, form: Form, id: u64, name: &str) {
    // Writing to memory cannot fail.
    let _ = match form {
        Form::Numbered => write!(bytes, "id: {id}\nevent: {name}\ndata: "),
        Form::Bare => write!(bytes, "event: {name}\ndata: "),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_back_from_a_live_stream_are_the_same_bytes() {
        let mut frames = Frames::new(Form::Numbered);
        frames.event(7, "delta", &serde_json::json!({"content": "Hello\nthere"}));
        frames.event(8, "done", &serde_json::json!({}));
        let (bytes, events) = frames.take();
        assert_eq!(
            bytes,
            "id: 7\nevent: delta\ndata: {\"content\":\"Hello\\nthere\"}\n\nid: 8\nevent: done\ndata: {}\n\n"
        );
        assert_eq!(written(Form::Numbered, 7, &events), bytes);
        assert!(frames.is_empty());
    }

    #[test]
    fn data_may_have_its_own_number() {
        let mut frames = Frames::new(Form::Bare);
        frames.passed(7, "response.created".to_owned(), br#"{"sequence_number":6}"#);
        let (bytes, events) = frames.take();
        assert_eq!(bytes, "event: response.created\ndata: {\"sequence_number\":6}\n\n");
        assert_eq!(written(Form::Bare, 7, &events), bytes);
    }
}
