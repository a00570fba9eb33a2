//! Everything that answers.

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures_core::Stream;
use futures_util::StreamExt;

use crate::{Collector, Error, Event, Reply, Request};

/// The events of an answer. An `Err` is the last item; an end without one is a whole answer.
///
/// Dropping the stream cancels the call.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<Event, Error>> + Send>>;

/// The future that [`Provider::chat`] returns.
pub type BoxAnswer<'future> = Pin<Box<dyn Future<Output = Result<EventStream, Error>> + Send + 'future>>;

/// Anything that answers requests: a vendor over HTTP, a layer around it, an agent, a test double.
///
/// ```
/// use async_trait::async_trait;
/// use playhouse_llm::{Error, Event, EventStream, Provider, Reply, Request};
///
/// /// Says the same to everyone.
/// struct Parrot;
///
/// #[async_trait]
/// impl Provider for Parrot {
///     async fn chat(&self, _request: Request) -> Result<EventStream, Error> {
///         let event = Event::reply(Reply::text("Hello!"));
///         Ok(Box::pin(futures_util::stream::iter([Ok(event)])))
///     }
/// }
/// ```
#[async_trait]
pub trait Provider: Send + Sync {
    /// Answers a request with a stream of events. One for embeddings is answered with one event: the whole
    /// body, as it came.
    ///
    /// # Errors
    /// When no answer begins. Once it has begun, a failure is the stream's last item.
    async fn chat(&self, request: Request) -> Result<EventStream, Error>;
}

// Written out rather than as an `async fn`: passing on needs no future of its own.
impl<P: Provider + ?Sized> Provider for Arc<P> {
    fn chat<'life, 'future>(&'life self, request: Request) -> BoxAnswer<'future>
    where
        'life: 'future,
        Self: 'future,
    {
        (**self).chat(request)
    }
}

impl<P: Provider + ?Sized> Provider for &P {
    fn chat<'life, 'future>(&'life self, request: Request) -> BoxAnswer<'future>
    where
        'life: 'future,
        Self: 'future,
    {
        (**self).chat(request)
    }
}

/// Waits for the whole answer.
///
/// # Errors
/// The stream's own error, or an event that cannot be decoded.
pub async fn collect(mut events: EventStream) -> Result<Reply, Error> {
    let mut collector = Collector::default();
    while let Some(event) = events.next().await {
        let event = event?;
        match event.whole()? {
            Some(reply) => collector.replace(reply.clone()),
            None => event.chunks()?.iter().for_each(|chunk| collector.absorb(chunk)),
        }
    }
    Ok(collector.into_reply())
}
