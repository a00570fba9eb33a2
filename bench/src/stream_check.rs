//! Is a streamed answer whole? Fed with bytes as they come, says at the end what was missing.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

/// Longest unfinished line that is kept: an event of these streams has about 230 bytes.
const LINE_LIMIT_BYTES: usize = 64 * 1024;

/// What is wrong with a stream.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Broken {
    #[error("{expected:?} was due after {after} bytes and {found:?} came")]
    WrongText { expected: String, found: String, after: usize },
    #[error("an event is no chunk of a chat completion: {0}")]
    NotAChunk(String),
    #[error("an error event came: {0}")]
    ErrorEvent(String),
    #[error("something came after its end: {0}")]
    AfterEnd(String),
    #[error("a line is longer than {LINE_LIMIT_BYTES} bytes")]
    LongLine,
    #[error("it ended after {found} of {expected} bytes of text")]
    Short { found: usize, expected: usize },
    #[error("{expected} pieces of text were due and {found} came")]
    OtherPieces { found: usize, expected: usize },
    #[error("it ended without a finish reason")]
    NoFinish,
    #[error("it ended without [DONE]")]
    NoDone,
}

/// What a stream must say.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// The whole text.
    pub(crate) text: Arc<str>,
    /// Into how many pieces it must be cut, one an event.
    pub(crate) pieces: usize,
}

/// The state of one stream: how far it has come, and the first thing that was wrong.
pub(crate) struct StreamCheck {
    expected: Expected,
    /// Bytes of the text seen.
    told: usize,
    pieces: usize,
    events: usize,
    finished: bool,
    done: bool,
    broken: Option<Broken>,
    unfinished_line: Vec<u8>,
}

impl StreamCheck {
    /// A check for a stream that must say this.
    pub(crate) fn new(expected: Expected) -> Self {
        Self {
            expected,
            told: 0,
            pieces: 0,
            events: 0,
            finished: false,
            done: false,
            broken: None,
            unfinished_line: Vec::new(),
        }
    }

    /// The events seen, `[DONE]` included.
    pub(crate) fn events(&self) -> usize {
        self.events
    }

    /// The pieces of text seen.
    pub(crate) fn pieces(&self) -> usize {
        self.pieces
    }

    /// Take the next bytes, however they are cut.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) {
        while self.broken.is_none() {
            let Some(end) = memchr::memchr(b'\n', bytes) else { break };
            self.broken = self.end_line(&bytes[..end]).err();
            bytes = &bytes[end + 1..];
        }
        self.unfinished_line.extend_from_slice(bytes);
        if self.unfinished_line.len() > LINE_LIMIT_BYTES {
            self.unfinished_line = Vec::new();
            self.broken.get_or_insert(Broken::LongLine);
        }
    }

    /// The stream has ended: was it whole?
    pub(crate) fn verdict(self) -> Result<(), Broken> {
        match self.broken {
            Some(broken) => Err(broken),
            None if self.told != self.expected.text.len() => {
                Err(Broken::Short { found: self.told, expected: self.expected.text.len() })
            }
            None if self.pieces != self.expected.pieces => {
                Err(Broken::OtherPieces { found: self.pieces, expected: self.expected.pieces })
            }
            None if !self.finished => Err(Broken::NoFinish),
            None if !self.done => Err(Broken::NoDone),
            None => Ok(()),
        }
    }

    fn end_line(&mut self, rest: &[u8]) -> Result<(), Broken> {
        if self.unfinished_line.is_empty() {
            return self.line(rest);
        }
        let mut line = std::mem::take(&mut self.unfinished_line);
        line.extend_from_slice(rest);
        self.line(&line)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Broken> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.strip_prefix(b"data:") {
            Some(data) => self.event(data.trim_ascii()),
            None => Ok(()),
        }
    }

    fn event(&mut self, data: &[u8]) -> Result<(), Broken> {
        if self.done {
            return Err(Broken::AfterEnd(text(data)));
        }
        self.events += 1;
        if data == b"[DONE]" {
            self.done = true;
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_slice(data)
            .map_err(|error| Broken::NotAChunk(format!("{error}: {}", text(data))))?;
        if let Some(error) = chunk.error {
            return Err(Broken::ErrorEvent(error.to_string()));
        }
        chunk.choices.into_iter().try_for_each(|choice| self.choice(choice))
    }

    fn choice(&mut self, choice: Choice) -> Result<(), Broken> {
        if let Some(content) = choice.delta.content.filter(|content| !content.is_empty()) {
            self.content(&content)?;
        }
        self.finished |= choice.finish_reason.is_some();
        Ok(())
    }

    fn content(&mut self, content: &str) -> Result<(), Broken> {
        if self.finished {
            return Err(Broken::AfterEnd(content.to_owned()));
        }
        let due = &self.expected.text[self.told..];
        if !due.starts_with(content) {
            let expected = due.chars().take(content.chars().count()).collect();
            return Err(Broken::WrongText { expected, found: content.to_owned(), after: self.told });
        }
        self.told += content.len();
        self.pieces += 1;
        Ok(())
    }
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    choices: Vec<Choice<'a>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Delta<'a>,
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    content: Option<Cow<'a, str>>,
}

fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{self, Protocol};

    fn check(stream: &[u8], piece_bytes: usize) -> Result<(), Broken> {
        let mut check = StreamCheck::new(Expected { text: answer::text(3).into(), pieces: 3 });
        stream.chunks(piece_bytes).for_each(|piece| check.feed(piece));
        check.verdict()
    }

    /// Three words: events are role, word0, word1, word2, finish, usage, [DONE].
    fn without(event: usize) -> Vec<u8> {
        let mut events = answer::events(Protocol::Chat, 3);
        events.remove(event);
        events.concat()
    }

    #[test]
    fn a_whole_stream_passes_however_it_is_cut() {
        let stream = answer::events(Protocol::Chat, 3).concat();
        for piece_bytes in [1, 2, 7, 100, 10_000] {
            assert_eq!(check(&stream, piece_bytes), Ok(()));
        }
    }

    #[test]
    fn role_and_usage_may_be_missing() {
        assert_eq!(check(&without(0), 1000), Ok(()));
        assert_eq!(check(&without(5), 1000), Ok(()));
    }

    #[test]
    fn a_lost_word_is_found() {
        let wrong = Broken::WrongText { expected: " word1".into(), found: " word2".into(), after: 6 };
        assert_eq!(check(&without(2), 1000), Err(wrong));
        assert_eq!(check(&without(3), 1000), Err(Broken::Short { found: 12, expected: 18 }));
    }

    #[test]
    fn words_that_come_together_are_found() {
        let joined = answer::events(Protocol::Chat, 3).concat();
        let joined = String::from_utf8(joined).unwrap().replace(" word1", " word1 word2");
        let joined: String =
            joined.split_inclusive("\n\n").filter(|event| !event.contains("\" word2")).collect();
        assert_eq!(check(joined.as_bytes(), 1000), Err(Broken::OtherPieces { found: 2, expected: 3 }));
    }

    #[test]
    fn a_lost_end_is_found() {
        assert_eq!(check(&without(4), 1000), Err(Broken::NoFinish));
        assert_eq!(check(&without(6), 1000), Err(Broken::NoDone));
    }

    #[test]
    fn events_after_the_end_are_found() {
        let mut stream = answer::events(Protocol::Chat, 3).concat();
        stream.extend_from_slice(b"data: {}\n\n");
        assert_eq!(check(&stream, 1000), Err(Broken::AfterEnd("{}".into())));
    }

    #[test]
    fn an_error_event_is_found() {
        let stream = b"data: {\"error\": {\"message\": \"gone\"}}\n\n";
        assert_eq!(check(stream, 5), Err(Broken::ErrorEvent("{\"message\": \"gone\"}".into())));
    }

    #[test]
    fn an_endless_line_is_bounded() {
        assert_eq!(check(&[b'x'; 2 * LINE_LIMIT_BYTES], 1000), Err(Broken::LongLine));
    }
}
