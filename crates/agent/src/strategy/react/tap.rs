//! The answer, while it comes.

use super::label::{Label, label, may_become_label};
use super::read::is_none;
use crate::strategy::Tap;

/// Lets through what stands behind `Answer:`, as soon as it is sure to belong there.
///
/// A reply in a code fence, as JSON, or begun by reasoning in `<think>` is held back: what of it is the
/// answer is known only in the end.
#[derive(Debug, Default)]
pub(super) struct AnswerTap {
    stage: Stage,
    /// The line that comes, as long as nobody knows what it is.
    line: String,
    /// Whether the line that comes is known to be a part of the answer.
    mid_line: bool,
    /// What belongs to the answer only if something follows it.
    tail: String,
    begun: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// The answer has not begun.
    #[default]
    Before,
    /// The answer comes.
    Within,
    /// Nothing more of this reply is for the user.
    Shut,
}

impl Tap for AnswerTap {
    fn pass(&mut self, text: &str) -> String {
        let mut passed = String::new();
        for piece in text.split_inclusive('\n') {
            match (self.stage, self.mid_line) {
                (Stage::Shut, _) => break,
                (_, true) => self.let_through(piece, &mut passed),
                (_, false) => {
                    self.line.push_str(piece);
                    self.decide(&mut passed);
                }
            }
            self.mid_line &= !piece.ends_with('\n');
        }
        passed
    }
}

impl AnswerTap {
    /// Decides on the line that comes, if that can be done yet.
    fn decide(&mut self, passed: &mut String) {
        let line = std::mem::take(&mut self.line);
        let is_whole = line.ends_with('\n');
        match (self.stage, label(&line)) {
            (Stage::Before, _) if is_veiled(&line) => self.stage = Stage::Shut,
            (_, Some((Label::Observation, _))) => self.stage = Stage::Shut,
            // What decorates the label may still be coming.
            (Stage::Before, Some((Label::Answer, ""))) if !is_whole => self.line = line,
            (Stage::Before, Some((Label::Answer, said))) => {
                self.stage = Stage::Within;
                self.mid_line = true;
                self.let_through(said, passed);
            }
            (Stage::Before, Some((Label::Action, said))) if is_whole && names_tool(said) => {
                self.stage = Stage::Shut
            }
            (Stage::Within, _) if is_whole || !may_become_label(&line) => {
                self.mid_line = true;
                self.let_through(&line, passed);
            }
            _ if is_whole => {}
            _ => self.line = line,
        }
    }

    /// Space around the answer is not a part of it, and the end of a code fence may not be one either.
    fn let_through(&mut self, text: &str, passed: &mut String) {
        let text = if self.tail.is_empty() && !self.begun { text.trim_start() } else { text };
        let said = text.trim_end_matches(|mark: char| mark.is_whitespace() || mark == '`');
        if !said.is_empty() {
            self.begun = true;
            passed.push_str(&std::mem::take(&mut self.tail));
            passed.push_str(said);
        }
        self.tail.push_str(&text[said.len()..]);
    }
}

/// Whether an action is one; its name may stand on the next line.
fn names_tool(said: &str) -> bool {
    said.trim().is_empty() || !is_none(said)
}

/// Whether a line begins something that must be taken off before the answer can be told.
fn is_veiled(line: &str) -> bool {
    line.trim_start().starts_with(['`', '{', '<'])
}
