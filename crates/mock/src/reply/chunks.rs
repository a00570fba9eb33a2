//! Telling a speech token by token.
//!
//! The order is OpenAI's: each alternative from its role to its last token, one alternative after
//! the other, then why each ended, then the token counts.

use playhouse_llm::{ChoiceDelta, Chunk, Extra, FinishReason, PartDelta, Role, ToolCall};

use super::asking::Asking;
use super::speech::Speech;
use super::usage::{self, Completion};
use crate::script::UsageSpec;

/// The field that most vendors write reasoning in.
const REASONING_FIELD: &str = "reasoning_content";

/// Tokens of an answer at most, of all its alternatives together: no model says as much, and a
/// request that wants a long text many times is still answered in bounded memory.
const MAX_TOKENS: u64 = 1 << 18;

/// The pieces of an answer that says this, token counts last.
pub(super) fn chunks(speeches: &[Speech], asking: &Asking<'_>, said: Option<UsageSpec>) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut finishes = Vec::new();
    let mut completion = Completion::default();
    let max_tokens = asking.max_tokens.unwrap_or(u64::MAX).min(MAX_TOKENS / speeches.len().max(1) as u64);
    for (index, speech) in (0..).zip(speeches) {
        let mut telling = Telling::new(index, max_tokens, asking);
        telling.tell(speech);
        completion.add(&telling.completion(speech));
        let finish = speech.finish.clone().unwrap_or_else(|| telling.finish(speech));
        finishes.push(chunk(ChoiceDelta { index, finish: Some(finish), ..ChoiceDelta::default() }));
        chunks.append(&mut telling.chunks);
    }
    chunks.append(&mut finishes);
    chunks.push(Chunk::usage(usage::said_over_counted(said, completion.usage(asking))));
    chunks
}

fn chunk(choice: ChoiceDelta) -> Chunk {
    Chunk { choices: vec![choice], ..Chunk::default() }
}

/// One alternative on its way.
struct Telling<'asking> {
    index: u32,
    asking: &'asking Asking<'asking>,
    max_tokens: u64,
    /// What of the bound is left.
    left: u64,
    /// Whether the bound was met.
    is_cut: bool,
    /// The tokens of what was told but for calls.
    told: u64,
    reasoned: u64,
    chunks: Vec<Chunk>,
}

impl<'asking> Telling<'asking> {
    fn new(index: u32, max_tokens: u64, asking: &'asking Asking<'asking>) -> Self {
        Self {
            index,
            asking,
            max_tokens,
            left: max_tokens,
            is_cut: false,
            told: 0,
            reasoned: 0,
            chunks: Vec::new(),
        }
    }

    fn tell(&mut self, speech: &Speech) {
        if !calls_only(speech) {
            self.open(Vec::new());
        }
        self.reasoned = self
            .say(&speech.reasoning, |text| PartDelta::Reasoning { text, field: REASONING_FIELD.to_owned() });
        self.told = self.reasoned;
        self.told += self.say(self.asking.stopped(&speech.text), PartDelta::Text);
        self.told += self.say(&speech.refusal, PartDelta::Refusal);
        (0..).zip(&speech.calls).for_each(|(index, call)| self.call(index, call));
    }

    /// Opens the alternative; where calls are all it says, with the first of them, as vendors do.
    fn open(&mut self, calls: Vec<PartDelta>) {
        let parts = if calls.is_empty() { vec![PartDelta::Text(String::new())] } else { calls };
        self.push(ChoiceDelta { role: Some(Role::Assistant), parts, ..ChoiceDelta::default() });
    }

    /// Says a text token by token as far as the bound allows; how many tokens that were.
    fn say(&mut self, text: &str, part: impl Fn(String) -> PartDelta) -> u64 {
        let mut told = 0;
        for piece in self.asking.tokenizer.pieces(text) {
            if self.is_cut || piece.tokens > self.left {
                self.is_cut = true;
                break;
            }
            self.left -= piece.tokens;
            told += piece.tokens;
            self.push(ChoiceDelta { parts: vec![part(piece.text.to_owned())], ..ChoiceDelta::default() });
        }
        told
    }

    fn call(&mut self, index: u32, call: &ToolCall) {
        if self.is_cut || self.left == 0 {
            self.is_cut = true;
            return;
        }
        let begun = fragment(index, Some(call), String::new());
        match self.chunks.is_empty() {
            true => self.open(vec![begun]),
            false => self.push(ChoiceDelta { parts: vec![begun], ..ChoiceDelta::default() }),
        }
        self.say(&call.arguments, |arguments| fragment(index, None, arguments));
    }

    fn push(&mut self, choice: ChoiceDelta) {
        self.chunks.push(chunk(ChoiceDelta { index: self.index, ..choice }));
    }

    fn finish(&self, speech: &Speech) -> FinishReason {
        match speech.calls.is_empty() {
            _ if self.is_cut => FinishReason::Length,
            true => FinishReason::Stop,
            false => FinishReason::ToolCalls,
        }
    }

    fn completion(&self, speech: &Speech) -> Completion {
        let whole = usage::whole_tokens(self.asking, speech, self.told);
        let tokens = if self.is_cut { self.max_tokens } else { whole };
        Completion { tokens, reasoning_tokens: self.reasoned }
    }
}

fn calls_only(speech: &Speech) -> bool {
    !speech.calls.is_empty()
        && speech.text.is_empty()
        && speech.refusal.is_empty()
        && speech.reasoning.is_empty()
}

fn fragment(index: u32, begun: Option<&ToolCall>, arguments: String) -> PartDelta {
    let id = begun.map(|call| call.id.clone());
    let name = begun.map(|call| call.name.clone());
    PartDelta::ToolCall { index, id, name, arguments: Some(arguments), extra: Extra::new() }
}
