//! The signals that end a server.

use playhouse_telemetry::warn;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit;
use crate::failure::Failure;

/// What asks the process to stop: SIGTERM, and Ctrl-C.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    pub(super) fn listen() -> Result<Self, Failure> {
        let on =
            |kind| signal(kind).map_err(|error| Failure::work(format!("cannot wait for signals: {error}")));
        Ok(Self { terminate: on(SignalKind::terminate())?, interrupt: on(SignalKind::interrupt())? })
    }

    /// Waits for the first signal. From then on a second one ends the process at once.
    pub(super) async fn first(mut self, flush: impl Fn() + Send + 'static) {
        self.next().await;
        tokio::spawn(async move {
            self.next().await;
            warn!("Stopped at once: told to stop a second time");
            flush();
            std::process::exit(exit::FAILURE.into());
        });
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
