//! The text of a script and the places in it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use super::excerpt::Excerpt;
use crate::script::read::Span;

/// A text and the name of what it is from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) text: String,
}

/// A line and a column, both counted from 1; columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

/// A place in a script; shown as `file:line:column`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// Where in it.
    #[serde(flatten)]
    pub position: Position,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.position.line, self.position.column)
    }
}

impl Source {
    /// The line and column of a byte.
    pub(crate) fn position(&self, at: u32) -> Position {
        let at = (at as usize).min(self.text.len());
        let (line, range) = self.line(at);
        let before = self.text.get(range.start..at).unwrap_or_default();
        Position { line, column: before.chars().count() + 1 }
    }

    /// The place of a byte.
    pub(crate) fn place(&self, at: u32) -> Place {
        Place { file: self.name.clone(), position: self.position(at) }
    }

    /// The line at which a part of the text begins, with that part marked.
    pub(crate) fn excerpt(&self, span: Span, label: String) -> Excerpt {
        let Range { start, end } = span.range();
        let (_, line) = self.line(start.min(self.text.len()));
        Excerpt::new(
            &self.text[line.clone()],
            start.max(line.start) - line.start..end.max(line.start) - line.start,
            label,
        )
    }

    /// The number of the line with this byte, and its bytes without the line break.
    fn line(&self, at: usize) -> (usize, Range<usize>) {
        let bytes = self.text.as_bytes();
        let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |found| found + 1);
        let end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |found| at + found);
        let number = bytes[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
        (number, start..end)
    }
}

/// The byte at a line, counted from 1, and a number of bytes after its start.
pub(crate) fn offset_of(text: &str, line: usize, bytes: usize) -> usize {
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    let start = starts.take(line).last().unwrap_or_default();
    (start + bytes).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters() {
        let source = Source { name: "x.yaml".into(), text: "a: é\nüb: 1\n".to_owned() };
        let place = |at| source.place(at).to_string();
        assert_eq!(place(0), "x.yaml:1:1");
        assert_eq!(place(6), "x.yaml:2:1");
        assert_eq!(place(11), "x.yaml:2:5");
        assert_eq!(place(99), "x.yaml:3:1");
    }

    #[test]
    fn offsets_are_found_by_line() {
        assert_eq!(offset_of("ab\ncd", 2, 1), 4);
        assert_eq!(offset_of("ab\ncd", 9, 9), 5);
        assert_eq!(offset_of("", 1, 0), 0);
    }
}
