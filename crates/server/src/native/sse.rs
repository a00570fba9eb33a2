//! Native server-sent events: each with a name, and an id that counts up.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use playhouse_edge::EVENT_STREAM_HEADERS;
use serde::Serialize;

/// Silence longer than this is filled with a comment, so that nothing on the way hangs up.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The comment.
pub(super) const COMMENT: Bytes = Bytes::from_static(b": keep-alive\n\n");

/// Writes events one after the other.
#[derive(Default)]
pub(super) struct SseWriter {
    written: u64,
    buffer: Vec<u8>,
}

impl SseWriter {
    /// Writes an event.
    pub(super) fn event(&mut self, name: &str, data: &impl Serialize) {
        use std::io::Write;
        self.written += 1;
        // Writing to memory cannot fail, and these types always serialize.
        let _ = write!(self.buffer, "id: {}\nevent: {name}\ndata: ", self.written);
        let _ = serde_json::to_writer(&mut self.buffer, data);
        self.buffer.extend_from_slice(b"\n\n");
    }

    /// Whether nothing waits to be sent.
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// What waits to be sent.
    pub(super) fn take(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.buffer))
    }
}

/// The response whose body is a stream of events.
pub(super) fn response(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let mut response = Response::new(Body::from_stream(events.map(Ok::<_, Infallible>)));
    response.headers_mut().extend(EVENT_STREAM_HEADERS.map(|(name, value)| (Some(name), value)));
    response
}
