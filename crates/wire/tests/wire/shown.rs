//! Everything that reads bytes, so that it can be shown any. What is read is written again, for callers and
//! upstreams of every protocol, because what is decoded late must not panic either.
//!
//! The laws show it what is made up and what was recorded and then damaged; `fuzz/` has a target for each.

use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{Chunk, Error, Event, Operation, Reply, Request};
use playhouse_wire::openai::models::ModelList;
use playhouse_wire::openai::responses::state::{self, Ended, Mark, Telling};
use playhouse_wire::openai::responses::{RequestHead, Transcript, with_history};
use playhouse_wire::sse::{FrameCutter, frames};
use playhouse_wire::{Codec, Dialect, Envelope, StreamReader, UpstreamAnswer, codecs, routed};

const MAX_LINE_BYTES: usize = 64 << 10;

/// Shows bytes to everything.
pub(crate) fn everything(bytes: &[u8]) {
    sse(bytes);
    for codec in routed() {
        request(codec, bytes);
        reply(codec, bytes);
        error(codec, bytes);
    }
    for codec in codecs() {
        stream(*codec, bytes);
        models(*codec, bytes);
    }
    kept(bytes);
}

/// The framing of event streams.
pub(crate) fn sse(bytes: &[u8]) {
    let read = |run: &[u8]| frames(run).for_each(|frame| drop(frame.text().into_owned()));
    read(bytes);
    for piece_bytes in pieces_of(bytes) {
        let mut cutter = FrameCutter::new(MAX_LINE_BYTES);
        for piece in bytes.chunks(piece_bytes) {
            let Ok(cut) = cutter.push(Bytes::copy_from_slice(piece)) else { break };
            cut.iter().for_each(|run| read(run));
        }
    }
}

/// What reads requests, by their heads and as types, and writes them to upstreams of every protocol.
pub(crate) fn request(codec: &'static dyn Codec, bytes: &[u8]) {
    if let Ok(prompt) = codec.prompt(bytes) {
        let _ = codec.untold(&prompt);
    }
    let _ = codec.embedding(bytes);
    let Ok(incoming) = codec.read_request(Bytes::copy_from_slice(bytes)) else { return };
    codec.manner(&incoming.request);
    let stream = incoming.request.stream;
    let asked = incoming.request.for_model(Arc::from("another \"model\""));
    for request in [&asked, &asked.clone().streamed(!stream)] {
        write_everywhere(codec, request);
    }
}

/// What reads requests and answers that are kept, to go on with them later.
pub(crate) fn kept(bytes: &[u8]) {
    let _ = RequestHead::read(bytes);
    let _ = with_history(bytes, &[]);
    let mut transcript = Transcript::default();
    transcript.absorb(&Bytes::copy_from_slice(bytes));
    let _ = (transcript.response(), transcript.failed("c", "m"), transcript.cancelled());
    stored(bytes);
}

/// The same where this server keeps them: what is sent on, the mark on an answer and on its events, its items.
fn stored(bytes: &[u8]) {
    state::is_stateless(bytes);
    if let Ok(head) = RequestHead::read(bytes) {
        let _ = state::told_upstream(bytes, &head, &head.input);
        let _ = state::referenced(&head.input).count();
        let _ = state::resolved(&head.input, &[]);
        state::listed("resp_1", &head.input.into(), None);
    }
    let body = Bytes::copy_from_slice(bytes);
    let mark = Mark { id: "resp_1".into(), created: 7, previous: None, store: true, background: true };
    let response = mark.whole(&body).unwrap_or_default();
    state::said_again(&response, &response);
    let _ = state::made_in(&response).count();
    Telling::of(mark.clone()).marked(&body);
    let mut telling = Telling::of(mark);
    telling.events(&body);
    telling.fail(&response, "failed", Some(("c", "m")));
    let _ = Ended::event(&Ended::of(response, "cancelled", None), 0);
}

