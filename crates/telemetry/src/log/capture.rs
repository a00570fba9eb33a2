//! Log lines in memory, for tests.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tracing::Dispatch;
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing_subscriber::layer::SubscriberExt;

use super::{LoggingConfig, Sink, log_layer};

/// A second subscriber that is always there. Where `tracing` knows of one alone, it asks the thread
/// that comes by a line first whether that line is wanted, and keeps the answer for every thread: a
/// test that captures nothing would silence the one beside it that does.
static BYSTANDER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));

/// The lines logged so far.
#[derive(Clone, Debug, Default)]
pub struct CapturedLines(Arc<Mutex<Vec<u8>>>);

/// Captures what this thread logs until the guard is dropped, so that tests can run side by side.
///
/// ```
/// use playhouse_telemetry::{LoggingConfig, info, log};
///
/// let (lines, _guard) = log::capture(&LoggingConfig::default());
/// info!(target: "playhouse::doc", colour = "red", "Painted");
/// assert_eq!(lines.json()[0]["colour"], "red");
/// ```
pub fn capture(config: &LoggingConfig) -> (CapturedLines, DefaultGuard) {
    LazyLock::force(&BYSTANDER);
    let lines = CapturedLines::default();
    let layer = log_layer(config, false, Sink::Memory(lines.clone()));
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    (lines, guard)
}

impl CapturedLines {
    /// The lines as they would stand on stdout.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock()).into_owned()
    }

    /// The lines as JSON; one that is none is a JSON string.
    pub fn json(&self) -> Vec<serde_json::Value> {
        let text = self.text();
        let lines = text.lines().map(|line| {
            serde_json::from_str(line).unwrap_or_else(|_| serde_json::Value::String(line.to_owned()))
        });
        lines.collect()
    }

    pub(super) fn push(&self, line: &[u8]) {
        self.lock().extend_from_slice(line);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
