//! What a protocol must be able to do, in both directions.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use playhouse_llm::{Decode, Error, Event, RateLimits, Request};

/// One protocol, both directions, pure.
pub trait Codec: Decode {
    /// The path below a vendor's base URL (`/chat/completions`).
    fn path(&self) -> &'static str;

    /// The path below a server's root (`/v1/chat/completions`).
    fn route(&self) -> &'static str;

    /// A server's side: reads a request body.
    ///
    /// Only what routing needs is looked at; the rest stays bytes until somebody asks.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](playhouse_llm::ErrorKind::InvalidRequest) that names the field.
    fn read_request(&self, body: Bytes) -> Result<Incoming, Error>;

    /// A server's side: writes a whole answer.
    ///
    /// # Errors
    /// When the event's bytes cannot be decoded for translation.
    fn write_reply(&self, event: &Event, envelope: &Envelope) -> Result<Bytes, Error>;

    /// A server's side: writes a streamed answer.
    fn stream_writer(&self, envelope: Envelope) -> Box<dyn StreamWriter>;

    /// A server's side: the vendor's own error body for a failure answered with `status`.
    ///
    /// An upstream's body in this protocol goes through as it came.
    fn write_error(&self, error: &Error, status: u16, request_id: &str) -> Bytes;

    /// A server's side: the vendor's own headers that tell a caller what is left of its limits.
    fn limit_headers(&self, limits: &RateLimits) -> Vec<(&'static str, String)>;

    /// A client's side: writes a request body.
    ///
    /// # Errors
    /// When the request cannot be decoded for translation.
    fn write_request(&self, request: &Request, dialect: &Dialect) -> Result<Bytes, Error>;

    /// A client's side: reads a whole answer, far enough to know that it is one.
    ///
    /// # Errors
    /// [`ErrorKind::BadReply`](playhouse_llm::ErrorKind::BadReply) for anything else.
    fn read_reply(&self, body: Bytes) -> Result<Event, Error>;

    /// A client's side: reads a streamed answer; a line may have at most `max_line_bytes`.
    fn stream_reader(&self, max_line_bytes: usize) -> Box<dyn StreamReader>;

    /// A client's side: reads an answer that refuses.
    fn read_error(&self, answer: UpstreamAnswer) -> Error;
}

/// A request that arrived, and what its caller wants of the answer's form.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The request, its bytes kept.
    pub request: Request,
    /// Whether a streamed answer shall end with token counts.
    pub include_usage: bool,
}

/// What an answer needs that its events may not say.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The answer's id where the events name none; without the protocol's own prefix.
    pub id: Arc<str>,
    /// When it is made, in Unix seconds.
    pub created: u64,
    /// The model's name where the events name none.
    pub model: Arc<str>,
    /// Whether a streamed answer shall end with token counts.
    pub include_usage: bool,
}

/// How a vendor departs from its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Whether it takes the request for token counts in a stream.
    pub stream_usage: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { stream_usage: true }
    }
}

/// An upstream's answer that refuses, as it came over HTTP.
#[derive(Clone, Debug)]
pub struct UpstreamAnswer {
    /// The provider that refused.
    pub provider: Arc<str>,
    /// Its HTTP status.
    pub status: u16,
    /// Its wish for a pause.
    pub retry_after: Option<Duration>,
    /// Its body, whatever that is.
    pub body: Bytes,
}

/// Turns the bytes of a streamed answer into events.
///
/// Feed with [`push`](Self::push), take with [`next`](Self::next) until `None`, and ask
/// [`finish`](Self::finish) when the bytes end.
pub trait StreamReader: Send {
    /// Says how many alternatives were asked for, before anything has arrived: of several, each that
    /// begins must end.
    fn expect_choices(&mut self, _count: u32) {}

    /// Takes bytes as they arrived, split anywhere.
    fn push(&mut self, bytes: Bytes);

    /// The next event, or the error the stream broke with, which is the last thing it says.
    fn next(&mut self) -> Option<Result<Event, Error>>;

    /// Whether the protocol's own end has been read; what follows is not part of the answer.
    fn is_done(&self) -> bool;

    /// Whether the end of the bytes is a clean end of the answer.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`](playhouse_llm::ErrorKind::Interrupted) when the answer is not complete.
    fn finish(&mut self) -> Result<(), Error>;
}

/// Turns events into the bytes of a streamed answer.
pub trait StreamWriter: Send {
    /// The bytes of one event; those that arrived in this protocol go through as they came.
    ///
    /// # Errors
    /// When the event's bytes cannot be decoded for translation.
    fn event(&mut self, event: &Event) -> Result<Bytes, Error>;

    /// The bytes that end a whole answer.
    fn end(&mut self) -> Bytes;

    /// The bytes that end a broken answer: an error event, and no finish.
    fn error(&mut self, error: &Error, request_id: &str) -> Bytes;
}
