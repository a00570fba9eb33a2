//! Live streams: the events of what is being answered, for readers on any replica.

use std::borrow::Cow;
use std::time::Duration;

use async_trait::async_trait;

use super::SharedError;

/// The events of turns and runs while they are answered, and for a while after.
///
/// One replica writes a stream, any number read it, on any replica. Events are numbered from 1 within
/// their stream.
#[async_trait]
pub trait LiveStreams: Send + Sync {
    /// Adds events to the end of a stream, and creates it if it is new (also by a batch without events).
    ///
    /// Never waits for a network and never fails: other replicas see the events as soon as they can be
    /// reached. Events that the stream has already (by their number) are left out, so that a batch may be
    /// sent twice; numbers that were left out count as events that are no longer kept. What comes after the
    /// end is ignored.
    async fn append(&self, stream: &str, batch: LiveBatch);

    /// Up to `max` events after the one numbered `after_id` (0: from the first). `None` for a stream that
    /// never was, or is no longer kept.
    ///
    /// Where nothing is there yet, waits up to `wait` for the next events or the end of the stream, and
    /// answers with none when neither comes.
    ///
    /// # Errors
    /// [`SharedError::Away`] when only other replicas can know the stream, and cannot be asked.
    async fn read(
        &self,
        stream: &str,
        after_id: u64,
        max: usize,
        wait: Duration,
    ) -> Result<Option<LiveRead>, SharedError>;

    /// Ends a stream; its readers learn it at once.
    async fn close(&self, stream: &str, next_id: u64) {
        self.append(stream, LiveBatch { first_id: next_id, events: Vec::new(), closes: true }).await;
    }
}

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveEvent {
    /// What kind of event it is.
    pub name: Cow<'static, str>,
    /// What it says.
    pub data: bytes::Bytes,
}

/// Events to add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveBatch {
    /// The number of the first event; those after it count on.
    pub first_id: u64,
    /// The events, in their order.
    pub events: Vec<LiveEvent>,
    /// Whether the stream ends with them.
    pub closes: bool,
}

/// A part of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveRead {
    /// The number of the first of the events; those after it count on. More than the number asked after
    /// plus one when events between are no longer kept.
    pub first_id: u64,
    /// The events, in their order.
    pub events: Vec<LiveEvent>,
    /// The number of the last event of the stream, also when it is not among these; 0 for none.
    pub last_id: u64,
    /// Whether the stream has ended: nothing comes after `last_id`.
    pub closed: bool,
}

impl LiveRead {
    /// Whether these are the last events of a stream that has ended.
    pub fn is_end(&self) -> bool {
        self.closed && self.first_id + self.events.len() as u64 > self.last_id
    }

    /// Whether events after the one asked after are no longer kept.
    pub fn misses_after(&self, after_id: u64) -> bool {
        self.first_id > after_id + 1
    }
}
