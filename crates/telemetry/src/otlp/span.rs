//! A span: what it is called, when it was, what is said of it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use playhouse_llm::TraceContext;

use super::protobuf::{FIXED_32, FIXED_64, Message, VARINT, Value, tag};
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
#[derive(Debug)]
pub(super) struct Parent {
    pub(super) span: TraceParent,
    tracestate: Option<Arc<str>>,
    /// Whether it is another process's.
    is_remote: bool,
}

/// A span that has begun. It ends when it is closed, or dropped. One that is not sampled has its ids, for those
/// who are asked on its behalf, and records nothing.
#[derive(Debug)]
pub(crate) struct Span {
    ids: TraceParent,
    tracestate: Option<Arc<str>>,
    recording: Option<Recording>,
}

/// What is recorded of a span before its end.
#[derive(Debug)]
struct Recording {
    recorder: Arc<Recorder>,
    kind: Kind,
    /// The id of the span it is part of, and whether that is another process's.
    parent: Option<([u8; 8], bool)>,
    started: Instant,
    started_ns: u64,
    /// Fields that could not wait for the end: what is said there needs no memory of its own.
    said: Message,
}

/// What is said of a span: fields of its message.
pub(crate) struct Said<'a>(&'a mut Message);

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

impl Parent {
    /// The span that a context names.
    pub(super) fn of(trace: &TraceContext, is_remote: bool) -> Option<Self> {
        let span = TraceParent::of(trace)?;
        Some(Self { span, tracestate: trace.tracestate.clone(), is_remote })
    }
}

impl Span {
    /// Begins a span with these ids.
    pub(super) fn begin(
        ids: TraceParent,
        parent: Option<Parent>,
        kind: Kind,
        started: Instant,
        recorder: &Arc<Recorder>,
    ) -> Self {
        let recording = ids.is_sampled().then(|| Recording {
            recorder: recorder.clone(),
            kind,
            parent: parent.as_ref().map(|parent| (parent.span.span_id.to_bytes(), parent.is_remote)),
            started,
            started_ns: unix_ns(),
            said: Message::default(),
        });
        Self { ids, tracestate: parent.and_then(|parent| parent.tracestate), recording }
    }

    /// Whether anything that is said of it will be seen.
    pub(crate) fn is_recording(&self) -> bool {
        self.recording.is_some()
    }

    /// The span as those know it who are asked on its behalf.
    pub(crate) fn trace(&self) -> TraceContext {
        self.ids.context(self.tracestate.clone())
    }

    /// What can be said of it before its end; nothing of one that records nothing.
    pub(crate) fn said(&mut self) -> Option<Said<'_>> {
        self.recording.as_mut().map(|recording| Said(&mut recording.said))
    }

    /// Says what it is called.
    pub(crate) fn say_name(&mut self, name: Name<'_>) {
        self.said().iter_mut().for_each(|said| said.name(name));
    }

    /// Says a text.
    pub(crate) fn say_text(&mut self, key: &str, text: &str) {
        self.said().iter_mut().for_each(|said| said.text(key, text));
    }

    /// Says a text whose length has been seen to.
    pub(crate) fn say_content(&mut self, key: &str, text: &str) {
        self.said().iter_mut().for_each(|said| said.value(key, Value::Text(text)));
    }

    /// How long it has lasted; nothing where nobody will know.
    pub(crate) fn elapsed(&self) -> Duration {
        self.recording.as_ref().map_or(Duration::ZERO, |recording| recording.started.elapsed())
    }

    /// Ends the span, which has lasted so long; `say` says the rest of it.
    #[inline]
    pub(crate) fn close(&mut self, lasted: Duration, say: impl FnOnce(&mut Said<'_>)) {
        let Some(recording) = self.recording.take() else { return };
        recording.recorder.take(|message| {
            message.go_on(&recording.head(&self.ids, lasted));
            if let Some((parent, _)) = &recording.parent {
                message.bytes(field::PARENT_SPAN_ID, parent);
            }
            self.tracestate.iter().for_each(|state| message.text(field::TRACE_STATE, state));
            message.go_on(recording.said.as_bytes());
            say(&mut Said(message));
        });
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if self.is_recording() {
            self.close(self.elapsed(), |_| ());
        }
    }
}

