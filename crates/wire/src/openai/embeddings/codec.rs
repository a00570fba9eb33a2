//! The codec: which of this folder's parts answers which question.

use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{
    Chunk, Decode, EmbedReply, EmbedRequest, Encoded, Error, ErrorKind, Event, Malformed, Operation, Prompt,
    Protocol, RateLimits, Reply, Request,
};

use super::head::{self, Head};
use super::{Encoding, outline, reply, request};
use crate::codec::{Codec, Dialect, Envelope, Incoming, StreamReader, StreamWriter, UpstreamAnswer};
use crate::json;
use crate::manner::Manner;
use crate::openai::chat::OpenAiChat;
use crate::openai::{refusal, stranger};

/// The protocol's name.
pub const PROTOCOL: Protocol = Protocol::new("openai-embeddings");

/// The codec of OpenAI embeddings, both directions, pure.
///
/// As a [`Codec`] it passes requests and answers through; its own methods know the types.
///
/// ```
/// use playhouse_wire::openai::embeddings::{Encoding, OpenAiEmbeddings};
///
/// let body = br#"{"model":"text-embedding-3-small","input":["a cat"],"encoding_format":"base64"}"#;
/// let incoming = OpenAiEmbeddings.decode_request(body, None).unwrap();
/// assert_eq!(incoming.encoding, Some(Encoding::Base64));
/// assert_eq!(incoming.request.inputs, ["a cat".into()]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OpenAiEmbeddings;

/// A request that arrived, and what its caller wants of the answer's form.
#[derive(Clone, Debug, PartialEq)]
pub struct IncomingEmbed {
    /// The request.
    pub request: EmbedRequest,
    /// How the numbers shall be written; where nothing is said, that means [`Encoding::Float`].
    pub encoding: Option<Encoding>,
}

impl OpenAiEmbeddings {
    /// A server's side: reads a request body as types.
    ///
    /// Where the path names the model, as Azure's deployments do, it counts and not the body's.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] that names the field.
    pub fn decode_request(&self, body: &[u8], path_model: Option<&str>) -> Result<IncomingEmbed, Error> {
        request::decode(body, path_model).map_err(Error::invalid_request)
    }

    /// A server's side: writes an answer of types.
    ///
    /// Every number reads back as the very same `f32`, in either encoding; those that JSON does
    /// not have (NaN, infinity) become `null` as floats.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when a carried field cannot be written.
    pub fn encode_reply(
        &self,
        reply: &EmbedReply,
        encoding: Encoding,
        envelope: &Envelope,
    ) -> Result<Bytes, Error> {
        let written = reply::encode(reply, encoding, &envelope.model);
        let unwritable = |error| format!("the embeddings cannot be written as JSON: {error}");
        written.map_err(|error| Error::new(ErrorKind::Internal, unwritable(error)))
    }

    /// A client's side: writes a request body of types.
    pub fn encode_request(&self, request: &EmbedRequest, encoding: Option<Encoding>) -> Bytes {
        request::encode(request, encoding).to_string().into()
    }

    /// A client's side: reads an answer as types, in whichever encoding it came.
    ///
    /// # Errors
    /// [`ErrorKind::BadReply`] for what is no answer, [`ErrorKind::Upstream`] for an error that
    /// came with status 200.
    pub fn decode_reply(&self, body: Bytes) -> Result<EmbedReply, Error> {
        reply::decode(&body).ok_or_else(|| not_a_reply(body))
    }
}

/// There is nothing to translate: no other protocol here has embeddings, and no chat is one.
impl Decode for OpenAiEmbeddings {
    fn protocol(&self) -> Protocol {
        PROTOCOL
    }

    fn operation(&self) -> Operation {
        Operation::Embeddings
    }

    fn embedding(&self, body: &[u8]) -> Result<EmbedRequest, Malformed> {
        Ok(request::decode(body, None)?.request)
    }

    fn prompt(&self, _body: &[u8]) -> Result<Prompt, Malformed> {
        Err(Malformed::new("the request asks for embeddings, which is no conversation"))
    }

    fn untold(&self, _prompt: &Prompt) -> Result<Vec<String>, Malformed> {
        Ok(Vec::new())
    }

    fn reply(&self, _body: &[u8]) -> Result<Reply, Malformed> {
        Err(Malformed::new("the answer holds embeddings, which are no message"))
    }

    fn chunks(&self, _frames: &[u8]) -> Result<Vec<Chunk>, Malformed> {
        Err(Malformed::new("embeddings do not come in pieces"))
    }
}

impl Codec for OpenAiEmbeddings {
    fn path(&self) -> &'static str {
        "/embeddings"
    }

    fn route(&self) -> &'static str {
        "/v1/embeddings"
    }

    fn read_request(&self, body: Bytes) -> Result<Incoming, Error> {
        let model = Head::read(&body).map(|head| Arc::from(&*head.model));
        let model: Arc<str> = model.map_err(Error::invalid_request)?;
        let request = Request::from_encoded(model, false, Encoded { bytes: body, decoder: &Self });
        Ok(Incoming { request, include_usage: false })
    }

    fn write_reply(&self, event: &Event, _envelope: &Envelope) -> Result<Bytes, Error> {
        let body = event.body_in(PROTOCOL).cloned();
        body.ok_or_else(|| Error::bad_reply("the provider answered something else than embeddings"))
    }

    // Nobody asks for a stream of embeddings. Whoever writes or reads one all the same has the vendor's manners.
    fn stream_writer(&self, envelope: Envelope) -> Box<dyn StreamWriter> {
        OpenAiChat.stream_writer(envelope)
    }

    fn write_error(&self, error: &Error, status: u16, request_id: &str) -> Bytes {
        OpenAiChat.write_error(error, status, request_id)
    }

    fn limit_headers(&self, limits: &RateLimits) -> Vec<(&'static str, String)> {
        OpenAiChat.limit_headers(limits)
    }

    fn write_request(&self, request: &Request, _dialect: &Dialect) -> Result<Bytes, Error> {
        let body = request.bytes_in(PROTOCOL);
        let body = body.ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a request that asks for no embeddings was to be written as one")
        })?;
        match request.is_as_it_arrived() {
            true => Ok(body.clone()),
            false => head::for_model(body, &request.model).map_err(Error::invalid_request),
        }
    }

    fn read_reply(&self, body: Bytes) -> Result<Event, Error> {
        match outline::outline(&body) {
            Some(outline) => Ok(Event::from_body(Encoded { bytes: body, decoder: &Self }, outline)),
            None => Err(not_a_reply(body)),
        }
    }

    fn stream_reader(&self, max_line_bytes: usize) -> Box<dyn StreamReader> {
        OpenAiChat.stream_reader(max_line_bytes)
    }

    fn read_error(&self, answer: UpstreamAnswer) -> Error {
        refusal::read_error(answer)
    }

    /// The same numbers come for the same texts, and nothing else happens.
    fn manner(&self, _request: &Request) -> Option<Manner> {
        Some(Manner::default())
    }
}

fn not_a_reply(body: Bytes) -> Error {
    let is_error = json::parse_object(&body).is_ok_and(|fields| fields.contains_key("error"));
    if is_error {
        return refusal::read_within(body);
    }
    let what = stranger::describe(&body);
    Error::bad_reply(format!("the upstream answered with {what} where embeddings were expected"))
}
