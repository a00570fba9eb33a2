//! Following what happens, from any point, on any replica.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{Stream, stream};
use playhouse_store::shared::LiveStreams;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::frames::{COMMENT, Form, Frames, KEEP_ALIVE, written};
use super::{Subject, Told};

/// How many events are read from a live stream at once.
const READ_AHEAD: usize = 256;
/// How long a quiet live stream is waited for, before it is looked whether the subject lives.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait where there is no live stream (yet).
const PAUSE: Duration = Duration::from_millis(100);

/// Where a subject stands, by what is stored.
#[async_trait]
pub(crate) trait Standing: Send + Sync {
    /// `None` while it runs; else the events that tell how it stands, for a client that has had `after`
    /// events and has no live stream to read the rest from.
    async fn ended(&self, after: u64) -> Option<Vec<(&'static str, Value)>>;

    /// Whether an event of this name is the last one of a subject that ended well.
    fn is_good_end(&self, name: &str) -> bool {
        name == "done"
    }
}

/// A client on its way through the events of a subject.
pub(crate) struct Follower {
    /// The task itself, as long as the client keeps up with it.
    told: Option<mpsc::Receiver<Told>>,
    stream: String,
    form: Form,
    live: Arc<dyn LiveStreams>,
    standing: Arc<dyn Standing>,
    /// The id of the last event that the client has.
    after: u64,
    /// Whether it has been seen that the subject has ended.
    has_ended: bool,
    is_over: bool,
    spoke_at: Instant,
}

impl Follower {
    /// A client that goes on after an event (0: from the first).
    pub(crate) fn new(
        subject: &Subject,
        live: Arc<dyn LiveStreams>,
        standing: Arc<dyn Standing>,
        after: u64,
    ) -> Self {
        Self {
            told: None,
            stream: subject.to_string(),
            form: subject.form(),
            live,
            standing,
            after,
            has_ended: false,
            is_over: false,
            spoke_at: Instant::now(),
        }
    }

    /// The client that asked, told by the task directly.
    pub(crate) fn told(self, told: mpsc::Receiver<Told>) -> Self {
        Self { told: Some(told), ..self }
    }

    /// Its events, as a stream of bytes.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Bytes> + Send + 'static {
        stream::unfold(self, |mut follower| async move { Some((follower.next().await?, follower)) })
    }

    /// The next bytes.
    async fn next(&mut self) -> Option<Bytes> {
        while !self.is_over {
            let bytes = match &mut self.told {
                Some(told) => {
                    let told = told.recv().await;
                    self.hear(told)
                }
                None => self.read().await,
            };
            if bytes.is_some() {
                self.spoke_at = Instant::now();
                return bytes;
            }
        }
        None
    }

    /// Takes what the task tells; a client that it has let go reads on from the live stream.
    fn hear(&mut self, told: Option<Told>) -> Option<Bytes> {
        match told {
            Some(Told::Events { first_id, last_id, bytes, closes }) if first_id == self.after + 1 => {
                self.after = last_id;
                self.is_over = closes;
                Some(bytes).filter(|bytes| !bytes.is_empty())
            }
            Some(Told::Silence) => Some(COMMENT),
            Some(Told::Began | Told::Refused(_)) => None,
            Some(Told::Events { .. }) | None => {
                self.told = None;
                None
            }
        }
    }

    async fn read(&mut self) -> Option<Bytes> {
        match self.live.read(&self.stream, self.after, READ_AHEAD, PATIENCE).await {
            Ok(Some(read)) if !read.misses_after(self.after) => {
                self.is_over = read.is_end();
                if !read.events.is_empty() {
                    self.after = read.first_id + read.events.len() as u64 - 1;
                    return Some(written(self.form, read.first_id, &read.events));
                }
                match self.is_over {
                    false => self.ask_the_store().await,
                    true if self.has_had_end(read.last_id).await => None,
                    true => self.tell_end().await,
                }
            }
            Ok(Some(_)) => self.tell_end().await,
            // It has not begun to tell, is no longer kept, or is where nobody can be asked.
            Ok(None) | Err(_) => {
                let bytes = self.ask_the_store().await;
                if bytes.is_none() {
                    sleep(PAUSE).await;
                }
                bytes
            }
        }
    }

    /// Whether the client knows how a stream went out that has nothing more for it.
    ///
    /// A server that died may have told its own client more than it told the others; then an error, told by
    /// whoever found it dead, stands where that client has something else. A good end is nobody else's.
    async fn has_had_end(&self, last_id: u64) -> bool {
        if self.after != last_id {
            return false;
        }
        let last = self.live.read(&self.stream, last_id.saturating_sub(1), 1, Duration::ZERO).await;
        let is_good_end = |name: &str| self.standing.is_good_end(name);
        matches!(last, Ok(Some(read)) if read.events.first().is_some_and(|event| is_good_end(&event.name)))
    }

    /// Looks whether the subject has ended, without its live stream having told. What was told just
    /// before its end is looked for once more.
    async fn ask_the_store(&mut self) -> Option<Bytes> {
        if self.has_ended {
            return self.tell_end().await;
        }
        self.has_ended = self.standing.ended(self.after).await.is_some();
        if self.has_ended { None } else { self.comment() }
    }

    /// What is said to a client that has heard nothing for a while.
    fn comment(&self) -> Option<Bytes> {
        Some(COMMENT).filter(|_| self.spoke_at.elapsed() >= KEEP_ALIVE)
    }

    /// Tells from what is stored.
    async fn tell_end(&mut self) -> Option<Bytes> {
        let Some(events) = self.standing.ended(self.after).await else {
            // It runs, or cannot be asked for, and the events in between are gone: what is stored of its end
            // will tell the rest.
            sleep(PAUSE).await;
            return self.comment();
        };
        let mut frames = Frames::new(self.form);
        for (id, (name, data)) in (self.after + 1..).zip(&events) {
            frames.event(id, name, data);
        }
        self.is_over = true;
        Some(frames.take().0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::StreamExt;
    use playhouse_store::shared::{LiveBatch, LiveEvent, Shared, SharedLimits};
    use serde_json::json;

    use super::*;

    /// Runs for as many looks, and has ended then.
    struct RunsFor(AtomicU32);

    #[async_trait]
    impl Standing for RunsFor {
        async fn ended(&self, after: u64) -> Option<Vec<(&'static str, Value)>> {
            let looks =
                self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |looks| looks.checked_sub(1));
            looks.is_err().then(|| vec![("done", json!({ "after": after }))])
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_is_waited_for_where_events_in_between_are_gone() {
        let live = Shared::in_process(&SharedLimits { stream_events: 1, ..SharedLimits::default() }).live;
        let subject = Subject::Turn("1".into());
        let event = || LiveEvent { name: "delta".into(), data: "{}".into() };
        let batch = LiveBatch { first_id: 1, events: vec![event(), event(), event()], closes: false };
        live.append(&subject.to_string(), batch).await;
        let follower = Follower::new(&subject, live, Arc::new(RunsFor(AtomicU32::new(200))), 1);
        let told: Vec<Bytes> = follower.into_stream().collect().await;
        let (last, comments) = told.split_last().unwrap();
        assert_eq!(&last[..], b"id: 2\nevent: done\ndata: {\"after\":1}\n\n");
        assert!(!comments.is_empty() && comments.iter().all(|bytes| bytes == &COMMENT), "{comments:?}");
    }
}
