//! A streamed answer as a response body.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use http_body::{Body, Frame};
use playhouse_llm::{Error, Event, EventStream};
use playhouse_wire::StreamWriter;

/// The headers of every stream of server-sent events: nothing on the way may hold it back.
pub const EVENT_STREAM_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
];

/// Events written in a protocol, one frame of the body each; dropped with the connection, it
/// cancels the call.
pub struct ProtocolStream {
    events: Option<EventStream>,
    writer: Box<dyn StreamWriter>,
    request_id: Arc<str>,
}

impl ProtocolStream {
    /// The body of an answer whose events the writer writes.
    pub fn new(events: EventStream, writer: Box<dyn StreamWriter>, request_id: Arc<str>) -> Self {
        Self { events: Some(events), writer, request_id }
    }

    fn write(&mut self, item: Option<Result<Event, Error>>) -> Bytes {
        let written = match item {
            Some(Ok(event)) => self.writer.event(&event),
            Some(Err(error)) => Err(error),
            None => {
                self.events = None;
                return self.writer.end();
            }
        };
        written.unwrap_or_else(|error| {
            self.events = None;
            self.writer.error(&error, &self.request_id)
        })
    }
}

impl Body for ProtocolStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        while let Some(events) = &mut self.events {
            let item = ready!(events.as_mut().poll_next(context));
            let bytes = self.write(item);
            if !bytes.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.events.is_none()
    }
}