fn write_everywhere(codec: &'static dyn Codec, request: &Request) {
    for stream_usage in [true, false] {
        let dialect = Dialect { stream_usage };
        let passed = codec.write_request(request, &dialect);
        assert!(passed.is_ok(), "what was read cannot be passed on: {passed:?}");
        for other in routed() {
            let _ = other.write_request(request, &dialect);
        }
    }
    if request.operation() == Operation::Chat {
        let told = codec.write_reply_to(request, &Event::reply(Reply::text("x")), &envelope(true));
        assert!(told.is_ok(), "what was read cannot be answered: {told:?}");
    }
}

/// What reads whole answers, and writes them to callers of every protocol.
pub(crate) fn reply(codec: &'static dyn Codec, bytes: &[u8]) {
    let _ = codec.reply(bytes);
    let _ = codec.reply_id(bytes);
    let body = Bytes::copy_from_slice(bytes);
    if let Some(counting) = codec.counting() {
        let _ = counting.read_count(body.clone()).map(|count| counting.write_count(&count));
    }
    if let Ok(event) = codec.read_reply(body) {
        event.answer_id();
        for other in routed() {
            let _ = other.write_reply(&event, &envelope(true));
        }
    }
}

/// What reads streamed answers, however they arrive, and writes them to callers of every protocol.
pub(crate) fn stream(codec: &'static dyn Codec, bytes: &[u8]) {
    if let Ok(chunks) = codec.chunks(bytes) {
        let plain: Vec<Chunk> = chunks.iter().map(Chunk::plain).collect();
        let told = codec.told(bytes).map(|told| told.iter().map(|told| told.chunk().into_owned()).collect());
        assert_eq!(told, Ok(plain), "what is read quickly is what is read whole");
    }
    let _ = codec.told(bytes);
    let _ = codec.chunk_id(bytes);
    for piece_bytes in pieces_of(bytes) {
        let mut reader = codec.stream_reader(MAX_LINE_BYTES);
        reader.expect_choices(2);
        let (events, end) = read(&mut *reader, bytes.chunks(piece_bytes));
        for other in codecs() {
            write(*other, &events, end.as_ref().err());
        }
    }
}

fn read<'a>(
    reader: &mut dyn StreamReader,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<Event>, Result<(), Error>) {
    let mut events = Vec::new();
    for piece in pieces {
        reader.push(Bytes::copy_from_slice(piece));
        while let Some(event) = reader.next() {
            match event {
                Ok(event) => events.push(event),
                Err(error) => return (events, Err(error)),
            }
        }
    }
    (events, reader.finish())
}

fn write(codec: &dyn Codec, events: &[Event], failure: Option<&Error>) {
    for include_usage in [true, false] {
        let mut writer = codec.stream_writer(envelope(include_usage));
        events.iter().for_each(|event| drop(writer.event(event)));
        // Once more as types, as whoever makes them up has them.
        let typed = events.iter().flat_map(|event| event.chunks().unwrap_or_default().to_vec());
        typed.for_each(|chunk| drop(writer.event(&Event::chunk(chunk))));
        match failure {
            Some(error) => writer.error(error, "r"),
            None => writer.end(),
        };
    }
}

/// What reads refusals, and tells them to callers of every protocol.
pub(crate) fn error(codec: &'static dyn Codec, bytes: &[u8]) {
    for status in [200, 400, 429, 503] {
        let body = Bytes::copy_from_slice(bytes);
        let error =
            codec.read_error(UpstreamAnswer { provider: Arc::from("p"), status, retry_after: None, body });
        routed().for_each(|other| drop(other.write_error(&error, status, "r")));
    }
}

/// What reads lists of models, and tells them to callers of every protocol.
pub(crate) fn models(codec: &'static dyn Codec, bytes: &[u8]) {
    let _ = ModelList::decode(bytes).map(|list| list.encode());
    let Ok(models) = codec.read_models(bytes) else { return };
    for other in codecs() {
        other.write_models(&models);
        models.iter().for_each(|model| drop(other.write_model(model)));
    }
}

/// The sizes of the pieces in which bytes arrive: small ones, and all at once.
fn pieces_of(bytes: &[u8]) -> [usize; 2] {
    [5, bytes.len().max(1)]
}

fn envelope(include_usage: bool) -> Envelope {
    Envelope { id: Arc::from("7"), created: 1_700_000_000, model: Arc::from("m-1"), include_usage }
}
