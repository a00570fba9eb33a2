//! What the tests share: reading a stream in pieces, writing one, samples.

use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{Chunk, Collector, Error, Event, Reply};
use playhouse_wire::{Codec, Envelope, OpenAiChat, StreamReader};

pub(crate) const MAX_LINE_BYTES: usize = 1 << 20;

/// What came of reading a stream.
pub(crate) struct Read {
    pub(crate) events: Vec<Event>,
    pub(crate) end: Result<(), Error>,
}

/// Reads a stream in pieces of this many bytes.
pub(crate) fn read_in_pieces(stream: &[u8], piece_bytes: usize) -> Read {
    read_pieces(stream.chunks(piece_bytes.max(1)), MAX_LINE_BYTES)
}

/// Reads a stream that arrives in these pieces.
pub(crate) fn read_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, max_line_bytes: usize) -> Read {
    read_choices(pieces, max_line_bytes, 1)
}

/// Reads a stream that answers a request for so many alternatives.
pub(crate) fn read_choices<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    max_line_bytes: usize,
    choices: u32,
) -> Read {
    let mut reader = OpenAiChat.stream_reader(max_line_bytes);
    reader.expect_choices(choices);
    read_all(reader, pieces)
}

/// Reads a stream of this protocol in pieces of this many bytes.
pub(crate) fn read_with(codec: &dyn Codec, stream: &[u8], piece_bytes: usize) -> Read {
    read_all(codec.stream_reader(MAX_LINE_BYTES), stream.chunks(piece_bytes.max(1)))
}

fn read_all<'a>(mut reader: Box<dyn StreamReader>, pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let mut events = Vec::new();
    for piece in pieces {
        reader.push(Bytes::copy_from_slice(piece));
        if let Err(error) = drain(&mut *reader, &mut events) {
            return Read { events, end: Err(error) };
        }
    }
    Read { events, end: reader.finish() }
}

fn drain(reader: &mut dyn StreamReader, events: &mut Vec<Event>) -> Result<(), Error> {
    while let Some(event) = reader.next() {
        events.push(event?);
    }
    Ok(())
}

impl Read {
    /// The events of a stream that ended well.
    pub(crate) fn whole(self) -> Vec<Event> {
        self.end.unwrap();
        self.events
    }
}

/// The chunks of events, decoded.
pub(crate) fn chunks_of(events: &[Event]) -> Vec<Chunk> {
    events.iter().flat_map(|event| event.chunks().unwrap().to_vec()).collect()
}

/// The answer that events make together.
pub(crate) fn collect(events: &[Event]) -> Reply {
    let mut collector = Collector::default();
    chunks_of(events).iter().for_each(|chunk| collector.absorb(chunk));
    collector.into_reply()
}

/// Writes events as a stream that ends well.
pub(crate) fn write_stream(events: &[Event], include_usage: bool) -> Bytes {
    write_all(&OpenAiChat, events, include_usage)
}

/// Writes events as a stream of this protocol that ends well, and tells its token counts.
pub(crate) fn write_with(codec: &dyn Codec, events: &[Event]) -> Bytes {
    write_all(codec, events, true)
}

fn write_all(codec: &dyn Codec, events: &[Event], include_usage: bool) -> Bytes {
    let mut writer = codec.stream_writer(envelope(include_usage));
    let mut written = Vec::new();
    for event in events {
        written.extend_from_slice(&writer.event(event).unwrap());
    }
    written.extend_from_slice(&writer.end());
    written.into()
}

pub(crate) fn envelope(include_usage: bool) -> Envelope {
    Envelope { id: Arc::from("7"), created: 1_700_000_000, model: Arc::from("m-1"), include_usage }
}
