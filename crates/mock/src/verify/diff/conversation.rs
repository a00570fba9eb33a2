//! The rows of a diff: what was said, and what should have been.

use playhouse_llm::Role;
use similar::{ChangeTag, TextDiff};

use super::spoken::Spoken;
use super::words::word_diff;
use super::{DiffLine, DiffOp};
use crate::call::Call;
use crate::journal::conversation::{content, role_name};
use crate::journal::shorten::one_line;

/// How much of a line is shown.
const LINE_CHARS: usize = 400;

/// How many lines of a message are shown that is as wanted.
const SAME_LINES: usize = 3;

/// How many lines of a message are shown that differs.
const DIFFERENT_LINES: usize = 40;

/// A message that came.
pub(super) struct Said {
    /// Who speaks; nobody for the inputs of an embeddings request.
    pub(super) role: Option<Role>,
    pub(super) text: String,
}

/// A message, as it is told.
pub(super) enum Row {
    Same(Vec<DiffLine>),
    Different(Vec<DiffLine>),
}

/// The messages of a call; for embeddings, their inputs as one.
pub(super) fn of(call: &Call) -> Vec<Said> {
    let messages = call.facts.messages();
    if messages.is_empty() && !call.facts.user.is_empty() {
        return vec![Said { role: None, text: call.facts.user.clone() }];
    }
    messages.iter().map(|message| Said { role: Some(message.role), text: content(message) }).collect()
}

/// A message beside the conditions on it that do not hold.
pub(super) fn row(said: &Said, unmet: &[&Spoken<'_>]) -> Row {
    let role = said.role.map_or("input", role_name);
    if unmet.is_empty() {
        return Row::Same(lines(DiffOp::Same, role, &said.text, SAME_LINES));
    }
    if let [one] = unmet
        && let Some(whole) = one.text.and_then(|text| text.is.as_deref())
        && (whole.contains('\n') || said.text.contains('\n'))
    {
        return Row::Different(line_by_line(role, whole, &said.text));
    }
    let mut rows: Vec<_> =
        unmet.iter().map(|spoken| DiffLine::new(DiffOp::Expected, spoken.role, &spoken.wanted)).collect();
    rows.extend(lines(DiffOp::Actual, role, &said.text, DIFFERENT_LINES));
    let words = unmet.iter().filter_map(|spoken| word_diff(spoken.text?, &said.text));
    rows.extend(words.map(|words| DiffLine::new(DiffOp::Words, "", one_line(&words, LINE_CHARS))));
    Row::Different(rows)
}

fn lines(op: DiffOp, role: &'static str, text: &str, most: usize) -> Vec<DiffLine> {
    let all = text.lines().count();
    let shown = text.lines().take(most).enumerate().map(|(at, line)| {
        let role = if at == 0 { role } else { "" };
        DiffLine::new(op, role, one_line(line, LINE_CHARS))
    });
    let left_out = (all > most).then(|| DiffLine::new(op, "", format!("… {} more lines …", all - most)));
    let nothing = (all == 0).then(|| DiffLine::new(op, role, ""));
    nothing.into_iter().chain(shown).chain(left_out).collect()
}

fn line_by_line(role: &'static str, expected: &str, actual: &str) -> Vec<DiffLine> {
    let diff = TextDiff::from_lines(expected, actual);
    let changes = diff.iter_all_changes().take(DIFFERENT_LINES).enumerate();
    let lines = changes.map(|(at, change)| {
        let op = match change.tag() {
            ChangeTag::Equal => DiffOp::Same,
            ChangeTag::Delete => DiffOp::Expected,
            ChangeTag::Insert => DiffOp::Actual,
        };
        DiffLine::new(op, if at == 0 { role } else { "" }, one_line(change.value(), LINE_CHARS))
    });
    lines.collect()
}

/// The rows that differ, and a few around them.
pub(super) fn within_context(rows: Vec<Row>, context: usize) -> Vec<DiffLine> {
    let different: Vec<_> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| matches!(row, Row::Different(_)))
        .map(|(at, _)| at)
        .collect();
    let is_near = |at: usize| different.iter().any(|near| near.abs_diff(at) <= context);
    let mut lines = Vec::new();
    let mut left_out = 0;
    for (at, row) in rows.into_iter().enumerate() {
        if !is_near(at) {
            left_out += 1;
            continue;
        }
        lines.extend(gap(&mut left_out));
        let (Row::Same(row) | Row::Different(row)) = row;
        lines.extend(row);
    }
    lines.extend(gap(&mut left_out));
    lines
}

fn gap(left_out: &mut usize) -> Option<DiffLine> {
    let messages = match std::mem::take(left_out) {
        0 => return None,
        1 => "1 more message".to_owned(),
        more => format!("{more} more messages"),
    };
    Some(DiffLine::new(DiffOp::Same, "", format!("… {messages} …")))
}
