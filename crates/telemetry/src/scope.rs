//! Whose request the current code works for.
//!
//! The scope belongs to the thread while the request's future, stream or closure runs on it, and
//! to nobody in between. It costs two swaps of a few words a poll.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::trace::{SpanId, TraceId, TraceParent};

/// The ids that every log line of a request carries.
///
/// ```
/// use playhouse_telemetry::{LoggingConfig, RequestScope, info, log};
///
/// let (lines, _guard) = log::capture(&LoggingConfig::default());
/// RequestScope::new("req_1").enter(|| info!(target: "playhouse::doc", "Hello"));
/// assert_eq!(lines.json()[0]["request_id"], "req_1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestScope {
    /// The request's id.
    pub request_id: Arc<str>,
    /// The trace it is part of, if any.
    pub trace_id: Option<TraceId>,
    /// The request's own span in that trace, if any.
    pub span_id: Option<SpanId>,
}

thread_local! {
    static CURRENT: RefCell<Option<RequestScope>> = const { RefCell::new(None) };
}

impl RequestScope {
    /// A scope that is part of no trace.
    pub fn new(request_id: impl Into<Arc<str>>) -> Self {
        Self { request_id: request_id.into(), trace_id: None, span_id: None }
    }

    /// The same scope as this span of a trace.
    #[must_use]
    pub fn traced(self, span: &TraceParent) -> Self {
        Self { trace_id: Some(span.trace_id), span_id: Some(span.span_id), ..self }
    }

    /// The scope the current code runs in.
    pub fn current() -> Option<Self> {
        let mut found = None;
        Self::with_current(|current| found = current.cloned());
        found
    }

    /// Looks at the scope the current code runs in; `look` must not enter another.
    pub(crate) fn with_current(mut look: impl FnMut(Option<&Self>)) {
        let looked = CURRENT.try_with(|current| match current.try_borrow() {
            Ok(current) => look(current.as_ref()),
            Err(_) => look(None),
        });
        // A thread that is ending has none any more.
        if looked.is_err() {
            look(None);
        }
    }

    /// Runs a future, or polls a stream, in this scope; it is dropped there too.
    pub fn run<T>(self, inner: T) -> Scoped<T> {
        Scoped { scope: Some(self), inner: Some(inner) }
    }

    /// Runs a closure in this scope.
    pub fn enter<R>(&self, run: impl FnOnce() -> R) -> R {
        let mut scope = Some(self.clone());
        let _within = Within::enter(&mut scope);
        run()
    }
}

impl From<&playhouse_llm::Context> for RequestScope {
    /// The ids of a request on its way through the providers.
    fn from(context: &playhouse_llm::Context) -> Self {
        let scope = Self::new(Arc::clone(&context.request_id));
        let trace = context.trace.as_ref();
        match trace.and_then(TraceParent::of) {
            Some(span) => scope.traced(&span),
            None => scope,
        }
    }
}

pin_project! {
    /// A future or stream that runs, and ends, in a [`RequestScope`].
    #[derive(Debug)]
    #[must_use = "futures and streams do nothing unless polled"]
    pub struct Scoped<T> {
        scope: Option<RequestScope>,
        #[pin]
        inner: Option<T>,
    }

    impl<T> PinnedDrop for Scoped<T> {
        // What is logged when a request is given up belongs to the request.
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _within = Within::enter(this.scope);
            this.inner.set(None);
        }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _within = Within::enter(this.scope);
        this.inner.as_pin_mut().map_or(Poll::Pending, |inner| inner.poll(context))
    }
}

impl<S: Stream> Stream for Scoped<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let _within = Within::enter(this.scope);
        this.inner.as_pin_mut().map_or(Poll::Ready(None), |inner| inner.poll_next(context))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

/// The time within a scope: the scope and the one outside change places, and back at the end.
struct Within<'a>(&'a mut Option<RequestScope>);

impl<'a> Within<'a> {
    fn enter(scope: &'a mut Option<RequestScope>) -> Self {
        swap_current(scope);
        Self(scope)
    }
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        swap_current(self.0);
    }
}

fn swap_current(scope: &mut Option<RequestScope>) {
    // A thread that is ending has no current scope any more; its last lines go without.
    let _ = CURRENT.try_with(|current| {
        if let Ok(mut current) = current.try_borrow_mut() {
            // Not `mem::swap`, which goes through memory a few bytes at a time.
            *scope = std::mem::replace(&mut *current, scope.take());
        }
    });
}
