//! What has begun, until its caller has heard of it.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::PostgresStore;
use crate::StoreError;
use crate::ids::{RunId, TurnId};

/// How often, and how long in between, the end of something is tried that nobody else will end.
const ATTEMPTS: u32 = 20;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// What was begun for a caller.
#[derive(Clone, Copy)]
pub(super) enum Begun {
    /// A turn.
    Turn(TurnId),
    /// A run that was begun, or resumed at this moment.
    Run(RunId, Option<i64>),
}

/// Watches over something that has begun until its caller learns of it.
///
/// A caller that goes away in between would leave what nobody ends: a turn whose session takes no other, a
/// run that seems to go on. The same goes for a beginning whose answer was lost with the connection.
pub(super) struct Unheard {
    store: PostgresStore,
    begun: Option<Begun>,
}

impl Unheard {
    /// Watches over what has begun, or may have.
    pub(super) fn new(store: PostgresStore, begun: Begun) -> Self {
        Self { store, begun: Some(begun) }
    }

    /// The caller has heard of it.
    pub(super) fn heard(mut self) {
        self.begun = None;
    }
}

impl Drop for Unheard {
    fn drop(&mut self) {
        let (Some(begun), Ok(runtime)) = (self.begun.take(), Handle::try_current()) else { return };
        runtime.spawn(interrupt(self.store.clone(), begun));
    }
}

/// Has something begin in a task of its own, so that it is done or undone whatever becomes of the caller.
pub(super) async fn begin_watched<T: Send + 'static>(
    store: &PostgresStore,
    begun: Begun,
    beginning: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<(T, Unheard), StoreError> {
    let store = store.clone();
    let (reply, outcome) = oneshot::channel();
    tokio::spawn(async move {
        let outcome = match beginning.await {
            Ok(done) => Ok((done, Unheard::new(store, begun))),
            Err(error) => {
                if error.is_unavailable() {
                    // It may have been done all the same.
                    drop(Unheard::new(store, begun));
                }
                Err(error)
            }
        };
        // Whoever has gone takes nothing; what watches ends what has begun.
        let _ = reply.send(outcome);
    });
    outcome.await.unwrap_or_else(|_| Err(StoreError::unavailable("the store is being closed")))
}

async fn interrupt(store: PostgresStore, begun: Begun) {
    let Ok(_place) = store.inner.unheard.try_acquire() else { return };
    let mut pause = FIRST_PAUSE;
    for _ in 0..ATTEMPTS {
        let ended = match begun {
            Begun::Turn(turn) => store.interrupt_turn(turn).await,
            Begun::Run(run, resumed_at_us) => store.interrupt_run(run, resumed_at_us).await,
        };
        if ended.is_ok() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}
