//! The blocks of an answer that is being written: one after the other, each opened and closed.

use bytes::BytesMut;
use playhouse_llm::{ChoiceDelta, Chunk, Extra, PartDelta};
use serde::Serialize;
use serde_json::{Value, json};

use super::block::{REDACTED, THINKING};
use crate::plain::write_json;
use crate::sse::Frame;

/// Makes Anthropic's thinking of what is reasoned in the pieces of an answer, and signs it where it ends.
pub fn seal_thinking(chunks: &[Chunk], signature: &str) -> Vec<Chunk> {
    let is_reasoning = |part: &PartDelta| matches!(part, PartDelta::Reasoning { .. });
    let reasons = |chunk: &Chunk| chunk.choices.iter().any(|choice| choice.parts.iter().any(is_reasoning));
    let Some(last) = chunks.iter().rposition(reasons) else { return chunks.to_vec() };
    let mut sealed: Vec<Chunk> = chunks.iter().map(as_thinking).collect();
    sealed.insert(last + 1, signed(&chunks[last], signature));
    sealed
}

fn as_thinking(chunk: &Chunk) -> Chunk {
    let mut chunk = chunk.clone();
    for part in chunk.choices.iter_mut().flat_map(|choice| &mut choice.parts) {
        if let PartDelta::Reasoning { field, .. } = part {
            THINKING.clone_into(field);
        }
    }
    chunk
}

fn signed(after: &Chunk, signature: &str) -> Chunk {
    let index = after.choices.first().map_or(0, |choice| choice.index);
    let extra = Extra::from_iter([("signature".to_owned(), signature.into())]);
    let parts = vec![PartDelta::Seal { field: THINKING.to_owned(), extra }];
    Chunk { choices: vec![ChoiceDelta { index, parts, ..ChoiceDelta::default() }], ..Chunk::default() }
}

/// Writes an event whose name is its type.
pub(super) fn write_event(event: &Value, out: &mut BytesMut) {
    let name = event.get("type").and_then(Value::as_str).unwrap_or_default();
    Frame::new(&event.to_string()).named(name).write_to(out);
}

const DELTA: &str = "content_block_delta";

/// More of a block; it is written once for each piece of an answer.
#[derive(Serialize)]
struct DeltaEvent<'a, D> {
    #[serde(rename = "type")]
    kind: &'static str,
    index: u32,
    delta: &'a D,
}

#[derive(Serialize)]
struct TextDelta<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    text: &'a str,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    /// A tool's call, by the place the source gives it.
    Call(u32),
}

/// The blocks so far.
///
/// Calls whose fragments come in between each other are written one after the other: fragments of another
/// call wait until the one that is open is whole.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    open: Option<Kind>,
    /// How many blocks have been opened.
    count: u32,
    /// What has been written of the open call's arguments.
    arguments: String,
    /// Fragments of calls that are not open yet, as they came.
    waiting: Vec<(u32, Fragment)>,
}

#[derive(Clone, Debug)]
struct Fragment {
    id: Option<String>,
    name: Option<String>,
    arguments: Option<String>,
}

impl Blocks {
    /// Writes an addition; what Anthropic has no block for is not written.
    pub(super) fn add(&mut self, part: &PartDelta, out: &mut BytesMut) {
        match part {
            PartDelta::Text(text) | PartDelta::Refusal(text) => self.say(Kind::Text, text, out),
            PartDelta::Reasoning { text, .. } => self.say(Kind::Thinking, text, out),
            PartDelta::ToolCall { index, id, name, arguments, .. } => {
                let (id, name, arguments) = (id.clone(), name.clone(), arguments.clone());
                self.call(*index, Fragment { id, name, arguments }, out);
            }
            PartDelta::Seal { field, extra } => self.seal(field, extra, out),
            PartDelta::Other { .. } => {}
        }
    }

    /// Closes the block that is open, and writes the calls that wait.
    pub(super) fn close(&mut self, out: &mut BytesMut) {
        self.close_open(out);
        while let Some((index, _)) = self.waiting.first() {
            self.write_waiting(*index, out);
            self.close_open(out);
        }
    }

