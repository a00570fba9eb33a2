//! The turns that run, whoever listens to them.

use std::sync::Arc;
use std::time::Duration;

use playhouse_llm::{Error, ErrorKind};
use playhouse_store::shared::Shared;
use playhouse_store::{ProgressWriter, Store};
use playhouse_telemetry::Metrics;
use playhouse_telemetry::metrics::GaugeGuard;
use tokio::sync::watch;

use crate::live::Subject;

/// Counts the turns that run, stops them, and keeps what is said in them.
pub(crate) struct TurnDesk {
    pub(crate) shared: Shared,
    pub(crate) progress: ProgressWriter,
    metrics: Arc<Metrics>,
    most: usize,
    running: Arc<watch::Sender<usize>>,
    /// Counts the times that everything was stopped, and says why the last time.
    halted: watch::Sender<(u64, Halt)>,
}

/// Why all turns are stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Halt {
    /// The server ends.
    #[default]
    Stopping,
    /// Others have taken this server for dead.
    LeaseLost,
}

/// A turn's place among those that run.
pub(crate) struct Place {
    running: Arc<watch::Sender<usize>>,
    halted: watch::Receiver<(u64, Halt)>,
    shared: Shared,
    _gauge: GaugeGuard,
}

impl TurnDesk {
    /// A desk that takes so many turns at once. It must be made within a Tokio runtime.
    pub(crate) fn new(store: Arc<dyn Store>, shared: Shared, metrics: Arc<Metrics>, most: usize) -> Self {
        Self {
            shared,
            progress: ProgressWriter::spawn(store),
            metrics,
            most,
            running: Arc::new(watch::channel(0).0),
            halted: watch::channel((0, Halt::default())).0,
        }
    }

    /// Takes a place for a turn.
    pub(crate) fn enter(&self) -> Result<Place, Error> {
        let is_free = self.running.send_if_modified(|running| {
            let is_free = *running < self.most;
            *running += usize::from(is_free);
            is_free
        });
        if !is_free {
            let message = "the server is answering as many turns as it takes; try again shortly";
            return Err(Error::new(ErrorKind::Overloaded, message).retry_after(Duration::from_secs(1)));
        }
        let mut halted = self.halted.subscribe();
        halted.mark_unchanged();
        let gauge = self.metrics.running_turn_guard();
        Ok(Place { running: self.running.clone(), halted, shared: self.shared.clone(), _gauge: gauge })
    }

    /// Waits until no turn runs any more.
    pub(crate) async fn all_ended(&self) {
        // An error would mean that nobody counts any more, and the counter is ours.
        let _ = self.running.subscribe().wait_for(|running| *running == 0).await;
    }

    /// Ends every turn that runs now as interrupted.
    pub(crate) fn halt(&self, why: Halt) {
        self.halted.send_modify(|(times, last)| (*times, *last) = (*times + 1, why));
    }
}

impl Place {
    /// Waits until this turn is to stop, and says why.
    pub(crate) async fn stopped(&mut self, subject: Subject) -> Error {
        let signal = subject.cancel_signal();
        tokio::select! {
            () = self.shared.signals.raised(&signal) => Error::new(ErrorKind::Cancelled, "the turn was cancelled"),
            changed = self.halted.changed() => {
                let why = changed.map_or(Halt::Stopping, |()| self.halted.borrow().1);
                why.error()
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.send_modify(|running| *running -= 1);
    }
}

impl Halt {
    /// What those who follow a turn are told.
    fn error(self) -> Error {
        let message = match self {
            Self::Stopping => "the server stopped before the answer was whole; retry the turn",
            Self::LeaseLost => {
                "the server did not answer for too long, so the turn was ended; read it, and retry it if needed"
            }
        };
        Error::new(ErrorKind::Interrupted, message)
    }
}
