//! Hears what other replicas say: signals, and that streams have news. It has a connection of its own, for one
//! that listens takes no commands.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::{PubSubSink, PubSubStream};
use redis::{Msg, RedisResult};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::keeper::{other_than, up};
use super::keys::Keys;
use super::link::Link;
use crate::shared::LocalSignals;
use crate::shared::local::lock;

/// For how long a stream is listened to after the last reader: readers come again and again.
const LINGER: Duration = Duration::from_secs(10);
/// How often it is looked whether the connection lives, and for streams that nobody reads any more.
const TICK: Duration = Duration::from_secs(3);
/// How many channels one command names.
const CHANNELS: usize = 500;
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Hearer {
    link: Arc<Link>,
    keys: Keys,
    signals: Arc<LocalSignals>,
    followed: Mutex<HashMap<Arc<str>, Followed>>,
    /// Somebody follows what nobody did.
    more: Notify,
}

/// A channel that somebody follows.
struct Followed {
    /// Counts what was heard.
    heard: watch::Sender<u64>,
    subscribed: bool,
    last_used: Instant,
}

impl Hearer {
    pub(super) fn new(link: Arc<Link>, keys: Keys, signals: Arc<LocalSignals>) -> Self {
        Self { link, keys, signals, followed: Mutex::default(), more: Notify::new() }
    }

    /// Changes when the channel says something, and once when it is being listened to.
    pub(super) fn follow(&self, channel: &str) -> watch::Receiver<u64> {
        let mut followed = lock(&self.followed);
        let now = Instant::now();
        if let Some(known) = followed.get_mut(channel) {
            known.last_used = now;
            return known.heard.subscribe();
        }
        let (heard, receiver) = watch::channel(0);
        followed.insert(channel.into(), Followed { heard, subscribed: false, last_used: now });
        self.more.notify_one();
        receiver
    }

    /// Hears for as long as it is not aborted.
    pub(super) async fn hear(self: Arc<Self>) {
        let mut standing = self.link.watch();
        while let Some(generation) = up(&mut standing).await {
            // Where one connection is lost the other most likely is, and it is the link that finds out.
            tokio::select! {
                () = other_than(&mut standing, generation) => {}
                _ = self.listen() => sleep(PAUSE).await,
            }
        }
    }

    /// Returns when the connection is lost.
    async fn listen(&self) -> RedisResult<()> {
        let connecting = self.link.client.get_async_pubsub();
        let Ok(connected) = timeout(self.link.connect_timeout, connecting).await else { return Ok(()) };
        let (mut sink, mut messages) = connected?.split();
        self.begin(&mut sink).await?;
        self.go_on(&mut sink, &mut messages).await
    }

    async fn begin(&self, sink: &mut PubSubSink) -> RedisResult<()> {
        for followed in lock(&self.followed).values_mut() {
            followed.subscribed = false;
        }
        self.in_time(sink.subscribe(self.keys.signals())).await?;
        self.hear_what_was_said().await;
        self.subscribe(sink).await
    }

    async fn go_on(&self, sink: &mut PubSubSink, messages: &mut PubSubStream) -> RedisResult<()> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => self.heard(&message),
                    None => return Ok(()),
                },
                () = self.more.notified() => self.subscribe(sink).await?,
                _ = tick.tick() => {
                    self.unsubscribe(sink).await?;
                    self.in_time(sink.ping::<redis::Value>()).await?;
                }
            }
        }
    }

    /// Raises here what was raised elsewhere a moment ago, when nobody here listened.
    async fn hear_what_was_said(&self) {
        let mut range = redis::cmd("ZRANGE");
        range.arg(self.keys.signals()).arg(0).arg(-1);
        let said = self
            .link
            .run(|mut connection, _| async move { range.query_async::<Vec<String>>(&mut connection).await });
        for subject in said.await.unwrap_or_default() {
            self.signals.raise_here(&subject);
        }
    }

    fn heard(&self, message: &Msg) {
        let channel = message.get_channel_name();
        if channel == self.keys.signals() {
            if let Ok(subject) = std::str::from_utf8(message.get_payload_bytes()) {
                self.signals.raise_here(subject);
            }
        } else if let Some(followed) = lock(&self.followed).get(channel) {
            followed.heard.send_modify(|heard| *heard += 1);
        }
    }

    /// Listens to the channels that are followed and not listened to.
    async fn subscribe(&self, sink: &mut PubSubSink) -> RedisResult<()> {
        let new: Vec<Arc<str>> = {
            let followed = lock(&self.followed);
            followed.iter().filter(|(_, it)| !it.subscribed).map(|(channel, _)| channel.clone()).collect()
        };
        for channels in new.chunks(CHANNELS) {
            let names: Vec<&str> = channels.iter().map(AsRef::as_ref).collect();
            self.in_time(sink.subscribe(names)).await?;
            let mut followed = lock(&self.followed);
            for channel in channels {
                if let Some(followed) = followed.get_mut(channel) {
                    followed.subscribed = true;
                    followed.heard.send_modify(|heard| *heard += 1);
                }
            }
        }
        Ok(())
    }

    /// Listens no more to what nobody follows.
    async fn unsubscribe(&self, sink: &mut PubSubSink) -> RedisResult<()> {
        let mut over: Vec<Arc<str>> = Vec::new();
        lock(&self.followed).retain(|channel, followed| {
            let stays = followed.heard.receiver_count() > 0 || followed.last_used.elapsed() < LINGER;
            if !stays {
                over.push(channel.clone());
            }
            stays
        });
        for channels in over.chunks(CHANNELS) {
            let names: Vec<&str> = channels.iter().map(AsRef::as_ref).collect();
            self.in_time(sink.unsubscribe(names)).await?;
        }
        Ok(())
    }

    async fn in_time<T>(&self, work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        let late = |_| (redis::ErrorKind::Io, "it did not answer in time").into();
        timeout(self.link.command_timeout, work).await.unwrap_or_else(|elapsed| Err(late(elapsed)))
    }
}
