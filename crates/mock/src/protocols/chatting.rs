//! What the protocols for chat have in common: echoing, and writing chunks through their codec.

use bytes::{Bytes, BytesMut};
use playhouse_llm::{Chunk, Collector, Error, ErrorKind, Event};
use playhouse_wire::{Codec, Envelope};

use super::{FrameKind, Frames};
use crate::call::Facts;
use crate::plan::Content;
use crate::reply;

/// Says what the user said last.
pub(super) fn echo(facts: &Facts) -> Content {
    reply::echo(facts)
}

/// Writes a chat answer the way its caller asked for.
pub(super) fn write_chat(
    codec: &dyn Codec,
    content: &Content,
    facts: &Facts,
    envelope: &Envelope,
) -> Result<Frames, Error> {
    let (chunks, failure) = match content {
        Content::Chat(chunks) => (chunks, None),
        Content::Broken(chunks, failure) => (chunks, Some(failure)),
        _ => {
            return Err(Error::new(
                ErrorKind::Internal,
                "the reply is none to a chat: give it a text or tool calls",
            ));
        }
    };
    match (facts.stream, failure) {
        (true, failure) => write_stream(codec, chunks, failure, envelope),
        (false, Some(failure)) => Err(failure.clone()),
        (false, None) => write_whole(codec, chunks, envelope),
    }
}

fn write_whole(codec: &dyn Codec, chunks: &[Chunk], envelope: &Envelope) -> Result<Frames, Error> {
    Ok(Frames::whole("application/json", whole_answer(codec, chunks, envelope)?))
}

/// A chat answer as it is when it is not streamed.
pub(super) fn whole_answer(codec: &dyn Codec, chunks: &[Chunk], envelope: &Envelope) -> Result<Bytes, Error> {
    let mut collector = Collector::default();
    chunks.iter().for_each(|chunk| collector.absorb(chunk));
    codec.write_reply(&Event::reply(collector.into_reply()), envelope)
}

fn write_stream(
    codec: &dyn Codec,
    chunks: &[Chunk],
    failure: Option<&Error>,
    envelope: &Envelope,
) -> Result<Frames, Error> {
    let mut writer = codec.stream_writer(envelope.clone());
    let mut frames = Gathered::default();
    for chunk in chunks {
        let bytes = writer.event(&Event::chunk(chunk.clone()))?;
        frames.push(&bytes, kind_of(chunk));
    }
    match failure {
        Some(failure) => frames.push(&writer.error(failure, &envelope.id), FrameKind::Error),
        None => frames.push(&writer.end(), FrameKind::End),
    }
    Ok(frames.finish("text/event-stream; charset=utf-8"))
}

fn kind_of(chunk: &Chunk) -> FrameKind {
    if chunk.choices.iter().any(|choice| choice.finish.is_some()) {
        FrameKind::Finish
    } else if chunk.has_output() {
        FrameKind::Output
    } else if chunk.usage.is_some() && chunk.choices.is_empty() {
        FrameKind::Usage
    } else {
        FrameKind::Start
    }
}

/// Frames as they are written, one after the other in one piece of memory.
#[derive(Default)]
struct Gathered {
    bytes: BytesMut,
    ends: Vec<(usize, FrameKind)>,
}

impl Gathered {
    fn push(&mut self, frame: &Bytes, kind: FrameKind) {
        if !frame.is_empty() {
            self.bytes.extend_from_slice(frame);
            self.ends.push((self.bytes.len(), kind));
        }
    }

    fn finish(self, content_type: &'static str) -> Frames {
        Frames { content_type, bytes: self.bytes.freeze(), ends: self.ends }
    }
}
