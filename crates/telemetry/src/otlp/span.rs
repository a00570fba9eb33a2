//! A span: what it is called, when it was, what is said of it.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use playhouse_llm::TraceContext;

use super::protobuf::{Message, Value};
use super::tracer::Recorder;
use crate::trace::TraceParent;

/// On which side of what a span stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Internal = 1,
    Server = 2,
    Client = 3,
}

/// What a span is called: `{verb} {object}`, or the verb alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'a> {
    pub(crate) verb: &'a str,
    pub(crate) object: Option<&'a str>,
}

/// What a span is part of.
#[derive(Clone, Debug)]
pub(super) struct Parent {
    pub(super) span: TraceParent,
    pub(super) tracestate: Option<Arc<str>>,
    /// Whether it is another process's.
    pub(super) is_remote: bool,
}

/// A span that has begun. It ends when it is dropped. One that is not sampled has its ids, for those who
/// are asked on its behalf, and records nothing.
#[derive(Debug)]
pub(crate) struct Span {
    ids: TraceParent,
    tracestate: Option<Arc<str>>,
    recording: Option<Box<Recording>>,
}

/// A span as it will be sent, but for its end.
#[derive(Debug)]
struct Recording {
    recorder: Arc<Recorder>,
    message: Message,
    started: Instant,
    started_ns: u64,
    failed: bool,
}

/// Most spans take less.
const USUAL_BYTES: usize = 640;

/// Longer texts are cut: whoever calls may send any.
const MAX_TEXT_BYTES: usize = 1024;

/// The flag that says whether it is known that a parent is another process's, and the one that says so.
const KNOWS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// Fields of the message `Span`.
mod field {
    pub(super) const TRACE_ID: u32 = 1;
    pub(super) const SPAN_ID: u32 = 2;
    pub(super) const TRACE_STATE: u32 = 3;
    pub(super) const PARENT_SPAN_ID: u32 = 4;
    pub(super) const NAME: u32 = 5;
    pub(super) const KIND: u32 = 6;
    pub(super) const STARTED: u32 = 7;
    pub(super) const ENDED: u32 = 8;
    pub(super) const ATTRIBUTES: u32 = 9;
    pub(super) const STATUS: u32 = 15;
    pub(super) const FLAGS: u32 = 16;
}

/// The status of a span that failed.
const STATUS_ERROR: u64 = 2;

impl Span {
    /// Begins a span with these ids.
    pub(super) fn begin(
        ids: TraceParent,
        parent: Option<&Parent>,
        kind: Kind,
        name: Name<'_>,
        recorder: &Arc<Recorder>,
    ) -> Self {
        let recording =
            ids.is_sampled().then(|| Box::new(Recording::begin(ids, parent, kind, name, recorder.clone())));
        Self { ids, tracestate: parent.and_then(|parent| parent.tracestate.clone()), recording }
    }

    /// Whether anything that is said of it will be seen.
    pub(crate) fn is_recording(&self) -> bool {
        self.recording.is_some()
    }

    /// The span as those know it who are asked on its behalf.
    pub(crate) fn trace(&self) -> TraceContext {
        self.ids.context(self.tracestate.clone())
    }

    /// Says something of the span.
    pub(crate) fn say(&mut self, key: &str, value: Value<'_>) {
        if let Some(recording) = &mut self.recording {
            recording.message.attribute(field::ATTRIBUTES, key, value);
        }
    }

    /// Says a text.
    // Keys are known where they are said, so there they are copied by a few moves, without a call.
    #[inline(always)]
    pub(crate) fn say_text(&mut self, key: &str, text: &str) {
        let Some(recording) = &mut self.recording else { return };
        if !recording.message.short_attribute(field::ATTRIBUTES, key, text) {
            recording.message.attribute(field::ATTRIBUTES, key, Value::Text(cut(text, MAX_TEXT_BYTES)));
        }
    }

    /// Says a text whose length has been seen to.
    pub(crate) fn say_content(&mut self, key: &str, text: &str) {
        if let Some(recording) = &mut self.recording {
            recording.message.attribute(field::ATTRIBUTES, key, Value::Text(text));
        }
    }

    /// Says that it failed, and how.
    pub(crate) fn fail(&mut self, error_type: &str) {
        self.say_text("error.type", error_type);
        if let Some(recording) = &mut self.recording {
            recording.failed = true;
        }
    }

    /// How long it has lasted, in seconds; nought where nobody will know.
    pub(crate) fn elapsed_s(&self) -> f64 {
        self.recording.as_ref().map_or(0.0, |recording| recording.started.elapsed().as_secs_f64())
    }
}

impl Name<'_> {
    fn write(self, message: &mut Message) {
        let verb = cut(self.verb, MAX_TEXT_BYTES);
        let Some(object) = self.object else { return message.text(field::NAME, verb) };
        let object = cut(object, MAX_TEXT_BYTES.saturating_sub(verb.len() + 1));
        message.begin(field::NAME, verb.len() + 1 + object.len());
        message.go_on(verb.as_bytes());
        message.go_on(b" ");
        message.go_on(object.as_bytes());
    }
}

impl Recording {
    fn begin(
        ids: TraceParent,
        parent: Option<&Parent>,
        kind: Kind,
        name: Name<'_>,
        recorder: Arc<Recorder>,
    ) -> Self {
        let mut message = Message::with_capacity(USUAL_BYTES);
        message.bytes(field::TRACE_ID, &ids.trace_id.to_bytes());
        message.bytes(field::SPAN_ID, &ids.span_id.to_bytes());
        name.write(&mut message);
        message.varint(field::KIND, kind as u64);
        let mut flags = u32::from(ids.flags) | KNOWS_REMOTE;
        if let Some(parent) = parent {
            message.bytes(field::PARENT_SPAN_ID, &parent.span.span_id.to_bytes());
            parent.tracestate.iter().for_each(|state| message.text(field::TRACE_STATE, state));
            flags |= if parent.is_remote { IS_REMOTE } else { 0 };
        }
        message.fixed32(field::FLAGS, flags);
        let started_ns = unix_ns();
        message.fixed64(field::STARTED, started_ns);
        Self { recorder, message, started: Instant::now(), started_ns, failed: false }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let lasted_ns = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.message.fixed64(field::ENDED, self.started_ns.saturating_add(lasted_ns));
        if self.failed {
            self.message.message(field::STATUS, |status| status.varint(3, STATUS_ERROR));
        }
        self.recorder.take(self.message.as_bytes());
    }
}

/// A text's beginning, cut between two characters.
pub(super) fn cut(text: &str, max_bytes: usize) -> &str {
    if text.len() <= max_bytes { text } else { &text[..text.floor_char_boundary(max_bytes)] }
}

pub(super) fn unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The parent that a context names, in this process.
pub(super) fn parent_of(trace: Option<&TraceContext>, is_remote: bool) -> Option<Parent> {
    let trace = trace?;
    let span = TraceParent::of(trace)?;
    Some(Parent { span, tracestate: trace.tracestate.clone(), is_remote })
}
