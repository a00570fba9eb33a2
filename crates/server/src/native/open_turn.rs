//! A turn in the store that must be closed, whatever happens.

use std::sync::Arc;

use playhouse_llm::{Collector, Error, Extra, Message, Part, Reply, Shape};
use playhouse_store::{FinishTurn, TurnEnding};

use super::turn::Question;
use crate::app::App;
use crate::failure::store_failure;

/// A turn that has begun. Dropped open, it is stored as interrupted with the text that had come.
pub(super) struct OpenTurn {
    app: App,
    pub(super) session_id: Arc<str>,
    pub(super) turn_id: Arc<str>,
    pub(super) request_id: Arc<str>,
    pub(super) collector: Collector,
    /// What an agent has said before its answer is whole.
    pub(super) spoken: String,
    closed: bool,
}

impl OpenTurn {
    pub(super) fn new(app: App, question: &Question) -> Self {
        Self {
            app,
            session_id: question.session_id.clone(),
            turn_id: question.turn_id.clone(),
            request_id: question.context.request_id.clone(),
            collector: Collector::default(),
            spoken: String::new(),
            closed: false,
        }
    }

    /// What has been said so far.
    pub(super) fn said_so_far(&self) -> String {
        if self.spoken.is_empty() { self.collector.reply().content() } else { self.spoken.clone() }
    }

    /// Has what was said so far kept, in case the process dies.
    pub(super) fn keep_progress(&self) {
        self.app.turns().progress.note(&self.turn_id, self.said_so_far());
    }

    /// Stores the whole answer. If the database is away, the caller is told so, and the answer is
    /// stored as soon as it is back.
    pub(super) async fn complete(&mut self) -> Result<(), Error> {
        self.spoken.clear();
        self.end(TurnEnding::Completed).await
    }

    /// Stores that it was cut off, and what there is of an answer.
    pub(super) async fn interrupt(&mut self) {
        // Should the database be away, the finisher has it.
        let _ = self.end(TurnEnding::Interrupted).await;
    }

    /// Stores that there is no whole answer, and what there is of it.
    pub(super) fn fail(&mut self, error: &Error) {
        self.closed = true;
        let finish = self.finish(TurnEnding::Failed { error: Arc::from(error.kind.as_str()) });
        self.app.turn_finisher().finish_later(finish);
    }

    async fn end(&mut self, ending: TurnEnding) -> Result<(), Error> {
        let ended = self.app.turn_finisher().finish(self.finish(ending)).await;
        // Not before: given up in between, it is ended once more, and refused if it was not needed.
        self.closed = true;
        ended.map_err(|error| store_failure(&error))
    }

    fn finish(&self, ending: TurnEnding) -> FinishTurn {
        let reply = self.collector.reply();
        FinishTurn {
            turn_id: self.turn_id.clone(),
            now_us: jiff::Timestamp::now().as_microsecond(),
            ending,
            messages: self.said(reply).into_iter().filter(|message| !message.parts.is_empty()).collect(),
            model: Some(Arc::from(reply.model.as_str())).filter(|model: &Arc<str>| !model.is_empty()),
            finish_reason: reply.finish().map(|finish| Arc::from(finish.as_str())),
            usage: reply.usage.clone(),
        }
    }

    fn said(&self, reply: &Reply) -> Option<Message> {
        if !self.spoken.is_empty() {
            return Some(Message::assistant(self.spoken.clone()));
        }
        reply.choices.first().map(|choice| for_history(&choice.message))
    }
}

impl Drop for OpenTurn {
    fn drop(&mut self) {
        if !self.closed {
            self.app.turn_finisher().finish_later(self.finish(TurnEnding::Interrupted));
        }
        self.app.turns().progress.forget(&self.turn_id);
    }
}

/// What of an answer later turns may see: vendors refuse to be shown their reasoning, or fields
/// another vendor made up.
fn for_history(message: &Message) -> Message {
    let is_said = |part: &&Part| !matches!(part, Part::Reasoning { .. } | Part::Other { .. });
    let parts = message.parts.iter().filter(is_said).cloned().collect();
    Message { role: message.role, parts, shape: Shape::Plain, extra: Extra::new() }
}
