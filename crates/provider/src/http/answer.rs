//! What to make of an upstream's response: an answer, whole or streamed, or a refusal.

use std::future::ready;
use std::sync::Arc;
use std::time::Instant;

use ::http::StatusCode;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use playhouse_llm::{Context, Error, ErrorKind, Event, EventStream, Operation, Request};
use playhouse_wire::{Codec, UpstreamAnswer};

use super::HttpProvider;
use super::body::{self, BodyFailure};
use super::fields::Fields;
use super::pool::{Body, Response};
use super::relay::Relay;
use super::watchdog::Watchdog;

/// A refusal longer than this is no message any more.
const MAX_ERROR_BYTES: usize = 256 << 10;

/// A response whose head has come.
pub(crate) struct Answer<'a> {
    provider: &'a HttpProvider,
    codec: &'static dyn Codec,
    status: StatusCode,
    fields: Fields,
    body: Body,
    stream: bool,
    choices: u32,
    context: Arc<Context>,
    watchdog: Watchdog,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(
        provider: &'a HttpProvider,
        codec: &'static dyn Codec,
        response: Response,
        request: &Request,
        watchdog: Watchdog,
    ) -> Self {
        let Response { status, fields, body } = response;
        let context = request.context.clone();
        context.trail.answered(status.as_u16(), fields.request_id.clone());
        Self {
            provider,
            codec,
            status,
            fields,
            body,
            stream: request.stream,
            choices: request.choices,
            context,
            watchdog,
        }
    }

    /// The answer's events, once the first is there: until then a failure can still be retried.
    pub(crate) async fn into_events(mut self, started: Instant) -> Result<EventStream, Error> {
        if self.status.is_success() && self.is_streamed() {
            // Boxed: a whole answer needs no room for it.
            return Box::pin(self.into_stream(started)).await;
        }
        let event = self.whole().await;
        self.context.trail.add_upstream_time(started.elapsed());
        let event = event?;
        Ok(Box::pin(stream::once(ready(Ok(event)))))
    }

    async fn whole(&mut self) -> Result<Event, Error> {
        self.check_encoding()?;
        if !self.status.is_success() {
            return Err(self.refusal().await);
        }
        let body = self.collect(self.provider.bounds.max_reply_bytes).await?;
        self.codec.read_reply(body).map_err(|error| self.unreadable(error))
    }

    async fn into_stream(self, started: Instant) -> Result<EventStream, Error> {
        self.check_encoding()?;
        let mut reader = self.codec.stream_reader(self.provider.bounds.max_line_bytes);
        reader.expect_choices(self.choices);
        let mut relay = Relay::new(self.provider, self.body, reader, self.watchdog, self.context, started);
        match relay.first().await {
            Some(Ok(event)) => Ok(relay.beginning_with(event)),
            Some(Err(error)) => Err(error),
            None => Err(Error::bad_reply(format!("provider '{}' sent an empty stream", self.provider.name))),
        }
    }

    async fn refusal(&mut self) -> Error {
        let (provider, status) = (self.provider, self.status.as_u16());
        if self.status.is_redirection() {
            let message = format!(
                "provider '{}' answered with a redirect ({status}); check its base_url",
                provider.name
            );
            return Error::new(ErrorKind::BadReply, message);
        }
        let body = self.beginning(MAX_ERROR_BYTES).await;
        let retry_after = self.fields.retry_after;
        let answer = UpstreamAnswer { provider: provider.name.clone(), status, retry_after, body };
        self.codec.read_error(answer)
    }

    /// What can be had of the body: a refusal whose text breaks off is still a refusal.
    async fn beginning(&mut self, max_bytes: usize) -> Bytes {
        let mut beginning = BytesMut::new();
        tokio::select! {
            biased;
            () = body::collect_beginning(&mut self.body, max_bytes, &mut beginning) => {}
            _ = self.watchdog.expired() => {}
        }
        beginning.freeze()
    }

    async fn collect(&mut self, max_bytes: usize) -> Result<Bytes, Error> {
        let provider = self.provider;
        let collected = tokio::select! {
            biased;
            collected = body::collect(&mut self.body, max_bytes) => collected,
            phase = self.watchdog.expired() => return Err(provider.timeouts.error(phase, &provider.name)),
        };
        collected.map_err(|failure| match failure {
            BodyFailure::TooLarge => Error::bad_reply(format!(
                "provider '{}' answered with more than {max_bytes} bytes; raise upstream.max_reply_bytes if that is expected",
                provider.name
            )),
            BodyFailure::Broken(error) => Error::bad_reply(format!(
                "provider '{}' broke off in the middle of its answer: {error}",
                provider.name
            )),
        })
    }

    /// Some vendors answer a request for a stream with one JSON body; it is taken as it is.
    fn is_streamed(&self) -> bool {
        self.stream && !self.content_type().starts_with("application/json")
    }

    fn content_type(&self) -> &str {
        self.fields.content_type.as_deref().unwrap_or("none")
    }

    fn check_encoding(&self) -> Result<(), Error> {
        match self.fields.content_encoding.as_deref() {
            None | Some("identity" | "") => Ok(()),
            Some(encoding) => Err(Error::bad_reply(format!(
                "provider '{}' answered with content encoding '{encoding}' though none was asked for",
                self.provider.name
            ))),
        }
    }

    /// An error the vendor sent with a good status stays its own; anything else is no answer.
    fn unreadable(&self, error: Error) -> Error {
        if error.upstream.is_some() {
            return error.from_provider(&self.provider.name);
        }
        let message = format!(
            "provider '{}' answered something else than {} (content type '{}'): {}",
            self.provider.name,
            what_is_expected(self.codec.operation()),
            self.content_type(),
            error.message
        );
        Error { message, ..error }
    }
}

fn what_is_expected(operation: Operation) -> &'static str {
    match operation {
        Operation::Chat => "a chat completion",
        Operation::Embeddings => "embeddings",
    }
}
