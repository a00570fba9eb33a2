//! A turn as it is read from a database, and its messages at their positions.

use std::sync::Arc;

use playhouse_llm::Message;

use crate::stored::Stored;
use crate::{MessagePage, SessionDetail, SessionMessage, SessionSummary, TurnState};

const MOST_MESSAGES: u32 = 1_000;
/// A message's position is its turn's number and, in the lowest bits, its place in the turn.
const PLACE_BITS: u32 = 20;

/// A turn's columns that every reading needs.
pub(crate) struct TurnRow {
    pub(crate) number: u32,
    pub(crate) id: Arc<str>,
    pub(crate) state: TurnState,
    pub(crate) started_at_us: i64,
    pub(crate) ended_at_us: Option<i64>,
    pub(crate) question: Stored,
    pub(crate) answer: Option<Stored>,
}

/// A page of messages while it is filled, from the newest backwards.
pub(crate) struct Backwards {
    before: u64,
    limit: usize,
    newest_first: Vec<SessionMessage>,
}

impl TurnRow {
    /// What was said in it.
    pub(crate) fn into_messages(self) -> Result<Vec<Message>, serde_json::Error> {
        let mut messages = vec![self.question.into_question()?];
        if let Some(answer) = self.answer {
            messages.extend(answer.into_answer()?);
        }
        Ok(messages)
    }

    /// What was said in it, each message at its position.
    fn into_positioned(self) -> Result<Vec<SessionMessage>, serde_json::Error> {
        let first = u64::from(self.number) << PLACE_BITS;
        let (turn_id, turn_state) = (Arc::clone(&self.id), self.state);
        let (started_at_us, ended_at_us) = (self.started_at_us, self.ended_at_us);
        let messages = (first..).zip(self.into_messages()?).map(|(position, message)| SessionMessage {
            position,
            turn_id: Arc::clone(&turn_id),
            turn_state,
            at_us: if position == first { Some(started_at_us) } else { ended_at_us },
            message,
        });
        Ok(messages.collect())
    }
}

impl Backwards {
    /// A page with nothing in it yet.
    pub(crate) fn new(page: MessagePage) -> Self {
        Self {
            before: page.before.unwrap_or(u64::MAX),
            limit: page.limit.clamp(1, MOST_MESSAGES) as usize,
            newest_first: Vec::new(),
        }
    }

    /// The number of the newest turn that may hold messages of the page.
    pub(crate) fn newest_turn(&self) -> u32 {
        u32::try_from(self.before >> PLACE_BITS).unwrap_or(u32::MAX)
    }

    /// How many turns hold enough messages, since each holds one at least.
    pub(crate) fn most_turns(&self) -> usize {
        // One more than wanted tells whether there are older ones, and the newest turn may not count.
        self.limit + 2
    }

    /// Whether another turn is wanted.
    pub(crate) fn wants_more(&self) -> bool {
        self.newest_first.len() <= self.limit
    }

    /// Adds the messages of the turn before those that are there.
    pub(crate) fn add(&mut self, turn: TurnRow) -> Result<(), serde_json::Error> {
        let messages = turn.into_positioned()?.into_iter().rev();
        self.newest_first.extend(messages.filter(|message| message.position < self.before));
        Ok(())
    }

    /// The session with the page's messages.
    pub(crate) fn into_detail(mut self, summary: SessionSummary) -> SessionDetail {
        let more = self.newest_first.len() > self.limit;
        self.newest_first.truncate(self.limit);
        let before = self.newest_first.last().filter(|_| more).map(|oldest| oldest.position);
        self.newest_first.reverse();
        SessionDetail { summary, messages: self.newest_first, before }
    }
}
