//! What is shared with nobody: the traits in this process.

mod answers;
mod quotas;
mod signals;
mod stream;
mod streams;

pub use answers::LocalAnswers;
pub use quotas::LocalQuotas;
pub use signals::LocalSignals;
pub use streams::LocalStreams;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; a panic of another holder leaves nothing half done that matters here.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
