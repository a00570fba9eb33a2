//! Live streams within this process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};

use super::lock;
use super::stream::Stream;
use crate::shared::{LiveBatch, LiveRead, LiveStreams, SharedError, SharedLimits};

/// How often it is looked for streams that are no longer kept.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// [`LiveStreams`] of this process only.
#[derive(Debug)]
pub struct LocalStreams {
    limits: SharedLimits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    streams: HashMap<Arc<str>, Arc<Stream>>,
    /// Those that have ended, in that order.
    closed: VecDeque<Arc<str>>,
    bytes: usize,
    next_sweep: Instant,
}

impl LocalStreams {
    /// There are no streams yet.
    pub fn new(limits: &SharedLimits) -> Self {
        let state = State {
            streams: HashMap::new(),
            closed: VecDeque::new(),
            bytes: 0,
            next_sweep: Instant::now() + SWEEP_EVERY,
        };
        Self { limits: limits.clone(), state: Mutex::new(state) }
    }

    /// Adds events to a stream of this process.
    pub(in crate::shared) fn append_here(&self, name: &str, batch: LiveBatch) {
        let mut state = lock(&self.state);
        state.sweep(Instant::now());
        let stream = state.stream(name);
        let added = stream.add(batch, &self.limits);
        state.bytes = state.bytes.saturating_add_signed(added.bytes);
        if added.closed {
            state.closed.push_back(name.into());
        }
        state.shrink_to(self.limits.streams_bytes, &stream);
    }

    /// What is there of a stream of this process, without waiting.
    pub(in crate::shared) fn read_here(&self, name: &str, after_id: u64, max: usize) -> Option<LiveRead> {
        Some(self.find(name)?.read(after_id, max))
    }

    /// Whether a stream is kept in this process.
    pub(in crate::shared) fn is_kept(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<Arc<Stream>> {
        let stream = lock(&self.state).streams.get(name).cloned()?;
        (!stream.is_over(Instant::now())).then_some(stream)
    }
}

impl State {
    fn stream(&mut self, name: &str) -> Arc<Stream> {
        if let Some(stream) = self.streams.get(name) {
            return stream.clone();
        }
        let stream = Arc::new(Stream::new());
        self.streams.insert(name.into(), stream.clone());
        stream
    }

    /// Removes, now and then, what is no longer kept.
    fn sweep(&mut self, now: Instant) {
        if now < self.next_sweep {
            return;
        }
        self.next_sweep = now + SWEEP_EVERY;
        let bytes = &mut self.bytes;
        self.streams.retain(|_, stream| {
            let over = stream.is_over(now);
            if over {
                *bytes = bytes.saturating_sub(stream.bytes());
            }
            !over
        });
        self.closed.retain(|name| self.streams.contains_key(name));
    }

    /// Makes room: the streams that ended first go, then the oldest events of the one that grows.
    fn shrink_to(&mut self, most_bytes: usize, growing: &Arc<Stream>) {
        while self.bytes > most_bytes {
            let Some(name) = self.closed.pop_front() else { break };
            if let Some(stream) = self.streams.remove(&name) {
                self.bytes = self.bytes.saturating_sub(stream.bytes());
            }
        }
        if self.bytes > most_bytes {
            self.bytes -= growing.free(self.bytes - most_bytes);
        }
    }
}

#[async_trait]
impl LiveStreams for LocalStreams {
    async fn append(&self, stream: &str, batch: LiveBatch) {
        self.append_here(stream, batch);
    }

    async fn read(
        &self,
        stream: &str,
        after_id: u64,
        max: usize,
        wait: Duration,
    ) -> Result<Option<LiveRead>, SharedError> {
        let Some(stream) = self.find(stream) else { return Ok(None) };
        let until = Instant::now() + wait;
        loop {
            let news = stream.news.notified();
            let read = stream.read(after_id, max);
            let anything = !read.events.is_empty() || read.closed;
            if anything || timeout_at(until, news).await.is_err() {
                return Ok(Some(read));
            }
        }
    }
}
