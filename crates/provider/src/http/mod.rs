//! The provider that reaches a vendor over HTTP, in any protocol.

mod answer;
mod body;
mod client;
mod connection;
mod counting;
mod endpoint;
mod fields;
mod framing;
mod head;
mod models;
mod pool;
mod relay;
mod watchdog;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bytes::BytesMut;
use playhouse_llm::{Error, ErrorKind, EventStream, Operation, Provider, Request};
use playhouse_telemetry::TraceParent;
use playhouse_wire::{Codec, Dialect};

pub use client::{HttpClient, TlsError};
pub use counting::Estimate;
pub use endpoint::{BuildError, Endpoint};
pub use watchdog::Timeouts;

use answer::Answer;
use connection::Outgoing;
use pool::{Pool, Response};
use watchdog::Watchdog;

/// Room for the head of a request before it must grow.
const HEAD_ROOM_BYTES: usize = 512;

/// Answers requests by asking a vendor over HTTP.
///
/// One try a call: retries, fallbacks and limits are layers around it. Dropping the future or the
/// stream closes the upstream connection, so that the vendor stops generating.
pub struct HttpProvider {
    name: Arc<str>,
    endpoint: Endpoint,
    codec: &'static dyn Codec,
    dialect: Dialect,
    pool: Arc<Pool>,
    timeouts: Timeouts,
    bounds: Bounds,
}

/// How much of an answer is taken in.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The largest whole answer, in bytes.
    pub max_reply_bytes: usize,
    /// The longest line of a streamed answer, in bytes.
    pub max_line_bytes: usize,
}

impl HttpProvider {
    /// A provider of this name behind this endpoint.
    pub fn new(
        name: impl Into<Arc<str>>,
        endpoint: Endpoint,
        codec: &'static dyn Codec,
        client: HttpClient,
    ) -> Self {
        Self {
            name: name.into(),
            endpoint,
            codec,
            dialect: Dialect::default(),
            pool: Pool::new(client),
            timeouts: Timeouts::default(),
            bounds: Bounds { max_reply_bytes: 32 << 20, max_line_bytes: 4 << 20 },
        }
    }

    /// The same provider, speaking the vendor's dialect.
    #[must_use]
    pub fn with_dialect(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// The same provider, waiting no longer than this.
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// The same provider, taking in no more than this.
    #[must_use]
    pub fn with_bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// The host and the port that are asked.
    pub fn server(&self) -> Option<(Arc<str>, u16)> {
        self.endpoint.server()
    }

    /// The name in configuration, logs and metrics.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The codec of what is asked for.
    fn codec_of(&self, request: &Request) -> Result<&'static dyn Codec, Error> {
        match request.operation() {
            Operation::Chat => Ok(self.codec),
            Operation::Embeddings => {
                self.codec.embeddings().ok_or_else(|| self.no_embeddings(&request.model))
            }
        }
    }

    fn no_embeddings(&self, model: &str) -> Error {
        let message = format!(
            "'{model}' cannot be asked for embeddings: provider '{}' speaks a protocol that has none; ask a model of \
             another provider, as provider/model",
            self.name
        );
        Error { param: Some("model".to_owned()), ..Error::new(ErrorKind::InvalidRequest, message) }
    }

    fn outgoing(&self, request: &Request, codec: &dyn Codec) -> Result<Outgoing, Error> {
        let body = codec.write_request(request, &self.dialect)?;
        let mut head = BytesMut::with_capacity(HEAD_ROOM_BYTES);
        self.endpoint.begin(&mut head, "POST", codec.path(), &request.model)?;
        self.add_protocol_fields(&mut head, Some(request));
        add_identity(&mut head, request);
        Ok(Outgoing { head, body })
    }

    /// The fields that are part of what a request says in this protocol: as the configuration has them, else
    /// as the caller sent them, else as usual.
    fn add_protocol_fields(&self, head: &mut BytesMut, request: Option<&Request>) {
        for field in self.codec.request_headers() {
            let passed = request.and_then(|request| request.header_in(self.codec.protocol(), field.name));
            if let Some(value) = passed.or(field.usual).filter(|_| !self.endpoint.settles(field.name)) {
                add_sane(head, field.name, value);
            }
        }
    }

    async fn send(&self, outgoing: Outgoing, watchdog: &mut Watchdog) -> Result<Response, Error> {
        let response = self.pool.send(self.endpoint.origin(), outgoing);
        tokio::select! {
            biased;
            answer = response => answer.map_err(|failure| failure.into_error(&self.name)),
            phase = watchdog.expired() => Err(self.timeouts.error(phase, &self.name)),
        }
    }
}

#[async_trait]
impl Provider for HttpProvider {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        let codec = self.codec_of(&request)?;
        let outgoing = self.outgoing(&request, codec)?;
        let trail = &request.context.trail;
        trail.begin_attempt(self.name.clone(), request.model.clone());
        let started = Instant::now();
        let mut watchdog = Watchdog::start(self.timeouts, request.stream);
        let answer = match self.send(outgoing, &mut watchdog).await {
            Ok(response) => Answer::new(self, codec, response, &request, watchdog),
            Err(error) => {
                trail.add_upstream_time(started.elapsed());
                return Err(error);
            }
        };
        answer.into_events(started).await
    }
}

/// The request's id and trace travel with it, so that both sides' logs can be put together.
fn add_identity(head: &mut BytesMut, request: &Request) {
    let context = &request.context;
    add_sane(head, "x-request-id", &context.request_id);
    if let Some(trace) = request.trace() {
        if let Some(span) = TraceParent::of(trace) {
            head::add_field(head, "traceparent", &span.to_header());
        }
        if let Some(tracestate) = &trace.tracestate {
            add_sane(head, "tracestate", tracestate);
        }
    }
    let accept = if request.stream { "text/event-stream" } else { "application/json" };
    head::add_field(head, "accept", accept.as_bytes());
}

/// Adds a field whose value came from elsewhere, if a header can carry it.
fn add_sane(head: &mut BytesMut, name: &str, value: &str) {
    if !value.is_empty() && value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        head::add_field(head, name, value.as_bytes());
    }
}
