//! Who begins spans.

use std::sync::Arc;

use playhouse_llm::TraceContext;

use super::config::{ContentCapture, TelemetryConfig};
use super::queue::SpanQueue;
use super::sampler::Sampler;
use super::span::{Kind, Name, Span, parent_of};
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
    pub(crate) fn enter(&self, caller: Option<&TraceContext>, kind: Kind, name: Name<'_>) -> Option<Span> {
        let recorder = self.0.as_ref()?;
        let parent = parent_of(caller, true);
        let caller = parent.as_ref().map(|parent| parent.span);
        let ids = caller.map_or_else(|| TraceParent::new(false), |caller| caller.child(SpanId::random()));
        let sampled = recorder.sampler.samples(ids.trace_id, caller.as_ref());
        Some(Span::begin(ids.sampled(sampled), parent.as_ref(), kind, name, recorder))
    }

    /// Begins a span within one of this process; without one, a trace of its own.
    pub(crate) fn begin(&self, within: Option<&TraceContext>, kind: Kind, name: Name<'_>) -> Option<Span> {
        let recorder = self.0.as_ref()?;
        let Some(parent) = parent_of(within, false) else { return self.enter(None, kind, name) };
        let ids = parent.span.child(SpanId::random());
        Some(Span::begin(ids, Some(&parent), kind, name, recorder))
    }
}

impl Recorder {
    /// Takes a span that has ended.
    pub(super) fn take(&self, span: &[u8]) {
        self.queue.push(span);
    }
}
