//! The codec: which of this folder's parts answers which question.

use bytes::Bytes;
use playhouse_llm::{EmbedReply, EmbedRequest, Error, ErrorKind};

use super::{Encoding, reply, request};
use crate::codec::{Codec, Envelope, UpstreamAnswer};
use crate::json;
use crate::openai::chat::OpenAiChat;
use crate::openai::{refusal, stranger};

/// The codec of OpenAI embeddings, both directions, pure.
///
/// ```
/// use playhouse_wire::openai::embeddings::{Encoding, OpenAiEmbeddings};
///
/// let body = br#"{"model":"text-embedding-3-small","input":["a cat"],"encoding_format":"base64"}"#;
/// let incoming = OpenAiEmbeddings.read_request(body, None).unwrap();
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
    /// The path below a vendor's base URL.
    pub fn path(&self) -> &'static str {
        "/embeddings"
    }

    /// The path below a server's root.
    pub fn route(&self) -> &'static str {
        "/v1/embeddings"
    }

    /// A server's side: reads a request body.
    ///
    /// Where the path names the model, as Azure's deployments do, it counts and not the body's.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] that names the field.
    pub fn read_request(&self, body: &[u8], path_model: Option<&str>) -> Result<IncomingEmbed, Error> {
        request::decode(body, path_model).map_err(Error::invalid_request)
    }

    /// A server's side: writes an answer.
    ///
    /// Every number reads back as the very same `f32`, in either encoding; those that JSON does
    /// not have (NaN, infinity) become `null` as floats.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when a carried field cannot be written.
    pub fn write_reply(
        &self,
        reply: &EmbedReply,
        encoding: Encoding,
        envelope: &Envelope,
    ) -> Result<Bytes, Error> {
        let written = reply::encode(reply, encoding, &envelope.model);
        let unwritable = |error| format!("the embeddings cannot be written as JSON: {error}");
        written.map_err(|error| Error::new(ErrorKind::Internal, unwritable(error)))
    }

    /// A server's side: OpenAI's own error body for a failure answered with `status`.
    pub fn write_error(&self, error: &Error, status: u16, request_id: &str) -> Bytes {
        OpenAiChat.write_error(error, status, request_id)
    }

    /// A client's side: writes a request body.
    pub fn write_request(&self, request: &EmbedRequest, encoding: Option<Encoding>) -> Bytes {
        request::encode(request, encoding).to_string().into()
    }

    /// A client's side: reads an answer, in whichever encoding it came.
    ///
    /// # Errors
    /// [`ErrorKind::BadReply`] for what is no answer, [`ErrorKind::Upstream`] for an error that
    /// came with status 200.
    pub fn read_reply(&self, body: Bytes) -> Result<EmbedReply, Error> {
        reply::decode(&body).ok_or_else(|| not_a_reply(body))
    }

    /// A client's side: reads an answer that refuses.
    pub fn read_error(&self, answer: UpstreamAnswer) -> Error {
        refusal::read_error(answer)
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
