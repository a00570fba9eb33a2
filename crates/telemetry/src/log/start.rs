//! Logging for a whole process.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tracing_subscriber::layer::SubscriberExt;

use super::{LineQueue, LoggingConfig, Sink, log_layer, log_panics};

/// Why logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The process logs already.
    #[error("logging was started before: start it once, in main")]
    AlreadyStarted,
    /// There is no thread to write with.
    #[error("could not start the thread that writes the log: {0}")]
    Thread(#[from] io::Error),
}

/// Starts logging to stdout for the whole process, panics included. `color` is for the text format.
///
/// # Errors
/// When logging was started before, or no thread can be started.
pub fn start(config: &LoggingConfig, color: bool) -> Result<LogGuard, StartError> {
    let queue = LineQueue::start(io::stdout(), LineQueue::LIMIT_BYTES)?;
    let layer = log_layer(config, color, Sink::Queue(Arc::clone(&queue)));
    // Further layers, such as one that exports spans, join here: each brings its own filter.
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::set_global_default(subscriber).map_err(|_| StartError::AlreadyStarted)?;
    let guard = LogGuard { queue };
    let before_death = guard.flusher();
    log_panics(before_death);
    Ok(guard)
}

/// Keeps the log whole: lines that still wait are written when it is dropped.
///
/// Keep it in `main`, and call [`flush`](Self::flush) before any other exit.
#[derive(Debug)]
#[must_use = "lines that wait are lost unless this lives as long as the process"]
pub struct LogGuard {
    queue: Arc<LineQueue>,
}

impl LogGuard {
    /// How long an exit waits for a reader that does not read.
    const PATIENCE: Duration = Duration::from_secs(1);

    /// Writes the lines that wait, for at most a second.
    pub fn flush(&self) {
        self.queue.flush(Self::PATIENCE);
    }

    /// A count of the lines dropped so far, for [`Metrics`](crate::Metrics).
    pub fn dropped_lines(&self) -> impl Fn() -> u64 + Send + Sync + 'static {
        let queue = Arc::clone(&self.queue);
        move || queue.dropped()
    }

    /// What writes the lines that wait, for whoever must end the process elsewhere.
    pub fn flusher(&self) -> impl Fn() + Send + Sync + 'static {
        let queue = Arc::clone(&self.queue);
        move || {
            queue.flush(Self::PATIENCE);
        }
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.flush();
    }
}
