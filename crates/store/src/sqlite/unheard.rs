//! What has begun, until its caller has heard of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;

use super::writer::Writer;
use super::{run_rows, turns};
use crate::ids::{RunId, TurnId};

/// What was begun for a caller who has gone.
#[derive(Clone)]
pub(super) enum Abandoned {
    /// A turn.
    Turn(TurnId),
    /// A run, if it was this caller who had it run.
    Run {
        /// The run.
        id: RunId,
        /// Whether it was this caller; known once the beginning has been through the queue.
        taken: Arc<AtomicBool>,
    },
}

impl Abandoned {
    /// Ends it as interrupted, if it is running.
    pub(super) fn interrupt(&self, db: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Turn(turn) => turns::interrupt(db, *turn),
            Self::Run { id, taken } if taken.load(Ordering::Relaxed) => run_rows::interrupt(db, *id),
            Self::Run { .. } => Ok(()),
        }
    }
}

/// Watches over something between its commit and the moment its caller learns of it.
///
/// A caller that goes away in between would leave what nobody ends: a turn whose session takes no
/// other, a run that seems to go on.
pub(super) struct Unheard<'store> {
    writer: &'store Writer,
    begun: Option<Abandoned>,
}

impl<'store> Unheard<'store> {
    /// Watches from now on.
    pub(super) fn new(writer: &'store Writer, begun: Abandoned) -> Self {
        Self { writer, begun: Some(begun) }
    }

    /// The caller has heard, of a beginning or of a refusal.
    pub(super) fn heard(mut self) {
        self.begun = None;
    }
}

impl Drop for Unheard<'_> {
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take() {
            self.writer.abandon(begun);
        }
    }
}
