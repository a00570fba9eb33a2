//! Writing a streamed answer.

use bytes::{Bytes, BytesMut};
use playhouse_llm::{ChoiceDelta, Chunk, Error, Event, FinishReason, Quoted, TextPiece, Told, Usage};

use super::blocks::Blocks;
use super::codec::PROTOCOL;
use super::failure;
use super::reply::name_of;
use super::usage::usage_json;
use crate::codec::{Envelope, StreamWriter};
use crate::plain::{room_for, write_data};

/// What ends a stream; nothing of an answer's text can look like it within its frame.
const END: &[u8] = b"\"message_stop\"";
/// Where the end is looked for: its frame is a short one, and the last.
const END_BYTES: usize = 256;
/// About what stands around a text in its frame.
const AROUND_TEXT: usize = 128;

/// Turns events into frames: those of this protocol as they came, others in Anthropic's order: the start,
/// the blocks, the stop reason with the token counts, the stop.
#[derive(Debug)]
pub(super) struct MessagesWriter {
    id: String,
    model: String,
    blocks: Blocks,
    is_open: bool,
    finish: Option<FinishReason>,
    usage: Usage,
    /// Whether the frames that came as they are go to the end.
    has_ended: bool,
    /// Whether any frames came as they are.
    passes_through: bool,
}

impl MessagesWriter {
    pub(super) fn new(envelope: &Envelope) -> Self {
        Self {
            id: format!("msg_{}", envelope.id),
            model: envelope.model.as_ref().to_owned(),
            blocks: Blocks::default(),
            is_open: false,
            finish: None,
            usage: Usage::default(),
            has_ended: false,
            passes_through: false,
        }
    }

    fn pass_through(&mut self, frames: &Bytes) -> Bytes {
        self.passes_through = true;
        let tail = &frames[frames.len().saturating_sub(END_BYTES)..];
        self.has_ended |= memchr::memmem::find(tail, END).is_some();
        frames.clone()
    }

    fn write_told(&mut self, told: &Told<'_>, out: &mut BytesMut) {
        match told {
            // What the message is called has been said at its start.
            Told::Text(TextPiece { index: 0, text, .. }) if self.is_open => self.blocks.say_text(text, out),
            told => self.write_chunk(&told.chunk(), out),
        }
    }

    fn write_chunk(&mut self, chunk: &Chunk, out: &mut BytesMut) {
        if let Some(id) = &chunk.id {
            self.id.clone_from(id);
        }
        if let Some(model) = &chunk.model {
            self.model.clone_from(model);
        }
        if let Some(usage) = &chunk.usage {
            self.usage.update(usage);
        }
        self.open(out);
        // A message has one answer; the other alternatives have no place in it.
        chunk
            .choices
            .iter()
            .filter(|choice| choice.index == 0)
            .for_each(|choice| self.write_choice(choice, out));
    }

    fn write_choice(&mut self, choice: &ChoiceDelta, out: &mut BytesMut) {
        choice.parts.iter().for_each(|part| self.blocks.add(part, out));
        if choice.finish.is_some() {
            self.finish.clone_from(&choice.finish);
        }
    }

    fn open(&mut self, out: &mut BytesMut) {
        if self.is_open {
            return;
        }
        self.is_open = true;
        let data = format!(
            r#"{{"type":"message_start","message":{{"id":"{}","type":"message","role":"assistant","model":"{}","content":[],"stop_reason":null,"stop_sequence":null,"usage":{}}}}}"#,
            Quoted::of(&self.id).escaped(),
            Quoted::of(&self.model).escaped(),
            usage_json(&self.usage),
        );
        write_data("message_start", &data, out);
    }

    fn write_ending(&self, out: &mut BytesMut) {
        let reason = self.finish.as_ref().map(name_of);
        let reason = reason.map(|name| format!(r#""{}""#, Quoted::of(name).escaped()));
        let data = format!(
            r#"{{"type":"message_delta","delta":{{"stop_reason":{},"stop_sequence":null}},"usage":{}}}"#,
            reason.as_deref().unwrap_or("null"),
            usage_json(&self.usage),
        );
        write_data("message_delta", &data, out);
    }
}

impl StreamWriter for MessagesWriter {
    fn event(&mut self, event: &Event) -> Result<Bytes, Error> {
        if let Some(frames) = event.frames_in(PROTOCOL) {
            return Ok(self.pass_through(frames));
        }
        let told = event.told()?;
        let mut out = BytesMut::with_capacity(room_for(event.arrived_bytes(), &told, AROUND_TEXT));
        if let Some(reply) = event.translated_whole()? {
            self.write_chunk(&Chunk::from(&*reply), &mut out);
        }
        told.iter().for_each(|told| self.write_told(told, &mut out));
        Ok(out.freeze())
    }

    fn end(&mut self) -> Bytes {
        let mut out = BytesMut::new();
        if !self.passes_through {
            self.open(&mut out);
            self.blocks.close(&mut out);
            self.write_ending(&mut out);
        }
        if !self.has_ended {
            write_data("message_stop", r#"{"type":"message_stop"}"#, &mut out);
        }
        out.freeze()
    }

    fn error(&mut self, error: &Error, request_id: &str) -> Bytes {
        failure::error_event(error, request_id)
    }
}
