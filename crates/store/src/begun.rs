//! A turn that has begun, as a database tells of it.

use crate::stored::Stored;
use crate::window::last_that_fit;
use crate::{BegunTurn, HistoryWindow};

/// A turn that has begun.
pub(crate) struct Begun {
    pub(crate) number: u32,
    pub(crate) new_session: bool,
    /// Newest first.
    pub(crate) context: Vec<ContextTurn>,
    /// Whether the one turn in the context is too large for the window.
    pub(crate) oversized: bool,
}

/// A turn that the next one sees.
#[derive(Clone)]
pub(crate) struct ContextTurn {
    pub(crate) question: Stored,
    pub(crate) answer: Stored,
}

impl Begun {
    /// The turn with the messages before it.
    ///
    /// # Errors
    /// When a stored message cannot be read.
    pub(crate) fn into_turn(self, window: HistoryWindow) -> Result<BegunTurn, serde_json::Error> {
        let Self { number, new_session, context, oversized } = self;
        let mut history = Vec::with_capacity(context.len() * 2);
        for ContextTurn { question, answer } in context.into_iter().rev() {
            history.push(question.into_question()?);
            history.extend(answer.into_answer()?);
        }
        let history = if oversized { last_that_fit(history, window) } else { history };
        Ok(BegunTurn { number, new_session, history })
    }
}
