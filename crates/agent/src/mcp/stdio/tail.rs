//! The last lines that a process wrote to its standard error.

use std::collections::VecDeque;

/// How many lines are kept.
const MAX_LINES: usize = 10;
/// How much of each is kept, in bytes.
const MAX_LINE: usize = 300;

/// The end of what was written, within bounds.
#[derive(Default)]
pub(super) struct Tail {
    lines: VecDeque<String>,
    unfinished: Vec<u8>,
}

impl Tail {
    /// Takes what was written next.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE.saturating_sub(self.unfinished.len());
            let is_end = piece.ends_with(b"\n");
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            self.unfinished.extend_from_slice(&text[..text.len().min(room)]);
            if is_end {
                self.finish_line();
            }
        }
    }

    fn finish_line(&mut self) {
        let line = readable(&std::mem::take(&mut self.unfinished));
        if line.is_empty() {
            return;
        }
        if self.lines.len() == MAX_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The lines, the last one whether it has ended or not.
    pub(super) fn lines(&self) -> Vec<String> {
        let unfinished = Some(readable(&self.unfinished)).filter(|line| !line.is_empty());
        self.lines.iter().cloned().chain(unfinished).collect()
    }
}

/// A line as text, without what would move a terminal's cursor.
fn readable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let plain = text.chars().filter(|letter| !letter.is_control() || *letter == '\t');
    plain.collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_kept_and_only_the_beginning_of_each() {
        let mut tail = Tail::default();
        for number in 0..1_000 {
            tail.push(format!("line {number} {}\n", "x".repeat(5_000)).as_bytes());
        }
        let lines = tail.lines();
        assert_eq!(lines.len(), MAX_LINES);
        assert!(lines[0].starts_with("line 990 ") && lines[9].starts_with("line 999 "), "{lines:?}");
        assert!(lines.iter().all(|line| line.len() <= MAX_LINE));
    }

    #[test]
    fn lines_may_come_in_any_pieces_and_the_last_needs_no_end() {
        let mut tail = Tail::default();
        for piece in ["one", " more\r", "\n\n", "\u{1b}[31mred\n", "last"] {
            tail.push(piece.as_bytes());
        }
        assert_eq!(tail.lines(), ["one more", "[31mred", "last"]);
    }

    #[test]
    fn an_endless_line_takes_no_more_room_than_any() {
        let mut tail = Tail::default();
        for _ in 0..1_000 {
            tail.push(&[b'x'; 10_000]);
        }
        assert!(tail.unfinished.len() <= MAX_LINE);
    }
}
