//! A span for every attempt, whose id the provider is told.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use futures_core::Stream;
use playhouse_llm::{BoxAnswer, Error, Event, EventStream, Provider, Request};
use playhouse_telemetry::Tracer;
use playhouse_telemetry::otlp::{ChatSpan, ChatTarget};

/// Makes a span of every attempt to have the provider it wraps answer, retries included.
pub struct Traced<P> {
    inner: P,
    tracer: Tracer,
    target: ChatTarget,
}

impl<P> Traced<P> {
    /// Wraps the provider that this target describes.
    pub fn new(inner: P, tracer: Tracer, target: ChatTarget) -> Self {
        Self { inner, tracer, target }
    }
}

// Written out rather than as an `async fn`: without a tracer, passing on needs no future of its own.
impl<P: Provider> Provider for Traced<P> {
    fn chat<'life, 'future>(&'life self, request: Request) -> BoxAnswer<'future>
    where
        'life: 'future,
        Self: 'future,
    {
        let Some(span) = ChatSpan::begin(&self.tracer, &self.target, &request) else {
            return self.inner.chat(request);
        };
        // Boxed: it goes through several hands, and is larger than all of them.
        let span = Box::new(span);
        let answer = self.inner.chat(request.as_span(span.trace()));
        if span.is_recording() { Box::pin(Attempt { answer, span: Some(span) }) } else { answer }
    }
}

/// An attempt that is recorded, until its answer begins.
// Not an `async fn`: its future would hold all of it twice, as arguments and in use.
struct Attempt<'a> {
    answer: BoxAnswer<'a>,
    span: Option<Box<ChatSpan>>,
}

impl Future for Attempt<'_> {
    type Output = Result<EventStream, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let answer = ready!(self.answer.as_mut().poll(context));
        let Some(mut span) = self.span.take() else { return Poll::Ready(answer) };
        Poll::Ready(match answer {
            Ok(events) => Ok(Box::pin(Recorded { events, span })),
            Err(error) => {
                span.end(Some(&error));
                Err(error)
            }
        })
    }
}

/// The events of an attempt that is recorded, on their way up.
struct Recorded {
    events: EventStream,
    span: Box<ChatSpan>,
}

impl Stream for Recorded {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.events.as_mut().poll_next(context));
        match &item {
            Some(Ok(event)) => self.span.observe(event),
            Some(Err(error)) => self.span.end(Some(error)),
            None => self.span.end(None),
        }
        Poll::Ready(item)
    }
}
