//! What one process at a time may use.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long a claim waits for the one before it. A server that has just ended may take a moment to be gone, and a
/// child that it starts has its files too, from its birth until it becomes the other program.
const PATIENCE: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(5);

/// Claims the file of this name for this process until the returned file is closed; `None` while another process
/// claims it.
///
/// # Errors
/// When there can be no such file.
pub(crate) fn claim(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    let deadline = Instant::now() + PATIENCE;
    while let Err(TryLockError::WouldBlock) = file.try_lock() {
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(POLL);
    }
    // Some network file systems have no locks; there the promise is the operator's.
    Ok(Some(file))
}
