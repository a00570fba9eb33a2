//! One live stream in memory.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::lock;
use crate::shared::{LiveBatch, LiveEvent, LiveRead, SharedLimits};

/// What an event costs besides its name and its data.
const EVENT_BYTES: usize = 64;

#[derive(Debug)]
pub(super) struct Stream {
    state: Mutex<State>,
    /// Wakes the readers.
    pub(super) news: Notify,
}

#[derive(Debug)]
struct State {
    events: VecDeque<LiveEvent>,
    last_id: u64,
    bytes: usize,
    closed: bool,
    until: Instant,
}

/// What an addition did.
pub(super) struct Added {
    /// By how many bytes the stream grew or shrank.
    pub(super) bytes: isize,
    /// Whether this ended it.
    pub(super) closed: bool,
}

impl Stream {
    pub(super) fn new() -> Self {
        let state =
            State { events: VecDeque::new(), last_id: 0, bytes: 0, closed: false, until: Instant::now() };
        Self { state: Mutex::new(state), news: Notify::new() }
    }

    pub(super) fn add(&self, batch: LiveBatch, limits: &SharedLimits) -> Added {
        let mut state = lock(&self.state);
        let (before, was_closed) = (state.bytes, state.closed);
        if !was_closed {
            state.add(batch);
            state.shrink(limits);
            let kept = if state.closed { limits.stream_kept } else { limits.stream_idle };
            state.until = Instant::now() + kept;
        }
        let added = Added {
            bytes: state.bytes.cast_signed() - before.cast_signed(),
            closed: state.closed && !was_closed,
        };
        drop(state);
        self.news.notify_waiters();
        added
    }

    /// Lets go of the oldest events until so many bytes are free, and says how many came free.
    pub(super) fn free(&self, bytes: usize) -> usize {
        let mut state = lock(&self.state);
        let before = state.bytes;
        while before - state.bytes < bytes && state.drop_oldest() {}
        before - state.bytes
    }

    pub(super) fn bytes(&self) -> usize {
        lock(&self.state).bytes
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        lock(&self.state).until <= now
    }

    pub(super) fn read(&self, after_id: u64, max: usize) -> LiveRead {
        let state = lock(&self.state);
        let oldest_id = state.last_id + 1 - state.events.len() as u64;
        let first_id = oldest_id.max(after_id.saturating_add(1));
        let skipped = usize::try_from(first_id - oldest_id).unwrap_or(usize::MAX);
        LiveRead {
            first_id,
            events: state.events.iter().skip(skipped).take(max).cloned().collect(),
            last_id: state.last_id,
            closed: state.closed,
        }
    }
}

impl State {
    fn add(&mut self, batch: LiveBatch) {
        if batch.first_id > self.last_id + 1 {
            while self.drop_oldest() {}
            self.last_id = batch.first_id - 1;
        }
        let known = usize::try_from(self.last_id + 1 - batch.first_id).unwrap_or(usize::MAX);
        for event in batch.events.into_iter().skip(known) {
            self.bytes += size(&event);
            self.last_id += 1;
            self.events.push_back(event);
        }
        self.closed = batch.closes;
    }

    fn shrink(&mut self, limits: &SharedLimits) {
        while (self.events.len() > limits.stream_events || self.bytes > limits.stream_bytes)
            && self.drop_oldest()
        {}
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(event) = self.events.pop_front() else { return false };
        self.bytes -= size(&event);
        true
    }
}

fn size(event: &LiveEvent) -> usize {
    event.name.len() + event.data.len() + EVENT_BYTES
}
