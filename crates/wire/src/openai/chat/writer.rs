//! Writing a streamed answer.

use bytes::{Bytes, BytesMut};
use playhouse_llm::{
    ChoiceDelta, Chunk, Error, Event, Extra, PartDelta, Quoted, Role, TextPiece, Told, Usage,
};
use serde_json::Value;

use super::codec::PROTOCOL;
use super::dress::{Identity, dress_chunk, ending_frame, opening_frame, text_mould};
use super::{chunk, cut, failure};
use crate::codec::{Envelope, StreamWriter};
use crate::plain::{Mould, room_for, write_json};
use crate::sse::Frame;

/// About what stands around a text in its frame.
const AROUND_TEXT: usize = 224;

/// Turns events into frames: those of this protocol as they came, others in OpenAI's order: the
/// role, the content, the finish, the token counts.
#[derive(Debug)]
pub(super) struct ChatWriter {
    include_usage: bool,
    identity: Identity,
    /// The frames of the texts of a choice, while the identity stays.
    texts: Option<(u32, Mould)>,
    /// The choices whose role has been written.
    opened: Vec<u32>,
    calls: CallNumbers,
    /// The last token counts, which are written at the end.
    usage: Option<Usage>,
}

impl ChatWriter {
    pub(super) fn new(envelope: &Envelope) -> Self {
        Self {
            include_usage: envelope.include_usage,
            identity: Identity::of(envelope),
            texts: None,
            opened: Vec::new(),
            calls: CallNumbers::default(),
            usage: None,
        }
    }

    fn pass_through(&self, event: &Event, frames: &Bytes) -> Bytes {
        let hides_usage = !self.include_usage && event.outline().usage.is_some();
        if hides_usage { cut::without_usage(frames) } else { frames.clone() }
    }

    fn write_told(&mut self, told: &Told<'_>, out: &mut BytesMut) {
        match told {
            Told::Text(TextPiece { model: None, created: None, index, text })
                if self.opened.contains(index) =>
            {
                self.write_text(*index, text, out);
            }
            told => self.write_chunk(&told.chunk(), out),
        }
    }

    fn write_text(&mut self, index: u32, text: &Quoted<'_>, out: &mut BytesMut) {
        if text.is_empty() {
            return;
        }
        let (_, mould) = match self.texts.take() {
            Some((of, mould)) if of == index => self.texts.insert((of, mould)),
            _ => self.texts.insert((index, text_mould(&self.identity, index, self.include_usage))),
        };
        mould.write(text, out);
    }

    /// Writes one chunk as the several that OpenAI would send.
    fn write_chunk(&mut self, chunk: &Chunk, out: &mut BytesMut) {
        if self.identity.learn(chunk) {
            self.texts = None;
        }
        if chunk.extra.is_empty() && chunk.choices.iter().all(is_plain) {
            chunk.choices.iter().for_each(|choice| self.write_plain(choice, out));
            if let Some(later) = &chunk.usage {
                self.usage.get_or_insert_default().update(later);
            }
            return;
        }
        if let Some(later) = &chunk.usage {
            self.usage.get_or_insert_default().update(later);
        }
        let around = Chunk { choices: Vec::new(), usage: None, extra: carried(chunk), ..chunk.clone() };
        // What says nothing here (another protocol's ping, its end of a block) is no piece.
        if chunk.choices.is_empty() && chunk.usage.is_none() && !chunk.extra.is_empty() {
            self.write_frame(&around, out);
        }
        for choice in &chunk.choices {
            for piece in self.pieces_of(choice) {
                self.write_frame(&Chunk { choices: vec![piece], ..around.clone() }, out);
            }
        }
    }

    /// Writes a choice that says no more than who speaks, a text, and why it ended.
    fn write_plain(&mut self, choice: &ChoiceDelta, out: &mut BytesMut) {
        let (index, include_usage) = (choice.index, self.include_usage);
        if !self.opened.contains(&index) {
            self.opened.push(index);
            let role = choice.role.unwrap_or(Role::Assistant);
            let frame = opening_frame(&self.identity, index, role, include_usage);
            out.extend_from_slice(frame.as_bytes());
        }
        if let [PartDelta::Text(text)] = &choice.parts[..] {
            self.write_text(index, &Quoted::of(text), out);
        }
        if let Some(finish) = &choice.finish {
            let frame = ending_frame(&self.identity, index, finish, include_usage);
            out.extend_from_slice(frame.as_bytes());
        }
    }

    fn write_frame(&self, chunk: &Chunk, out: &mut BytesMut) {
        let object = dress_chunk(chunk, &self.identity, self.include_usage);
        write_json(None, &object, out);
    }

