//! A piece of a streamed answer as another protocol than its own tells it.

use std::borrow::Cow;

use crate::{ChoiceDelta, Chunk, PartDelta};

/// A piece: a text, which nearly all are, or anything as types.
#[derive(Clone, Debug, PartialEq)]
pub enum Told<'a> {
    /// More text of one alternative, and nothing else.
    Text(TextPiece<'a>),
    /// What was decoded, without what means nothing in another protocol.
    Plain(Box<Chunk>),
    /// What was made of types, and is told whole.
    Typed(&'a Chunk),
}

/// A piece that says no more than a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPiece<'a> {
    /// The model that answers, where the piece names it.
    pub model: Option<&'a str>,
    /// When the answer was made, in Unix seconds.
    pub created: Option<u64>,
    /// The alternative's place.
    pub index: u32,
    /// What is added to it.
    pub text: Quoted<'a>,
}

impl From<&TextPiece<'_>> for Chunk {
    fn from(piece: &TextPiece<'_>) -> Self {
        let parts = vec![PartDelta::Text(piece.text.text().into_owned())];
        Self {
            model: piece.model.map(str::to_owned),
            created: piece.created,
            choices: vec![ChoiceDelta { index: piece.index, parts, ..ChoiceDelta::default() }],
            ..Self::default()
        }
    }
}

impl Told<'_> {
    /// The piece as types.
    pub fn chunk(&self) -> Cow<'_, Chunk> {
        match self {
            Self::Text(piece) => Cow::Owned(Chunk::from(piece)),
            Self::Plain(chunk) => Cow::Borrowed(chunk),
            Self::Typed(chunk) => Cow::Borrowed(chunk),
        }
    }
}

/// A text as it stands between the quotes of a JSON string, escaped no more than it must be.
///
/// ```
/// use playhouse_llm::Quoted;
///
/// let text = Quoted::of("say \"hé\"\n");
/// assert_eq!(text.escaped(), "say \\\"hé\\\"\\n");
/// assert_eq!(text.text(), "say \"hé\"\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted<'a>(Cow<'a, str>);

impl<'a> Quoted<'a> {
    /// Escapes a text; one that need not be is borrowed.
    pub fn of(text: &'a str) -> Self {
        // Without a branch for each byte, many of them are looked at at once.
        let must_escape = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
        if !text.bytes().fold(false, |found, byte| found | must_escape(byte)) {
            return Self(Cow::Borrowed(text));
        }
        let mut quoted = serde_json::Value::from(text).to_string();
        quoted.pop();
        quoted.remove(0);
        Self(Cow::Owned(quoted))
    }

    /// Takes what stands between the quotes of a JSON string, whose escapes are none but the short ones of
    /// what must be escaped: neither `\/` nor `\u`.
    pub fn from_literal(escaped: &'a str) -> Self {
        Self(Cow::Borrowed(escaped))
    }

    /// The same text, kept.
    pub fn into_owned(self) -> Quoted<'static> {
        Quoted(Cow::Owned(self.0.into_owned()))
    }

    /// What stands between the quotes.
    pub fn escaped(&self) -> &str {
        &self.0
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text itself.
    pub fn text(&self) -> Cow<'_, str> {
        if !self.0.contains('\\') {
            return Cow::Borrowed(&self.0);
        }
        Cow::Owned(serde_json::from_str(&format!("\"{}\"", self.0)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_escaped_as_json_has_it() {
        let every: String = (0..0x100).filter_map(char::from_u32).chain(['\u{2028}', '😀']).collect();
        for text in ["", "plain ä", "\"", "\\", "a/b", &every] {
            let quoted = Quoted::of(text);
            assert_eq!(format!("\"{}\"", quoted.escaped()), serde_json::Value::from(text).to_string());
            assert_eq!(quoted.text(), text);
            assert_eq!(quoted.is_empty(), text.is_empty());
        }
    }
}
