//! Telling what happens.

use std::future::pending;
use std::sync::Arc;

use bytes::Bytes;
use playhouse_store::shared::{LiveBatch, LiveStreams};
use serde::Serialize;
use tokio::sync::mpsc;

use super::Subject;
use super::frames::Frames;
use crate::config::OnDisconnect;
use crate::turns::NotBegun;

/// Batches of events that wait for the connection that asked. One that falls further behind reads on
/// from the live stream.
const BATCHES_AHEAD: usize = 64;

/// What a connection is told by the task it asked.
pub(crate) enum Told {
    /// It has begun.
    Began,
    /// It did not begin.
    Refused(NotBegun),
    /// Events.
    Events {
        /// The id of the first of them.
        first_id: u64,
        /// The id of the last of them.
        last_id: u64,
        /// All of them.
        bytes: Bytes,
        /// Whether nothing follows.
        closes: bool,
    },
    /// Nothing for a while.
    Silence,
}

/// Writes events, and brings them to the connection that asked and to the live stream.
pub(crate) struct Teller {
    stream: String,
    live: Arc<dyn LiveStreams>,
    frames: Frames,
    /// How many events have been sent.
    sent: u64,
    written: u64,
    listener: Option<mpsc::Sender<Told>>,
    on_disconnect: OnDisconnect,
}

impl Teller {
    /// A teller, and what its connection is told.
    pub(crate) fn new(
        subject: &Subject,
        live: Arc<dyn LiveStreams>,
        on_disconnect: OnDisconnect,
    ) -> (Self, mpsc::Receiver<Told>) {
        let (listener, told) = mpsc::channel(BATCHES_AHEAD);
        let teller = Self {
            stream: subject.to_string(),
            live,
            frames: Frames::new(subject.form()),
            sent: 0,
            written: 0,
            listener: Some(listener),
            on_disconnect,
        };
        (teller, told)
    }

    /// Writes an event; it goes out with the next [`flush`](Self::flush).
    pub(crate) fn event(&mut self, name: &'static str, data: &impl Serialize) {
        self.written += 1;
        self.frames.event(self.written, name, data);
    }

    /// Passes an event on as it is, on one line; it goes out with the next [`flush`](Self::flush).
    pub(crate) fn passed(&mut self, name: String, data: &[u8]) {
        self.written += 1;
        self.frames.passed(self.written, name, data);
    }

    /// Sends what has been written. Where nobody is to work for a client that has left, this waits for a
    /// client that is slow.
    pub(crate) async fn flush(&mut self) {
        if self.frames.is_empty() {
            return;
        }
        let told = self.publish(false).await;
        match &self.listener {
            Some(listener) if self.on_disconnect == OnDisconnect::Cancel => {
                // An error means that it has left, which is noticed elsewhere.
                let _ = listener.send(told).await;
            }
            _ => self.tell(told),
        }
    }

    /// Sends what has been written as the last events there are.
    pub(crate) async fn close(mut self) {
        let told = self.publish(true).await;
        self.tell(told);
    }

    /// Tells the connection alone; one that is too slow, or has left, is let go.
    pub(crate) fn tell(&mut self, told: Told) {
        self.listener = self.listener.take().filter(|listener| listener.try_send(told).is_ok());
    }

    /// Waits until the connection has left, if that is to end all.
    pub(crate) async fn left(&self) {
        match &self.listener {
            Some(listener) if self.on_disconnect == OnDisconnect::Cancel => listener.closed().await,
            _ => pending().await,
        }
    }

    async fn publish(&mut self, closes: bool) -> Told {
        let (bytes, events) = self.frames.take();
        let (first_id, last_id) = (self.sent + 1, self.written);
        self.sent = last_id;
        self.live.append(&self.stream, LiveBatch { first_id, events, closes }).await;
        Told::Events { first_id, last_id, bytes, closes }
    }
}