    /// The role, the additions, the finish, as far as each is there and not yet written.
    fn pieces_of(&mut self, choice: &ChoiceDelta) -> Vec<ChoiceDelta> {
        let said = choice.parts.iter().filter(|part| !is_silent(part)).map(with_arguments);
        let said: Vec<PartDelta> = said.map(|part| self.calls.numbered(choice.index, part)).collect();
        let opens = !self.opened.contains(&choice.index);
        let mut pieces = Vec::new();
        if opens {
            self.opened.push(choice.index);
            pieces.push(opening(choice, &said));
        }
        if !said.is_empty() || (!opens && !choice.delta_extra.is_empty()) {
            let delta_extra = if opens { Extra::new() } else { choice.delta_extra.clone() };
            pieces.push(ChoiceDelta {
                index: choice.index,
                parts: said,
                delta_extra,
                ..ChoiceDelta::default()
            });
        }
        if choice.finish.is_some() {
            let finish = choice.finish.clone();
            pieces.push(ChoiceDelta { index: choice.index, finish, ..ChoiceDelta::default() });
        }
        carry(&mut pieces, choice);
        pieces
    }
}

impl StreamWriter for ChatWriter {
    fn event(&mut self, event: &Event) -> Result<Bytes, Error> {
        if let Some(frames) = event.frames_in(PROTOCOL) {
            return Ok(self.pass_through(event, frames));
        }
        self.calls.are_renumbered = event.protocol().is_some();
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
        if let Some(usage) = self.usage.take().filter(|_| self.include_usage) {
            self.write_frame(&Chunk::usage(usage), &mut out);
        }
        Frame::new(chunk::DONE).write_to(&mut out);
        out.freeze()
    }

    fn error(&mut self, error: &Error, _request_id: &str) -> Bytes {
        Frame::new(&failure::error_within(error)).to_bytes()
    }
}

/// The places of tool calls among the calls of their choice, where the source counts other parts with them.
#[derive(Debug, Default)]
struct CallNumbers {
    /// Whether the source is another protocol.
    are_renumbered: bool,
    seen: Vec<(u32, u32)>,
}

impl CallNumbers {
    fn numbered(&mut self, choice: u32, mut part: PartDelta) -> PartDelta {
        if let PartDelta::ToolCall { index, .. } = &mut part
            && self.are_renumbered
        {
            let call = (choice, *index);
            if !self.seen.contains(&call) {
                self.seen.push(call);
            }
            let place = self.seen.iter().filter(|(of, _)| *of == choice).position(|seen| *seen == call);
            let place = place.unwrap_or_default();
            *index = u32::try_from(place).unwrap_or(u32::MAX);
        }
        part
    }
}

/// Whether a choice carries nothing, and adds a text at most.
fn is_plain(choice: &ChoiceDelta) -> bool {
    let adds_text = matches!(&choice.parts[..], [] | [PartDelta::Text(_)]);
    adds_text && choice.extra.is_empty() && choice.delta_extra.is_empty()
}

/// The piece that opens a choice: the role, and no text yet.
fn opening(choice: &ChoiceDelta, said: &[PartDelta]) -> ChoiceDelta {
    let mut delta_extra = choice.delta_extra.clone();
    let calls_first = matches!(said.first(), Some(PartDelta::ToolCall { .. }));
    let has_no_content = calls_first || delta_extra.get("content").is_some_and(Value::is_null);
    let parts = if has_no_content { Vec::new() } else { vec![PartDelta::Text(String::new())] };
    if has_no_content {
        delta_extra.entry("content").or_insert(Value::Null);
    }
    delta_extra.entry("refusal").or_insert(Value::Null);
    let role = Some(choice.role.unwrap_or(Role::Assistant));
    ChoiceDelta { index: choice.index, role, parts, delta_extra, ..ChoiceDelta::default() }
}

/// What the choice carries goes with what it says, or else with the last of its pieces.
fn carry(pieces: &mut [ChoiceDelta], choice: &ChoiceDelta) {
    let says = |piece: &ChoiceDelta| piece.parts.iter().any(|part| !is_silent(part));
    let at = pieces.iter().position(says).unwrap_or(pieces.len().saturating_sub(1));
    if let Some(piece) = pieces.get_mut(at) {
        piece.extra = choice.extra.clone();
    }
}

/// What a chunk carries, but for an original of the token counts, which are written at the end.
fn carried(chunk: &Chunk) -> Extra {
    let mut extra = chunk.extra.clone();
    if chunk.usage.is_some() {
        extra.shift_remove("usage");
    }
    extra
}

/// The first fragment of a call has arguments, though they be empty.
fn with_arguments(part: &PartDelta) -> PartDelta {
    let mut part = part.clone();
    if let PartDelta::ToolCall { name: Some(_), arguments, .. } = &mut part {
        arguments.get_or_insert_default();
    }
    part
}

fn is_silent(part: &PartDelta) -> bool {
    match part {
        PartDelta::Text(text) | PartDelta::Refusal(text) | PartDelta::Reasoning { text, .. } => {
            text.is_empty()
        }
        PartDelta::ToolCall { .. } => false,
        // What this protocol has no word for is not said.
        PartDelta::Seal { .. } | PartDelta::Other { .. } => true,
    }
}
