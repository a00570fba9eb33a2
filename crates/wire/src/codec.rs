//! What a protocol must be able to do, in both directions.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use playhouse_llm::{Decode, Error, Event, Malformed, ModelInfo, RateLimits, Request, TokenCount};

use crate::manner::Manner;
use crate::openai::models;

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

    /// A server's side: writes the whole answer to a request. Where answers repeat what was asked, it does.
    ///
    /// # Errors
    /// As [`write_reply`](Self::write_reply).
    fn write_reply_to(&self, _asked: &Request, event: &Event, envelope: &Envelope) -> Result<Bytes, Error> {
        self.write_reply(event, envelope)
    }

    /// A server's side: writes a streamed answer.
    fn stream_writer(&self, envelope: Envelope) -> Box<dyn StreamWriter>;

    /// A server's side: writes the streamed answer to a request. Where answers repeat what was asked, it does.
    fn stream_writer_to(&self, _asked: &Request, envelope: Envelope) -> Box<dyn StreamWriter> {
        self.stream_writer(envelope)
    }

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

    /// What a request that arrived in this protocol says of how it may be asked; `None` where it cannot be read.
    fn manner(&self, request: &Request) -> Option<Manner>;

    /// The header fields that are part of what a request says. A server passes the caller's on to an
    /// upstream of this protocol; no others ever are.
    fn request_headers(&self) -> &'static [RequestHeader] {
        &[]
    }

    /// The header field that tells the caller the request's id, where it is another than `x-request-id`.
    fn request_id_header(&self) -> Option<&'static str> {
        None
    }

    /// The frame that says in a silent stream that it still lives, where the protocol has one.
    fn keep_alive(&self) -> Option<Bytes> {
        None
    }

    /// How tokens are counted before a request is made, where the protocol knows that.
    fn counting(&self) -> Option<&'static dyn Counting> {
        None
    }

    /// The codec of embeddings that belongs to this protocol, where its vendors have such a route.
    fn embeddings(&self) -> Option<&'static dyn Codec> {
        None
    }

    /// The path of the list of models below a vendor's base URL.
    fn models_path(&self) -> &'static str {
        "/models"
    }

    /// A client's side: reads a vendor's list of models. Unless it says otherwise, that is OpenAI's.
    ///
    /// # Errors
    /// When the body is no list of models.
    fn read_models(&self, body: &[u8]) -> Result<Vec<ModelInfo>, Malformed> {
        models::decode_list(body)
    }

    /// A server's side: writes the list of models.
    fn write_models(&self, models: &[ModelInfo]) -> Bytes {
        models::encode_list(models).into()
    }

    /// A server's side: writes one model.
    fn write_model(&self, model: &ModelInfo) -> Bytes {
        models::encode_one(model).into()
    }
}

/// A header field that is part of what a request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHeader {
    /// Its name, in lower case.
    pub name: &'static str,
    /// What is sent where the caller said nothing; `None` leaves it out.
    pub usual: Option<&'static str>,
}

/// The part of a protocol that counts a request's tokens without making it. The request is read and written
/// as always.
pub trait Counting: Sync {
    /// The path below a vendor's base URL.
    fn path(&self) -> &'static str;

    /// The path below a server's root.
    fn route(&self) -> &'static str;

    /// A client's side: reads the count.
    ///
    /// # Errors
    /// [`ErrorKind::BadReply`](playhouse_llm::ErrorKind::BadReply) for anything else.
    fn read_count(&self, body: Bytes) -> Result<TokenCount, Error>;

    /// A server's side: writes the count; an upstream's own answer goes through as it came.
    fn write_count(&self, count: &TokenCount) -> Bytes;
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
