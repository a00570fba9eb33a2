//! Bounding how many calls a provider has at once.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures_core::Stream;
use playhouse_llm::{Error, ErrorKind, Event, EventStream, Provider, Request};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Refuses calls beyond a number under way; a call is under way until its stream has ended.
#[derive(Debug)]
pub struct Limit<P> {
    inner: P,
    slots: Arc<Semaphore>,
}

impl<P> Limit<P> {
    /// Wraps a provider that shall have at most `max_concurrent` calls at once.
    pub fn new(inner: P, max_concurrent: usize) -> Self {
        Self { inner, slots: Arc::new(Semaphore::new(max_concurrent)) }
    }

    /// The places that calls take, for those who want to know whether there is one.
    pub fn slots(&self) -> Arc<Semaphore> {
        self.slots.clone()
    }
}

#[async_trait]
impl<P: Provider> Provider for Limit<P> {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        let slot = self.slots.clone().try_acquire_owned().map_err(|_| {
            let message = "too many calls to this provider are under way; try again shortly";
            Error::new(ErrorKind::Overloaded, message).retry_after(Duration::from_secs(1))
        })?;
        let events = self.inner.chat(request).await?;
        Ok(Box::pin(Held { events, _slot: slot }))
    }
}

struct Held {
    events: EventStream,
    _slot: OwnedSemaphorePermit,
}

impl Stream for Held {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.as_mut().poll_next(context)
    }
}
