//! The model being asked: its reply as it comes.

use std::sync::Arc;

use futures_util::StreamExt;
use playhouse_llm::{Choice, Collector, Error, Event, EventStream, Message, Reply, Trail};
use tokio::time::Instant;

use crate::strategy::Tap;

/// A reply that is coming.
pub(super) struct ModelCall {
    events: EventStream,
    collector: Collector,
    tap: Box<dyn Tap>,
    /// What the user has been shown.
    shown: String,
    trail: Arc<Trail>,
    started: Instant,
}

/// What came of a reply.
pub(super) enum Heard {
    /// More text for the user.
    Text(String),
    /// The whole reply.
    Reply(Box<HeardReply>),
}

/// A whole reply.
pub(super) struct HeardReply {
    pub(super) choice: Choice,
    /// The reply without its choices.
    pub(super) reply: Reply,
    pub(super) shown: String,
    pub(super) cost_usd: Option<f64>,
    pub(super) duration_ms: f64,
}

impl ModelCall {
    pub(super) fn new(events: EventStream, tap: Box<dyn Tap>, trail: Arc<Trail>, started: Instant) -> Self {
        Self { events, collector: Collector::default(), tap, shown: String::new(), trail, started }
    }

    /// What the model has said so far.
    pub(super) fn said(&self) -> Option<&Message> {
        Some(&self.collector.reply().choices.first()?.message)
    }

    /// What the user has been shown so far.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) async fn next(&mut self) -> Result<Heard, Error> {
        match self.events.next().await {
            Some(event) => {
                let said = self.take_in(&event?)?;
                let text = self.tap.pass(&said);
                self.shown.push_str(&text);
                Ok(Heard::Text(text))
            }
            None => self.reply().map(|reply| Heard::Reply(Box::new(reply))),
        }
    }

    fn take_in(&mut self, event: &Event) -> Result<String, Error> {
        if let Some(reply) = event.whole()? {
            self.collector.replace(reply.clone());
            return Ok(reply.content());
        }
        let chunks = event.chunks()?;
        chunks.iter().for_each(|chunk| self.collector.absorb(chunk));
        Ok(chunks.iter().map(playhouse_llm::Chunk::content).collect())
    }

    fn reply(&mut self) -> Result<HeardReply, Error> {
        let mut reply = std::mem::take(&mut self.collector).into_reply();
        if reply.choices.is_empty() {
            return Err(Error::bad_reply("the model answered without saying anything"));
        }
        let choice = reply.choices.swap_remove(0);
        Ok(HeardReply {
            choice,
            reply,
            shown: std::mem::take(&mut self.shown),
            cost_usd: self.trail.cost_usd(),
            duration_ms: self.started.elapsed().as_secs_f64() * 1000.0,
        })
    }
}