impl Recording {
    /// The fields that every span has.
    #[inline]
    fn head(&self, ids: &TraceParent, lasted: Duration) -> [u8; 54] {
        const FLAGS: [u8; 2] = [(field::FLAGS << 3 | FIXED_32) as u8, (field::FLAGS >> 4) as u8];
        const STARTED: u8 = (field::STARTED << 3 | FIXED_64) as u8;
        const ENDED: u8 = (field::ENDED << 3 | FIXED_64) as u8;
        let is_remote = self.parent.is_some_and(|(_, is_remote)| is_remote);
        let flags = u32::from(ids.flags) | KNOWS_REMOTE | if is_remote { IS_REMOTE } else { 0 };
        let lasted_ns = u64::try_from(lasted.as_nanos()).unwrap_or(u64::MAX);
        let ended_ns = self.started_ns.saturating_add(lasted_ns);
        let mut head = [0; 54];
        head[..2].copy_from_slice(&[tag(field::TRACE_ID), 16]);
        head[2..18].copy_from_slice(&ids.trace_id.to_bytes());
        head[18..20].copy_from_slice(&[tag(field::SPAN_ID), 8]);
        head[20..28].copy_from_slice(&ids.span_id.to_bytes());
        head[28..30].copy_from_slice(&[(field::KIND << 3 | VARINT) as u8, self.kind as u8]);
        head[30..32].copy_from_slice(&FLAGS);
        head[32..36].copy_from_slice(&flags.to_le_bytes());
        head[36] = STARTED;
        head[37..45].copy_from_slice(&self.started_ns.to_le_bytes());
        head[45] = ENDED;
        head[46..].copy_from_slice(&ended_ns.to_le_bytes());
        head
    }
}

// Keys are known where they are said, so there they are copied by a few moves, without a call.
impl Said<'_> {
    /// Says what the span is called.
    #[inline]
    pub(crate) fn name(&mut self, name: Name<'_>) {
        let message = &mut *self.0;
        let verb = cut(name.verb, MAX_TEXT_BYTES);
        let Some(object) = name.object else { return message.text(field::NAME, verb) };
        let object = cut(object, MAX_TEXT_BYTES.saturating_sub(verb.len() + 1));
        message.begin(field::NAME, verb.len() + 1 + object.len());
        message.go_on(verb.as_bytes());
        message.go_on(b" ");
        message.go_on(object.as_bytes());
    }

    /// Says something.
    pub(crate) fn value(&mut self, key: &str, value: Value<'_>) {
        self.0.attribute(field::ATTRIBUTES, key, value);
    }

    /// Says a text.
    #[inline(always)]
    pub(crate) fn text(&mut self, key: &str, text: &str) {
        if !self.0.short_attribute(field::ATTRIBUTES, key, text) {
            self.value(key, Value::Text(cut(text, MAX_TEXT_BYTES)));
        }
    }

    /// Says a number.
    #[inline(always)]
    pub(crate) fn int(&mut self, key: &str, number: i64) {
        if !self.0.short_int_attribute(field::ATTRIBUTES, key, number) {
            self.value(key, Value::Int(number));
        }
    }

    /// Says a list of one text.
    #[inline(always)]
    pub(crate) fn list(&mut self, key: &str, text: &str) {
        if !self.0.short_list_attribute(field::ATTRIBUTES, key, text) {
            self.value(key, Value::Texts(&[cut(text, MAX_TEXT_BYTES)]));
        }
    }

    /// Says a count.
    #[inline(always)]
    pub(crate) fn count(&mut self, key: &str, count: u64) {
        self.int(key, i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Says what was written down before.
    pub(crate) fn again(&mut self, fields: &[u8]) {
        self.0.go_on(fields);
    }

    /// Says that it failed, and how.
    pub(crate) fn failure(&mut self, error_type: &str) {
        self.text("error.type", error_type);
        self.0.message(field::STATUS, |status| status.varint(3, STATUS_ERROR));
    }
}

/// What is said of many spans, written down once.
pub(super) fn written(say: impl FnOnce(&mut Said<'_>)) -> Vec<u8> {
    let mut message = Message::default();
    say(&mut Said(&mut message));
    message.into_bytes()
}

/// A text's beginning, cut between two characters.
pub(super) fn cut(text: &str, max_bytes: usize) -> &str {
    if text.len() <= max_bytes { text } else { &text[..text.floor_char_boundary(max_bytes)] }
}

pub(super) fn unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
