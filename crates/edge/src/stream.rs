//! A streamed answer as a response body.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use http_body::{Body, Frame};
use playhouse_llm::{Error, Event, EventStream};
use playhouse_wire::StreamWriter;
use tokio::time::{Instant, Sleep, sleep};

/// The headers of every stream of server-sent events: nothing on the way may hold it back.
pub const EVENT_STREAM_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
];

/// After so much silence, or a little more, a stream says that it lives, where its protocol has a word for it.
const SILENCE: Duration = Duration::from_secs(10);

/// Events written in a protocol, one frame of the body each; dropped with the connection, it
/// cancels the call.
pub struct ProtocolStream {
    events: Option<EventStream>,
    writer: Box<dyn StreamWriter>,
    request_id: Arc<str>,
    pulse: Option<Pulse>,
}

impl ProtocolStream {
    /// The body of an answer whose events the writer writes; `keep_alive` is said in silence.
    pub fn new(
        events: EventStream,
        writer: Box<dyn StreamWriter>,
        request_id: Arc<str>,
        keep_alive: Option<Bytes>,
    ) -> Self {
        Self { events: Some(events), writer, request_id, pulse: keep_alive.map(Pulse::new) }
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

impl ProtocolStream {
    fn poll_pulse(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.pulse.as_mut().map(|pulse| pulse.poll(context)) {
            Some(Poll::Ready(sign)) => Poll::Ready(Some(Ok(Frame::data(sign)))),
            Some(Poll::Pending) | None => Poll::Pending,
        }
    }
}

/// What is said in silence, and when. Whoever speaks only leaves a mark: nothing is timed for it.
struct Pulse {
    sign: Bytes,
    has_spoken: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pulse {
    fn new(sign: Bytes) -> Self {
        Self { sign, has_spoken: false, timer: None }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Bytes> {
        loop {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(SILENCE)));
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            timer.as_mut().reset(Instant::now() + SILENCE);
            if !std::mem::take(&mut self.has_spoken) {
                return Poll::Ready(self.sign.clone());
            }
        }
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
            let Poll::Ready(item) = events.as_mut().poll_next(context) else {
                return self.poll_pulse(context);
            };
            let bytes = self.write(item);
            if !bytes.is_empty() {
                self.pulse.iter_mut().for_each(|pulse| pulse.has_spoken = true);
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.events.is_none()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::BodyExt;
    use playhouse_llm::{Chunk, FinishReason};
    use playhouse_wire::{AnthropicMessages, Codec, Envelope, OpenAiChat};
    use tokio::time::sleep;

    use super::*;

    /// What a stream says whose second word comes after so many seconds.
    async fn said(codec: &'static dyn Codec, wait_s: u64) -> String {
        let later = stream::once(async move {
            sleep(Duration::from_secs(wait_s)).await;
            Ok(Event::chunk(Chunk::text("there")))
        });
        let begin = stream::iter([Ok(Event::chunk(Chunk::text("Hello")))]);
        let end = stream::iter([Ok(Event::chunk(Chunk::finish(FinishReason::Stop)))]);
        let events: EventStream =
            Box::pin(futures_util::StreamExt::chain(futures_util::StreamExt::chain(begin, later), end));
        let envelope =
            Envelope { id: Arc::from("1"), created: 0, model: Arc::from("m"), include_usage: true };
        let writer = codec.stream_writer(envelope);
        let body = ProtocolStream::new(events, writer, Arc::from("r"), codec.keep_alive());
        String::from_utf8_lossy(&body.collect().await.unwrap_or_else(|never| match never {}).to_bytes())
            .into()
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_filled_where_the_protocol_has_a_word_for_it() {
        let pings = |text: String| text.matches("event: ping\n").count();
        let usual = pings(said(&AnthropicMessages, 0).await);
        assert_eq!(pings(said(&AnthropicMessages, 9).await), usual);
        // One word was said before, so the first ten seconds only say that it has become silent.
        assert_eq!(pings(said(&AnthropicMessages, 35).await), usual + 2);
        assert_eq!(pings(said(&OpenAiChat, 35).await), 0);
    }
}
