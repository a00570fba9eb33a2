//! Live streams over Redis. What is written here is read here from memory, whatever becomes of Redis; streams of
//! other replicas are read from Redis.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::hearer::Hearer;
use super::keeper::up;
use super::keys::Keys;
use super::link::Link;
use super::replicator::{Replicator, unpacked};
use super::scripts::Scripts;
use super::tasks::Tasks;
use crate::shared::{LiveBatch, LiveRead, LiveStreams, LocalStreams, SharedError};

/// How long news that was not heard waits to be seen.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// [`LiveStreams`] of all replicas.
pub(super) struct RedisStreams {
    pub(super) link: Arc<Link>,
    pub(super) keys: Keys,
    pub(super) scripts: Arc<Scripts>,
    pub(super) local: Arc<LocalStreams>,
    pub(super) replicator: Arc<Replicator>,
    pub(super) hearer: Arc<Hearer>,
    pub(super) _tasks: Arc<Tasks>,
}

/// What a script says of a stream: its first event of these, its last of all, whether it has ended, the events.
type Said = (u64, u64, u8, Vec<Bytes>);

impl RedisStreams {
    /// What Redis has of a stream, without waiting.
    async fn read_there(
        &self,
        stream: &str,
        after_id: u64,
        max: usize,
    ) -> Result<Option<LiveRead>, SharedError> {
        let mut script = self.scripts.read.prepare_invoke();
        for key in self.keys.stream(stream) {
            script.key(key);
        }
        script.arg(after_id).arg(max.max(1));
        let asked = self.link.run(|mut connection, _| async move {
            script.invoke_async::<Option<Said>>(&mut connection).await
        });
        let read = |(first_id, last_id, closed, events): Said| LiveRead {
            first_id,
            events: events.iter().map(unpacked).collect(),
            last_id,
            closed: closed == 1,
        };
        Ok(asked.await?.map(read))
    }

    /// Waits for news of a stream, or for Redis to come back, until a moment.
    async fn news(&self, heard: &mut watch::Receiver<u64>, until: Instant) {
        if self.link.is_up() {
            let _ = timeout_at(until.min(Instant::now() + LOOK_EVERY), heard.changed()).await;
        } else {
            let _ = timeout_at(until, up(&mut self.link.watch())).await;
        }
    }
}

#[async_trait]
impl LiveStreams for RedisStreams {
    async fn append(&self, stream: &str, batch: LiveBatch) {
        self.local.append_here(stream, batch);
        self.replicator.mark(stream);
    }

    async fn read(
        &self,
        stream: &str,
        after_id: u64,
        max: usize,
        wait: Duration,
    ) -> Result<Option<LiveRead>, SharedError> {
        let here = self.local.read_here(stream, after_id, max);
        if here.as_ref().is_some_and(|read| !read.misses_after(after_id)) {
            return self.local.read(stream, after_id, max, wait).await;
        }
        let until = Instant::now() + wait;
        let mut heard = None;
        loop {
            let there = self.read_there(stream, after_id, max).await;
            let is_over = Instant::now() >= until;
            match there {
                Ok(Some(read)) if read.events.is_empty() && !read.closed && !is_over => {}
                Ok(Some(read)) => return Ok(Some(read)),
                Ok(None) => return Ok(here),
                Err(_) if here.is_some() => return Ok(here),
                Err(error) if is_over => return Err(error),
                Err(_) => {}
            }
            let heard = heard.get_or_insert_with(|| self.hearer.follow(&self.keys.news(stream)));
            self.news(heard, until).await;
        }
    }
}
