//! Noting an answer while it goes out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use bytes::Bytes;
use playhouse_llm::FinishReason;
use tokio::time::Instant;

use super::Journal;
use super::entry::{Ended, Entry};
use super::headers::HeaderLines;

/// An answer whose first byte is about to go out.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderLines,
    /// All of the body that shall go out, shared with what does; a large one is kept in part.
    pub body: Bytes,
    /// Whether it comes as a stream of events.
    pub is_stream: bool,
    /// Why it finishes, where it says so.
    pub finish: Option<FinishReason>,
    /// How many tokens it says it has.
    pub completion_tokens: Option<u64>,
}

/// How much of an answer has gone out, and when.
#[derive(Debug)]
pub struct Sent {
    started: Instant,
    bytes: AtomicU64,
    events: AtomicU32,
    /// In microseconds from the start; 0 until it has happened.
    first_byte_us: AtomicU64,
    duration_us: AtomicU64,
    ended: AtomicU8,
}

/// What notes the answer to a call. Dropped before [`finish`](Self::finish), it says that the
/// client left, because nothing else drops an answer that is under way.
#[derive(Debug)]
#[must_use = "a call whose recording is dropped counts as left by its client"]
pub struct Recording {
    journal: Arc<Journal>,
    entry: Arc<Entry>,
}

impl Recording {
    pub(super) fn new(journal: Arc<Journal>, entry: Arc<Entry>) -> Self {
        Self { journal, entry }
    }

    /// The call.
    pub fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// Notes what is about to go out; only the first answer counts.
    pub fn begin_answer(&self, answer: Answer) {
        self.entry.begin_answer(answer);
    }

    /// Notes that so much more of the body went out; the first time is the time to the first byte.
    pub fn sent(&self, bytes: usize, events: u32) {
        self.entry.sent().add(bytes, events);
    }

    /// Notes how the call ended; only the first end counts.
    pub fn finish(&mut self, ended: Ended) {
        if self.entry.sent().end(ended) {
            self.journal.close(&self.entry);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.finish(Ended::ClientLeft);
    }
}

impl Sent {
    pub(super) fn since(started: Instant) -> Self {
        Self {
            started,
            bytes: AtomicU64::new(0),
            events: AtomicU32::new(0),
            first_byte_us: AtomicU64::new(0),
            duration_us: AtomicU64::new(0),
            ended: AtomicU8::new(code_of(Ended::Running)),
        }
    }

    /// How many bytes of the body went out.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many events of a stream went out.
    pub fn events(&self) -> u32 {
        self.events.load(Ordering::Relaxed)
    }

    /// From the request to the first byte of the answer's body, in milliseconds.
    pub fn first_byte_ms(&self) -> Option<f64> {
        milliseconds(&self.first_byte_us)
    }

    /// From the request to the end of the call, in milliseconds.
    pub fn duration_ms(&self) -> Option<f64> {
        milliseconds(&self.duration_us)
    }

    /// How the call ended.
    pub fn ended(&self) -> Ended {
        match self.ended.load(Ordering::Acquire) {
            1 => Ended::Complete,
            2 => Ended::ClientLeft,
            3 => Ended::Cut,
            _ => Ended::Running,
        }
    }

    fn add(&self, bytes: usize, events: u32) {
        // There is one writer: the recording.
        if self.first_byte_us.load(Ordering::Relaxed) == 0 {
            self.first_byte_us.store(self.elapsed_us(), Ordering::Relaxed);
        }
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    /// Sets the end; says whether it was none before.
    fn end(&self, ended: Ended) -> bool {
        if self.ended() != Ended::Running {
            return false;
        }
        self.duration_us.store(self.elapsed_us(), Ordering::Relaxed);
        self.ended.store(code_of(ended), Ordering::Release);
        true
    }

    fn elapsed_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }
}

const fn code_of(ended: Ended) -> u8 {
    match ended {
        Ended::Running => 0,
        Ended::Complete => 1,
        Ended::ClientLeft => 2,
        Ended::Cut => 3,
    }
}

fn milliseconds(us: &AtomicU64) -> Option<f64> {
    match us.load(Ordering::Relaxed) {
        0 => None,
        us => Some(us as f64 / 1000.0),
    }
}
