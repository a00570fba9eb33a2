//! Ends of turns that must not get lost while the store is away.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::{FinishTurn, Sessions, StoreError};

/// How many ends may wait.
const BACKLOG: usize = 1_024;
const LARGEST_BATCH: usize = 64;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_millis(5_000);

/// Ends turns, and keeps trying in the background when the store cannot take an end at once.
///
/// Without it, a turn whose end met a database that was away would run for ever, and its session
/// would take no other. Ends that still wait when the finisher is dropped are lost; the store ends such
/// turns as interrupted when it is opened next.
pub struct TurnFinisher {
    sessions: Arc<dyn Sessions>,
    backlog: mpsc::Sender<FinishTurn>,
    pending: Arc<watch::Sender<usize>>,
    task: JoinHandle<()>,
}

impl TurnFinisher {
    /// Starts the background task. Needs a tokio runtime.
    pub fn spawn(sessions: Arc<dyn Sessions>) -> Self {
        let (backlog, waiting) = mpsc::channel(BACKLOG);
        let pending = Arc::new(watch::channel(0).0);
        let task = tokio::spawn(finish_all(Arc::clone(&sessions), waiting, Arc::clone(&pending)));
        Self { sessions, backlog, pending, task }
    }

    /// Ends a turn and waits for the store.
    ///
    /// # Errors
    /// Those of [`Sessions::finish_turn`]. When the store is unavailable, the end is kept and tried again
    /// until it succeeds.
    pub async fn finish(&self, finish: FinishTurn) -> Result<(), StoreError> {
        let outcome = self.sessions.finish_turn(finish.clone()).await;
        if matches!(&outcome, Err(error) if error.is_unavailable()) {
            self.finish_later(finish);
        }
        outcome
    }

    /// Ends a turn without waiting: for callers that are going away.
    ///
    /// When as many ends wait as the finisher takes, this one is lost, and the turn runs until the store
    /// is opened next.
    pub fn finish_later(&self, finish: FinishTurn) {
        self.pending.send_modify(|pending| *pending += 1);
        if self.backlog.try_send(finish).is_err() {
            self.pending.send_modify(|pending| *pending -= 1);
        }
    }

    /// How many ends wait for the store.
    pub fn pending(&self) -> usize {
        *self.pending.borrow()
    }

    /// Waits until no end waits any more.
    ///
    /// Takes as long as the store is away; whoever shuts down puts a bound on it.
    pub async fn flush(&self) {
        // An error would mean that nobody counts any more, and the counter is ours.
        let _ = self.pending.subscribe().wait_for(|pending| *pending == 0).await;
    }
}

impl Drop for TurnFinisher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn finish_all(
    sessions: Arc<dyn Sessions>,
    mut waiting: mpsc::Receiver<FinishTurn>,
    pending: Arc<watch::Sender<usize>>,
) {
    let mut ends = Vec::new();
    while waiting.recv_many(&mut ends, LARGEST_BATCH).await > 0 {
        let settled = ends.len();
        join_all(ends.drain(..).map(|end| finish_one(&*sessions, end))).await;
        pending.send_modify(|pending| *pending -= settled);
    }
}

async fn finish_one(sessions: &dyn Sessions, end: FinishTurn) {
    let mut pause = FIRST_RETRY;
    while let Err(error) = sessions.finish_turn(end.clone()).await {
        if !error.is_unavailable() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_RETRY);
    }
}

#[cfg(test)]
mod tests;
