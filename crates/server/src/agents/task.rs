//! One run: stored before it is told, stopped when nobody wants it any more.

use std::sync::Arc;

use playhouse_agent::{Driver, RunEvent};
use playhouse_llm::Provider;
use tokio::sync::{Notify, mpsc};

use super::account::RunAccount;
use super::keeper::RunKeeper;

/// A run that is on its way.
pub(super) struct RunTask {
    pub(super) driver: Driver<Arc<dyn Provider>>,
    pub(super) keeper: RunKeeper,
    pub(super) account: RunAccount,
    pub(super) cancel: Arc<Notify>,
    pub(super) events: mpsc::Sender<RunEvent>,
}

impl RunTask {
    /// Runs to the end, whatever happens on the way.
    pub(super) async fn run(mut self) {
        while let Some(event) = self.next().await {
            if let Err(error) = self.keeper.keep(&event).await {
                // What is not on disk must not happen: a tool would run twice after a crash.
                self.driver.fail(error);
                continue;
            }
            if let RunEvent::Done(run) = &event {
                self.keeper.keep_end(run).await;
            }
            self.account.note(&event);
            if self.events.send(event).await.is_err() {
                self.driver.cancel();
            }
        }
    }

    /// The next event; being cancelled, or left by whoever listened, is one.
    async fn next(&mut self) -> Option<RunEvent> {
        tokio::select! {
            event = self.driver.next() => return event,
            () = self.cancel.notified() => {}
            () = self.events.closed() => {}
        }
        self.driver.cancel();
        self.driver.next().await
    }
}
