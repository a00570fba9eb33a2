//! What a conversation should have been, beside what it was, message by message.

mod conversation;
mod spoken;
mod words;

use serde::Serialize;

use self::conversation::Row;
use self::spoken::{Spoken, spoken_conditions};
use super::condition::Compile;
use crate::call::Call;
use crate::script::When;

pub(super) use self::spoken::literal;
pub(super) use self::words::likeness;

/// How many messages are shown before and after one that differs.
const CONTEXT: usize = 2;

/// A line of a diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffLine {
    /// Whose line it is.
    pub op: DiffOp,
    /// Who speaks; empty where the line goes on with the one before.
    pub role: &'static str,
    /// What is said, or should have been.
    pub text: String,
}

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffOp {
    /// Both have it.
    Same,
    /// It was expected.
    Expected,
    /// It came in its place.
    Actual,
    /// The two, word by word: `[-expected-]{+actual+}`.
    Words,
}

impl DiffOp {
    /// The sign before the line.
    pub(super) fn sign(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Expected => '-',
            Self::Actual => '+',
            Self::Words => '?',
        }
    }
}

impl DiffLine {
    fn new(op: DiffOp, role: &'static str, text: impl Into<String>) -> Self {
        Self { op, role, text: text.into() }
    }
}

/// The conversation of a call, with what a condition expects of its messages where they differ.
/// Empty where the messages are as wanted, because what differs is elsewhere.
pub(super) fn diff(when: &When, call: &Call, compile: &Compile<'_>) -> Vec<DiffLine> {
    let unmet: Vec<Spoken<'_>> =
        spoken_conditions(when).into_iter().filter(|spoken| !spoken.holds(call, compile)).collect();
    if unmet.is_empty() {
        return Vec::new();
    }
    let messages = conversation::of(call);
    let places: Vec<_> = unmet.iter().map(|spoken| spoken.place(&messages)).collect();
    let unmet_at = |at: Option<usize>| {
        let unmet = unmet.iter().zip(&places).filter(move |(_, place)| **place == at);
        unmet.map(|(spoken, _)| spoken)
    };
    let mut rows: Vec<Row> = messages
        .iter()
        .enumerate()
        .map(|(at, said)| conversation::row(said, &unmet_at(Some(at)).collect::<Vec<_>>()))
        .collect();
    for spoken in unmet_at(None) {
        let missing = Row::Different(vec![DiffLine::new(DiffOp::Expected, spoken.role, &spoken.wanted)]);
        let at = if spoken.is_above() { 0 } else { rows.len() };
        rows.insert(at, missing);
    }
    conversation::within_context(rows, CONTEXT)
}
