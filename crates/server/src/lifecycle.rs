//! Where the server stands between its start and its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const STARTING: u8 = 0;
const READY: u8 = 1;
const DRAINING: u8 = 2;

/// The server's phase, shared by whoever sets it and whoever tells it.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle(Arc<AtomicU8>);

/// A phase of the server's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not all is set up yet.
    Starting,
    /// Requests are welcome.
    Ready,
    /// What runs may finish; nothing new should come.
    Draining,
}

impl Lifecycle {
    /// A server that is ready from the start, as tests want it.
    pub fn ready() -> Self {
        let lifecycle = Self::default();
        lifecycle.set_ready();
        lifecycle
    }

    /// Requests are welcome from now on.
    pub fn set_ready(&self) {
        self.0.store(READY, Ordering::Relaxed);
    }

    /// Nothing new should come from now on.
    pub fn set_draining(&self) {
        self.0.store(DRAINING, Ordering::Relaxed);
    }

    /// The phase now.
    pub fn phase(&self) -> Phase {
        match self.0.load(Ordering::Relaxed) {
            STARTING => Phase::Starting,
            READY => Phase::Ready,
            _ => Phase::Draining,
        }
    }
}
