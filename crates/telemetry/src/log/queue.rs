//! Between those who log and the thread that writes.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Lines on their way out. Whoever logs only copies bytes in; a thread of its own writes many
/// lines at once. When the reader of the output is so slow that the queue is full, further lines
/// are dropped and counted.
#[derive(Debug)]
pub struct LineQueue {
    state: Mutex<State>,
    arrived: Condvar,
    written: Condvar,
    dropped: AtomicU64,
    limit_bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// How many bytes were ever taken in.
    taken_bytes: u64,
    /// How many of them the writer is done with.
    done_bytes: u64,
    /// Whether the writer sleeps until it is woken.
    parked: bool,
    closed: bool,
}

impl LineQueue {
    /// How many bytes may wait.
    pub const LIMIT_BYTES: usize = 8 * 1024 * 1024;

    /// How long the writer gathers lines before it looks again. Under load it is so never woken:
    /// waking a thread costs more than logging a line.
    const GATHER: Duration = Duration::from_millis(4);

    /// Starts a thread that writes to `output` until the queue is closed.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(output: impl Write + Send + 'static, limit_bytes: usize) -> io::Result<Arc<Self>> {
        let queue = Arc::new(Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            written: Condvar::new(),
            dropped: AtomicU64::new(0),
            limit_bytes,
        });
        let written = Arc::clone(&queue);
        thread::Builder::new().name("log-writer".to_owned()).spawn(move || {
            give_way();
            written.write_to(output);
        })?;
        Ok(queue)
    }

    /// Takes a line, its end included, or drops it if there is no room. Never waits for output.
    pub fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.closed || state.waiting.len() + line.len() > self.limit_bytes {
            drop(state);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        state.waiting.extend_from_slice(line);
        state.taken_bytes += line.len() as u64;
        let wake = std::mem::take(&mut state.parked);
        drop(state);
        if wake {
            self.arrived.notify_one();
        }
    }

    /// How many lines were dropped: for want of room, or because they could not be written.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until all lines taken so far are written, or the time is up. Whether they are.
    pub fn flush(&self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        let mut state = self.lock();
        let goal = state.taken_bytes;
        while state.done_bytes < goal {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.written.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Lets the writer finish; lines that come later are dropped and counted.
    pub fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    fn write_to(&self, mut output: impl Write) {
        let mut batch = Vec::new();
        while self.next_batch(&mut batch) {
            if write_whole(&mut output, &batch).is_err() {
                // Nobody is left to be told: the output was the place to tell it.
                self.dropped.fetch_add(count_lines(&batch), Ordering::Relaxed);
            }
            self.lock().done_bytes += batch.len() as u64;
            self.written.notify_all();
            thread::sleep(Self::GATHER);
        }
    }

    /// Swaps what waits into `batch`, waiting for something to come; false at the end.
    fn next_batch(&self, batch: &mut Vec<u8>) -> bool {
        /// What a batch may keep for the next, so that a burst does not hold its memory for good.
        const KEPT_BYTES: usize = 1024 * 1024;
        batch.clear();
        batch.shrink_to(KEPT_BYTES);
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return false;
            }
            state.parked = true;
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.parked = false;
        std::mem::swap(&mut state.waiting, batch);
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes everything, also to an output that somebody made non-blocking.
fn write_whole(output: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    const FULL_PIPE_PAUSE: Duration = Duration::from_millis(1);
    while !bytes.is_empty() {
        match output.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(FULL_PIPE_PAUSE),
            Err(error) => return Err(error),
        }
    }
    output.flush()
}

fn count_lines(batch: &[u8]) -> u64 {
    batch.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Lets the threads that answer requests go first where there are fewer cores than work.
fn give_way() {
    const NICENESS: i32 = 10;
    // On Linux this is the calling thread's alone. Where it is refused, nothing is lost but patience.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

#[cfg(test)]
mod tests;
