//! Gathering an answer on its way up, to keep it once it is complete.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::BytesMut;
use futures_core::Stream;
use playhouse_llm::{Error, Event, EventStream, Request};
use playhouse_wire::{Codec, Envelope, StreamWriter};

use super::cache::Place;
use super::kept;

/// An answer that is being gathered.
pub(super) struct Keeping {
    codec: &'static dyn Codec,
    envelope: Envelope,
    max_bytes: usize,
    place: Option<Place>,
    gathered: Option<BytesMut>,
    /// For events that are not in the codec's protocol.
    writer: Option<Box<dyn StreamWriter>>,
    has_finish: bool,
}

impl Keeping {
    pub(super) fn new(codec: &'static dyn Codec, request: &Request, max_bytes: usize, place: Place) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let envelope = Envelope {
            id: request.context.request_id.clone(),
            created: since.as_secs(),
            model: request.model.clone(),
            include_usage: true,
        };
        Self {
            codec,
            envelope,
            max_bytes,
            place: Some(place),
            gathered: None,
            writer: None,
            has_finish: false,
        }
    }

    /// The answer's events, gathered on their way.
    pub(super) fn follow(self, events: EventStream) -> EventStream {
        Box::pin(Kept { events, keeping: self })
    }

    /// Takes an event in; an answer that grows too large, or cannot be written, is not kept.
    fn take(&mut self, event: &Event) {
        if self.place.is_none() {
            return;
        }
        self.has_finish |= event.outline().finish.is_some();
        if self.try_take(event).is_none() {
            self.give_up();
        }
    }

    fn try_take(&mut self, event: &Event) -> Option<()> {
        let bytes = match event.is_whole() {
            true if self.gathered.is_some() => return None,
            true => self.codec.write_reply(event, &self.envelope).ok()?,
            false => match event.frames_in(self.codec.protocol()) {
                Some(frames) => frames.clone(),
                None => self.writer().event(event).ok()?,
            },
        };
        let gathered = self.gathered.get_or_insert_with(|| kept::begin(event.is_whole()));
        gathered.extend_from_slice(&bytes);
        (gathered.len() <= self.max_bytes).then_some(())
    }

    fn writer(&mut self) -> &mut dyn StreamWriter {
        let (codec, envelope) = (self.codec, &self.envelope);
        &mut **self.writer.get_or_insert_with(|| codec.stream_writer(envelope.clone()))
    }

    fn give_up(&mut self) {
        self.place = None;
        self.gathered = None;
    }

    /// Keeps what was gathered, if it is an answer with its end.
    fn keep(&mut self) {
        let (place, gathered) = (self.place.take(), self.gathered.take());
        let (Some(place), Some(mut gathered), true) = (place, gathered, self.has_finish) else { return };
        if let Some(writer) = &mut self.writer {
            gathered.extend_from_slice(&writer.end());
        }
        if gathered.len() <= self.max_bytes {
            place.keep(gathered.freeze());
        }
    }
}

/// The events of an answer on their way.
struct Kept {
    events: EventStream,
    keeping: Keeping,
}

impl Stream for Kept {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.events.as_mut().poll_next(context));
        match &item {
            Some(Ok(event)) => self.keeping.take(event),
            Some(Err(_)) => self.keeping.give_up(),
            None => self.keeping.keep(),
        }
        Poll::Ready(item)
    }
}
