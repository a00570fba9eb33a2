//! Bringing what is written to the disk itself, many appends at once, in a thread of its own.
//!
//! An append goes to the system's memory, which outlasts the process. This thread has it reach the disk, which
//! outlasts the machine. The lock of the ledger's end is not held meanwhile, so appends go on.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::segment;
use super::shared::Shared;

/// How long an append waits for a disk that hangs, where it waits at all.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// When the thread works, and how far it is.
#[derive(Debug)]
pub(super) struct Syncer {
    /// How long the thread waits between two rounds; `None` has every append wait for its own.
    interval: Option<Duration>,
    state: Mutex<State>,
    wanted: Condvar,
    done: Condvar,
}

#[derive(Debug, Default)]
struct State {
    wanted: u64,
    synced: u64,
    is_closed: bool,
    trouble: Option<Arc<str>>,
}

impl Syncer {
    pub(super) fn new(interval: Option<Duration>) -> Self {
        Self { interval, state: Mutex::default(), wanted: Condvar::new(), done: Condvar::new() }
    }

    /// Waits until an append is on the disk, if appends do that.
    pub(super) fn wait_for(&self, sequence: u64) {
        if self.interval.is_some() {
            return;
        }
        let mut state = self.lock();
        state.wanted = state.wanted.max(sequence);
        self.wanted.notify_one();
        let is_ahead = |state: &mut State| state.synced < sequence && !state.is_closed;
        drop(self.done.wait_timeout_while(state, LONGEST_WAIT, is_ahead));
    }

    /// Has the thread end after one more round.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.wanted.notify_one();
        self.done.notify_all();
    }

    /// Why the last round failed, if it did.
    pub(super) fn trouble(&self) -> Option<Arc<str>> {
        self.lock().trouble.clone()
    }

    /// The last append that is on the disk.
    #[cfg(test)]
    pub(super) fn synced(&self) -> u64 {
        self.lock().synced
    }

    /// Waits for the next round; `false` when it is the last.
    fn pause(&self) -> bool {
        let state = self.lock();
        let state = match self.interval {
            Some(interval) => {
                let waited = self.wanted.wait_timeout_while(state, interval, |state| !state.is_closed);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                let is_idle = |state: &mut State| state.wanted <= state.synced && !state.is_closed;
                self.wanted.wait_while(state, is_idle).unwrap_or_else(PoisonError::into_inner)
            }
        };
        !state.is_closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's work: rounds until the ledger is closed.
pub(super) fn run(shared: &Shared) {
    make_spare(shared);
    while shared.syncer.pause() {
        sync(shared);
        make_spare(shared);
    }
    sync(shared);
}

/// One round.
pub(super) fn sync(shared: &Shared) {
    let (files, sequence) = shared.appender().take_unsynced();
    if shared.syncer.lock().synced == sequence {
        return;
    }
    let outcome = files.iter().try_for_each(|file| file.sync_data());
    let mut state = shared.syncer.lock();
    state.trouble = outcome.err().map(|error| error.to_string().into());
    state.synced = state.synced.max(sequence);
    drop(state);
    shared.syncer.done.notify_all();
}

/// Makes the next segment before it is needed, so that no append waits for that.
fn make_spare(shared: &Shared) {
    let Some(number) = shared.appender().wants_spare() else { return };
    // Where it cannot be made, the append that needs it will say why.
    let Ok(file) = segment::create(&shared.folder, number) else { return };
    let _ = segment::sync_folder(&shared.folder);
    let offered = shared.appender().offer_spare(number, file);
    if let Err(number) = offered {
        let _ = segment::remove(&shared.folder, number);
    }
}
