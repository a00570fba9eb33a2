//! Ends of turns, runs and responses that must not get lost while the store is away.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::{FinishResponse, FinishRun, FinishTurn, NewResponse, Responses, Runs, Sessions, StoreError};

/// How many ends may wait.
const BACKLOG: usize = 1_024;
const LARGEST_BATCH: usize = 64;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_millis(5_000);

/// The end of something that runs until its end is stored.
#[async_trait]
pub trait End: Clone + Send + 'static {
    /// Who stores it.
    type Keeper: ?Sized + Send + Sync + 'static;

    /// Stores it.
    ///
    /// # Errors
    /// Those of the keeper; it may be tried again when the store is unavailable.
    async fn store(self, keeper: &Self::Keeper) -> Result<(), StoreError>;
}

/// Ends turns ([`Finisher`]).
pub type TurnFinisher = Finisher<FinishTurn>;
/// Ends runs ([`Finisher`]).
pub type RunFinisher = Finisher<FinishRun>;
/// Ends responses ([`Finisher`]).
pub type ResponseFinisher = Finisher<FinishResponse>;
/// Keeps responses that have ended ([`Finisher`]).
pub type ResponseKeeper = Finisher<NewResponse>;

/// Ends turns or runs, and keeps trying in the background when the store cannot take an end at once.
///
/// Without it, a turn whose end met a database that was away would run for ever, and its session
/// would take no other; a run would seem to go on. Ends that still wait when the finisher is dropped are
/// lost; the store ends such turns and runs as interrupted when it is opened next.
pub struct Finisher<E: End> {
    keeper: Arc<E::Keeper>,
    backlog: mpsc::Sender<E>,
    pending: Arc<watch::Sender<usize>>,
    task: JoinHandle<()>,
}

#[async_trait]
impl End for FinishTurn {
    type Keeper = dyn Sessions;

    async fn store(self, keeper: &dyn Sessions) -> Result<(), StoreError> {
        keeper.finish_turn(self).await
    }
}

#[async_trait]
impl End for FinishRun {
    type Keeper = dyn Runs;

    async fn store(self, keeper: &dyn Runs) -> Result<(), StoreError> {
        keeper.finish_run(self).await
    }
}

#[async_trait]
impl End for FinishResponse {
    type Keeper = dyn Responses;

    async fn store(self, keeper: &dyn Responses) -> Result<(), StoreError> {
        keeper.finish_response(self).await
    }
}

#[async_trait]
impl End for NewResponse {
    type Keeper = dyn Responses;

    async fn store(self, keeper: &dyn Responses) -> Result<(), StoreError> {
        keeper.put_response(self).await
    }
}

impl<E: End> Finisher<E> {
    /// Starts the background task. Needs a tokio runtime.
    pub fn spawn(keeper: Arc<E::Keeper>) -> Self {
        let (backlog, waiting) = mpsc::channel(BACKLOG);
        let pending = Arc::new(watch::channel(0).0);
        let task = tokio::spawn(finish_all(Arc::clone(&keeper), waiting, Arc::clone(&pending)));
        Self { keeper, backlog, pending, task }
    }

    /// Stores an end and waits for the store.
    ///
    /// # Errors
    /// Those of [`Sessions::finish_turn`] or [`Runs::finish_run`]. When the store is unavailable, the end is
    /// kept and tried again until it succeeds.
    pub async fn finish(&self, end: E) -> Result<(), StoreError> {
        let outcome = end.clone().store(&*self.keeper).await;
        if matches!(&outcome, Err(error) if error.is_unavailable()) {
            self.finish_later(end);
        }
        outcome
    }

    /// Stores an end without waiting: for callers that are going away.
    ///
    /// When as many ends wait as the finisher takes, this one is lost, and what it should end runs until
    /// the store is opened next.
    pub fn finish_later(&self, end: E) {
        self.pending.send_modify(|pending| *pending += 1);
        if self.backlog.try_send(end).is_err() {
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

impl<E: End> Drop for Finisher<E> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn finish_all<E: End>(
    keeper: Arc<E::Keeper>,
    mut waiting: mpsc::Receiver<E>,
    pending: Arc<watch::Sender<usize>>,
) {
    let mut ends = Vec::new();
    while waiting.recv_many(&mut ends, LARGEST_BATCH).await > 0 {
        let settled = ends.len();
        join_all(ends.drain(..).map(|end| finish_one(&*keeper, end))).await;
        pending.send_modify(|pending| *pending -= settled);
    }
}

async fn finish_one<E: End>(keeper: &E::Keeper, end: E) {
    let mut pause = FIRST_RETRY;
    while let Err(error) = end.clone().store(keeper).await {
        if !error.is_unavailable() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_RETRY);
    }
}

#[cfg(test)]
mod tests;
