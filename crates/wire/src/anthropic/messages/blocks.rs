//! The blocks of an answer that is being written: one after the other, each opened and closed.

use bytes::BytesMut;
use playhouse_llm::{ChoiceDelta, Chunk, Extra, PartDelta, Quoted};
use serde_json::{Value, json};

use super::block::{REDACTED, THINKING};
use crate::plain::{Mould, write_data, write_json};

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
    /// The frames of the open block's texts.
    texts: Option<Mould>,
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
            PartDelta::Text(text) | PartDelta::Refusal(text) => self.say_text(&Quoted::of(text), out),
            PartDelta::Reasoning { text, .. } => self.think(text, out),
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

    /// Writes more of a text.
    pub(super) fn say_text(&mut self, text: &Quoted<'_>, out: &mut BytesMut) {
        if text.is_empty() {
            return;
        }
        if self.open != Some(Kind::Text) {
            self.close(out);
            self.texts = Some(text_mould(self.count));
            self.start(Kind::Text, r#"{"type":"text","text":""}"#, out);
        }
        if let Some(mould) = &self.texts {
            mould.write(text, out);
        }
    }

    fn think(&mut self, text: &str, out: &mut BytesMut) {
        if text.is_empty() {
            return;
        }
        if self.open != Some(Kind::Thinking) {
            self.close(out);
            let block = json!({ "type": THINKING, "thinking": "", "signature": "" });
            self.start(Kind::Thinking, &block.to_string(), out);
        }
        self.delta(&json!({ "type": "thinking_delta", "thinking": text }), out);
    }

    /// Signs the thinking that is open; what cannot be read is a block by itself.
    fn seal(&mut self, field: &str, seal: &Extra, out: &mut BytesMut) {
        if field == REDACTED {
            self.close(out);
            let mut block = seal.clone();
            block.insert("type".to_owned(), REDACTED.into());
            self.start(Kind::Thinking, &Value::Object(block).to_string(), out);
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
            &json!({ "type": "tool_use", "id": id, "name": name, "input": {} }).to_string(),
            out,
        );
        own.iter().for_each(|(_, fragment)| self.argue(fragment.arguments.as_deref(), out));
    }

    fn argue(&mut self, arguments: Option<&str>, out: &mut BytesMut) {
        let Some(arguments) = arguments.filter(|arguments| !arguments.is_empty()) else { return };
        self.arguments.push_str(arguments);
        self.delta(&json!({ "type": "input_json_delta", "partial_json": arguments }), out);
    }

    /// Opens a block that is written like this at its start.
    fn start(&mut self, kind: Kind, block: &str, out: &mut BytesMut) {
        let index = self.count;
        let data = format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#);
        write_data("content_block_start", &data, out);
        if index == 0 {
            write_data("ping", r#"{"type":"ping"}"#, out);
        }
        self.count += 1;
        self.open = Some(kind);
    }

    fn delta(&self, delta: &Value, out: &mut BytesMut) {
        let index = self.count.saturating_sub(1);
        let event = json!({ "type": "content_block_delta", "index": index, "delta": delta });
        write_json(Some("content_block_delta"), &event, out);
    }

    fn close_open(&mut self, out: &mut BytesMut) {
        if self.open.take().is_some() {
            let index = self.count.saturating_sub(1);
            let data = format!(r#"{{"type":"content_block_stop","index":{index}}}"#);
            write_data("content_block_stop", &data, out);
        }
    }
}

/// The frames of the texts of a block at this place.
fn text_mould(index: u32) -> Mould {
    let before = format!(
        "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{{\"type\":\"text_delta\",\"text\":\""
    );
    Mould::new(before, "\"}}\n\n")
}

/// Whether arguments are all there: nothing can follow a whole object.
fn is_whole(arguments: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_text_is_written_as_any_other() {
        for text in [" word", "\n\u{2028}\"\\\u{1}"] {
            let (mut quick, mut whole) = (BytesMut::new(), BytesMut::new());
            text_mould(3).write(&Quoted::of(text), &mut quick);
            let blocks = Blocks { count: 4, ..Blocks::default() };
            blocks.delta(&json!({ "type": "text_delta", "text": text }), &mut whole);
            assert_eq!(quick, whole);
        }
    }
}