    fn say(&mut self, kind: Kind, text: &str, out: &mut BytesMut) {
        if text.is_empty() {
            return;
        }
        if self.open != Some(kind) {
            self.close(out);
            let block = match kind {
                Kind::Thinking => json!({ "type": THINKING, "thinking": "", "signature": "" }),
                _ => json!({ "type": "text", "text": "" }),
            };
            self.start(kind, &block, out);
        }
        match kind {
            Kind::Thinking => self.delta(&json!({ "type": "thinking_delta", "thinking": text }), out),
            _ => self.delta(&TextDelta { kind: "text_delta", text }, out),
        }
    }

    /// Signs the thinking that is open; what cannot be read is a block by itself.
    fn seal(&mut self, field: &str, seal: &Extra, out: &mut BytesMut) {
        if field == REDACTED {
            self.close(out);
            let mut block = seal.clone();
            block.insert("type".to_owned(), REDACTED.into());
            self.start(Kind::Thinking, &Value::Object(block), out);
            self.close_open(out);
        } else if let (Some(Kind::Thinking), Some(signature)) = (self.open, seal.get("signature")) {
            self.delta(&json!({ "type": "signature_delta", "signature": signature }), out);
        }
    }

    fn call(&mut self, index: u32, fragment: Fragment, out: &mut BytesMut) {
        if self.open == Some(Kind::Call(index)) {
            return self.argue(fragment.arguments.as_deref(), out);
        }
        self.waiting.push((index, fragment));
        self.write_next(out);
    }

    /// Opens the calls that wait, in the order in which they began, up to one that is not whole yet.
    fn write_next(&mut self, out: &mut BytesMut) {
        while !self.is_within_call()
            && let Some((index, _)) = self.waiting.first()
        {
            let index = *index;
            self.close_open(out);
            self.write_waiting(index, out);
        }
    }

    fn is_within_call(&self) -> bool {
        matches!(self.open, Some(Kind::Call(_))) && !is_whole(&self.arguments)
    }

    /// Opens a call with all its fragments that have come.
    fn write_waiting(&mut self, index: u32, out: &mut BytesMut) {
        let (own, others) = std::mem::take(&mut self.waiting).into_iter().partition(|(of, _)| *of == index);
        self.waiting = others;
        let own: Vec<(u32, Fragment)> = own;
        let first = |read: fn(&Fragment) -> Option<&str>| own.iter().find_map(|(_, fragment)| read(fragment));
        let id =
            first(|fragment| fragment.id.as_deref()).map_or_else(|| format!("toolu_{index}"), str::to_owned);
        let name = first(|fragment| fragment.name.as_deref()).unwrap_or_default().to_owned();
        self.arguments.clear();
        self.start(
            Kind::Call(index),
            &json!({ "type": "tool_use", "id": id, "name": name, "input": {} }),
            out,
        );
        own.iter().for_each(|(_, fragment)| self.argue(fragment.arguments.as_deref(), out));
    }

    fn argue(&mut self, arguments: Option<&str>, out: &mut BytesMut) {
        let Some(arguments) = arguments.filter(|arguments| !arguments.is_empty()) else { return };
        self.arguments.push_str(arguments);
        self.delta(&json!({ "type": "input_json_delta", "partial_json": arguments }), out);
    }

    fn start(&mut self, kind: Kind, block: &Value, out: &mut BytesMut) {
        let index = self.count;
        write_event(&json!({ "type": "content_block_start", "index": index, "content_block": block }), out);
        if index == 0 {
            write_event(&json!({ "type": "ping" }), out);
        }
        self.count += 1;
        self.open = Some(kind);
    }

    fn delta(&self, delta: &impl Serialize, out: &mut BytesMut) {
        let index = self.count.saturating_sub(1);
        write_json(Some(DELTA), &DeltaEvent { kind: DELTA, index, delta }, out);
    }

    fn close_open(&mut self, out: &mut BytesMut) {
        if self.open.take().is_some() {
            let index = self.count.saturating_sub(1);
            write_event(&json!({ "type": "content_block_stop", "index": index }), out);
        }
    }
}

/// Whether arguments are all there: nothing can follow a whole object.
fn is_whole(arguments: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok()
}
