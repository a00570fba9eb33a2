//! Brings to Redis what is added to streams here, in the background, and again after Redis was away.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::keeper::{other_than, up};
use super::keys::Keys;
use super::link::{Link, Standing};
use super::scripts::Scripts;
use super::signals::millis;
use crate::shared::local::lock;
use crate::shared::{LiveEvent, LiveRead, LocalStreams, SharedError, SharedLimits};

/// How many events go at once, and how many streams.
const EVENTS: usize = 256;
const STREAMS: usize = 64;
/// The pause after a failure.
const PAUSE: Duration = Duration::from_millis(100);
/// How often it is looked for streams that are no longer kept here.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Replicator {
    link: Arc<Link>,
    keys: Keys,
    scripts: Arc<Scripts>,
    local: Arc<LocalStreams>,
    limits: SharedLimits,
    state: Mutex<State>,
    /// There is something to bring.
    more: Notify,
}

#[derive(Default)]
struct State {
    streams: HashMap<Arc<str>, Brought>,
    queue: VecDeque<Arc<str>>,
}

/// How far a stream has been brought.
#[derive(Default)]
struct Brought {
    last_id: u64,
    queued: bool,
}

/// What came of bringing a part of a stream.
enum Part {
    /// The stream is at this event now; there is more of it here, or not.
    At { last_id: u64, more: bool },
    /// All of it is there, or nothing of it is here any more.
    Done,
}

impl Replicator {
    pub(super) fn new(
        link: Arc<Link>,
        keys: Keys,
        scripts: Arc<Scripts>,
        local: Arc<LocalStreams>,
        limits: SharedLimits,
    ) -> Self {
        Self { link, keys, scripts, local, limits, state: Mutex::default(), more: Notify::new() }
    }

    /// There is news of a stream here.
    pub(super) fn mark(&self, stream: &str) {
        lock(&self.state).queue(stream);
        self.more.notify_one();
    }

    /// Brings for as long as it is not aborted.
    pub(super) async fn replicate(self: Arc<Self>) {
        let mut standing = self.link.watch();
        let mut connected = 0;
        while let Some(generation) = up(&mut standing).await {
            if generation != connected {
                connected = generation;
                // It may have lost everything.
                lock(&self.state).queue_all();
            }
            if !self.bring_some().await {
                sleep(PAUSE).await;
            } else if lock(&self.state).queue.is_empty() {
                self.rest(&mut standing, generation).await;
            }
        }
    }

    /// Waits until there is something to do.
    async fn rest(&self, standing: &mut watch::Receiver<Standing>, generation: u64) {
        tokio::select! {
            () = other_than(standing, generation) => {}
            more = timeout(SWEEP_EVERY, self.more.notified()) => {
                if more.is_err() {
                    lock(&self.state).streams.retain(|stream, _| self.local.is_kept(stream));
                }
            }
        }
    }

    /// Brings what is first in the queue; `false` if some of it could not be brought.
    async fn bring_some(&self) -> bool {
        let next = lock(&self.state).next();
        let parts = join_all(next.iter().map(|(stream, last_id)| self.bring(stream, *last_id))).await;
        let mut state = lock(&self.state);
        let mut all = true;
        for ((stream, _), part) in next.iter().zip(parts) {
            all &= part.is_ok();
            state.brought(stream, part);
        }
        all
    }

    async fn bring(&self, stream: &str, after_id: u64) -> Result<Part, SharedError> {
        let Some(read) = self.local.read_here(stream, after_id, EVENTS) else { return Ok(Part::Done) };
        let (end_id, ends) = (read.first_id + read.events.len() as u64 - 1, read.is_end());
        let force = read.misses_after(after_id);
        let last_id = self.append(stream, &read, force).await?;
        let wants_earlier = last_id < read.first_id - 1;
        if wants_earlier && !force {
            return Ok(Part::At { last_id, more: true });
        }
        // One that has ended there takes no more.
        let is_closed = wants_earlier || last_id < end_id;
        Ok(if ends || is_closed { Part::Done } else { Part::At { last_id, more: end_id < read.last_id } })
    }

    async fn append(&self, stream: &str, read: &LiveRead, force: bool) -> Result<u64, SharedError> {
        let closes = read.is_end();
        let kept = if closes { self.limits.stream_kept } else { self.limits.stream_idle };
        let mut script = self.scripts.append.prepare_invoke();
        for key in self.keys.stream(stream) {
            script.key(key);
        }
        script.arg(read.first_id).arg(u8::from(closes)).arg(u8::from(force)).arg(millis(kept));
        script.arg(self.limits.stream_events).arg(self.limits.stream_bytes).arg(self.keys.news(stream));
        for event in &read.events {
            script.arg(packed(event));
        }
        self.link.run(|mut connection, _| async move { script.invoke_async(&mut connection).await }).await
    }
}

impl State {
    fn queue(&mut self, stream: &str) {
        if !self.streams.contains_key(stream) {
            self.streams.insert(stream.into(), Brought::default());
        }
        let Some((stream, brought)) = self.streams.get_key_value(stream) else { return };
        if !brought.queued {
            self.queue.push_back(stream.clone());
        }
        let stream = stream.clone();
        if let Some(brought) = self.streams.get_mut(&stream) {
            brought.queued = true;
        }
    }

    fn queue_all(&mut self) {
        let all: Vec<Arc<str>> = self.streams.keys().cloned().collect();
        for stream in all {
            self.queue(&stream);
        }
    }

    /// The first streams of the queue, and how far they have been brought.
    fn next(&mut self) -> Vec<(Arc<str>, u64)> {
        let mut next = Vec::new();
        while next.len() < STREAMS {
            let Some(stream) = self.queue.pop_front() else { break };
            if let Some(brought) = self.streams.get_mut(&stream) {
                brought.queued = false;
                next.push((stream, brought.last_id));
            }
        }
        next
    }

    fn brought(&mut self, stream: &Arc<str>, part: Result<Part, SharedError>) {
        let again = match part {
            Ok(Part::At { last_id, more }) => {
                if let Some(brought) = self.streams.get_mut(stream) {
                    brought.last_id = last_id;
                }
                more
            }
            Ok(Part::Done) => {
                let idle = self.streams.get(stream).is_some_and(|brought| !brought.queued);
                if idle {
                    self.streams.remove(stream);
                }
                false
            }
            Err(SharedError::Away { .. }) => true,
        };
        if again {
            self.queue(stream);
        }
    }
}

/// An event as Redis keeps it: its name, a line feed, its data.
fn packed(event: &LiveEvent) -> Vec<u8> {
    let mut packed = Vec::with_capacity(event.name.len() + 1 + event.data.len());
    packed.extend_from_slice(event.name.as_bytes());
    packed.push(b'\n');
    packed.extend_from_slice(&event.data);
    packed
}

/// The event that was packed so.
pub(super) fn unpacked(packed: &bytes::Bytes) -> LiveEvent {
    let end = packed.iter().position(|byte| *byte == b'\n').unwrap_or(packed.len());
    let name = String::from_utf8_lossy(&packed[..end]).into_owned();
    LiveEvent { name: name.into(), data: packed.slice((end + 1).min(packed.len())..) }
}
