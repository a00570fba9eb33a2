//! Who begins spans.

use std::sync::Arc;
use std::time::Instant;

use playhouse_llm::TraceContext;

use super::config::{ContentCapture, TelemetryConfig};
use super::protobuf::Message;
use super::queue::SpanQueue;
use super::sampler::Sampler;
use super::span::{Kind, Parent, Span};
use crate::trace::{SpanId, TraceParent};

/// Begins spans; cheap to clone. The default one begins none.
#[derive(Clone, Debug, Default)]
pub struct Tracer(Option<Arc<Recorder>>);

/// What the spans of a process have in common.
#[derive(Debug)]
pub(crate) struct Recorder {
    sampler: Sampler,
    captures_content: bool,
    queue: Arc<SpanQueue>,
}

impl Tracer {
    pub(super) fn new(config: &TelemetryConfig, queue: Arc<SpanQueue>) -> Self {
        Self(Some(Arc::new(Recorder {
            sampler: Sampler::new(config.sampler, config.sampler_arg),
            captures_content: config.capture_content == ContentCapture::SpanOnly,
            queue,
        })))
    }

    /// Whether it begins any spans.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Whether spans hold what was said.
    pub fn captures_content(&self) -> bool {
        self.0.as_ref().is_some_and(|recorder| recorder.captures_content)
    }

    /// Begins a span of what somebody else asks of this process, or of nobody's trace.
    pub(crate) fn enter(&self, caller: Option<&TraceContext>, kind: Kind, begun: Instant) -> Option<Span> {
        let recorder = self.0.as_ref()?;
        let parent = caller.and_then(|caller| Parent::of(caller, true));
        let caller = parent.as_ref().map(|parent| parent.span);
        let ids = caller.map_or_else(|| TraceParent::new(false), |caller| caller.child(SpanId::random()));
        let sampled = recorder.sampler.samples(ids.trace_id, caller.as_ref());
        Some(Span::begin(ids.sampled(sampled), parent, kind, begun, recorder))
    }

    /// Begins a span within one of this process; without one, a trace of its own.
    pub(crate) fn begin(&self, within: Option<&TraceContext>, kind: Kind) -> Option<Span> {
        let recorder = self.0.as_ref()?;
        let begun = Instant::now();
        let Some(parent) = within.and_then(|within| Parent::of(within, false)) else {
            return self.enter(None, kind, begun);
        };
        let ids = parent.span.child(SpanId::random());
        Some(Span::begin(ids, Some(parent), kind, begun, recorder))
    }
}

impl Recorder {
    /// Takes a span that has ended, which is written where it waits to be sent.
    #[inline]
    pub(super) fn take(&self, write: impl FnOnce(&mut Message)) {
        self.queue.push(write);
    }
}
