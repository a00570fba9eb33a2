//! A line of a script with a part of it marked.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use super::secrets::hidden;

/// Longer lines are shown from shortly before the mark.
const MAX_CHARS: usize = 120;

/// How much is shown before the mark where a line is cut.
const BEFORE_MARK: usize = 40;

/// A line with a part of it marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The line; long ones are cut.
    pub line: String,
    /// How many characters stand before the mark.
    pub start: usize,
    /// How many characters are marked.
    pub length: usize,
    /// What is said beside the mark; may be empty.
    pub label: String,
}

impl Excerpt {
    /// A line with these of its bytes marked.
    pub(crate) fn new(line: &str, marked: Range<usize>, label: String) -> Self {
        let line = line.trim_end_matches('\r');
        let chars_to = |at: usize| line.get(..at.min(line.len())).unwrap_or(line).chars().count();
        let (start, end) = (chars_to(marked.start), chars_to(marked.end));
        let chars: Vec<char> = hidden(line).replace('\t', " ").chars().collect();
        let cut = if chars.len() > MAX_CHARS { start.saturating_sub(BEFORE_MARK) } else { 0 };
        let until = chars.len().min(cut + MAX_CHARS);
        let length = end.min(until).max(start + 1) - start;
        let dots = |is_cut: bool| if is_cut { "…" } else { "" };
        let text: String = chars[cut..until].iter().collect();
        let line = format!("{}{text}{}", dots(cut > 0), dots(until < chars.len()));
        Self { line, start: start - cut + usize::from(cut > 0), length, label }
    }

    /// Writes the line under its number, the mark below.
    pub(super) fn write(&self, out: &mut fmt::Formatter<'_>, number: usize) -> fmt::Result {
        let number = number.to_string();
        let blank = " ".repeat(number.len());
        let pointer = format!("{}{} {}", " ".repeat(self.start), "^".repeat(self.length), self.label);
        write!(out, "\n{blank} |\n{number} | {}\n{blank} | {}", self.line, pointer.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(line: &str, range: Range<usize>) -> (String, String) {
        let excerpt = Excerpt::new(line, range, String::new());
        let marked = excerpt.line.chars().skip(excerpt.start).take(excerpt.length).collect();
        (excerpt.line, marked)
    }

    #[test]
    fn the_mark_is_under_what_is_meant() {
        assert_eq!(marked("é: üb\r", 4..7), ("é: üb".to_owned(), "üb".to_owned()));
        assert_eq!(marked("a\tb", 2..3), ("a b".to_owned(), "b".to_owned()));
        assert_eq!(marked("", 0..1), (String::new(), String::new()));
        let long = format!("{}mark{}", "a".repeat(500), "b".repeat(500));
        let (line, mark) = marked(&long, 500..504);
        assert_eq!((line.chars().count(), mark.as_str()), (MAX_CHARS + 2, "mark"));
        assert_eq!(marked(&long, 500..1004).0, line);
    }
}
