//! The codec: which of this folder's parts answers which question.

use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{
    Chunk, Collector, Decode, Encoded, Error, Event, Malformed, Prompt, Protocol, RateLimits, Reply, Request,
    Told,
};
use serde_json::{Value, json};

use super::dress::{Identity, dress_reply};
use super::head::Head;
use super::reader::ChatReader;
use super::writer::ChatWriter;
use super::{chunk, edit, failure, foreign, id, manner, outline, prompt, refusal, reply, stranger};
use crate::codec::{Codec, Dialect, Envelope, Incoming, StreamReader, StreamWriter, UpstreamAnswer};
use crate::json;
use crate::manner::Manner;
use crate::openai::embeddings::OpenAiEmbeddings;
use crate::openai::limits;

/// The protocol's name.
pub const PROTOCOL: Protocol = Protocol::new("openai-chat");

/// The codec of OpenAI chat completions.
///
/// ```
/// use playhouse_wire::{Codec, Dialect, OpenAiChat};
///
/// let body = r#"{"model":"fast","messages":[{"role":"user","content":"Hello"}],"top_k":3}"#;
/// let incoming = OpenAiChat.read_request(body.into()).unwrap();
/// assert_eq!(incoming.request.prompt().unwrap().messages[0].text(), "Hello");
///
/// let upstream = incoming.request.for_model("gpt-4o-mini".into());
/// let sent = OpenAiChat.write_request(&upstream, &Dialect::default()).unwrap();
/// assert_eq!(sent, body.replace("fast", "gpt-4o-mini"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OpenAiChat;

impl Decode for OpenAiChat {
    fn protocol(&self) -> Protocol {
        PROTOCOL
    }

    fn prompt(&self, body: &[u8]) -> Result<Prompt, Malformed> {
        prompt::decode_prompt(body)
    }

    fn untold(&self, prompt: &Prompt) -> Result<Vec<String>, Malformed> {
        foreign::untold(prompt)
    }

    fn reply(&self, body: &[u8]) -> Result<Reply, Malformed> {
        reply::decode_reply(body)
    }

    fn chunks(&self, frames: &[u8]) -> Result<Vec<Chunk>, Malformed> {
        chunk::decode_chunks(frames)
    }

    fn told<'a>(&self, frames: &'a [u8]) -> Result<Vec<Told<'a>>, Malformed> {
        chunk::told(frames)
    }

    fn reply_id(&self, body: &[u8]) -> Option<String> {
        let found = id::leading_id(body).map(str::to_owned);
        found.or_else(|| Some(self.reply(body).ok()?.id).filter(|id| !id.is_empty()))
    }

    fn chunk_id(&self, frames: &[u8]) -> Option<String> {
        let found = id::leading_chunk_id(frames).map(str::to_owned);
        found.or_else(|| self.chunks(frames).ok()?.into_iter().find_map(|chunk| chunk.id))
    }
}

impl Codec for OpenAiChat {
    fn path(&self) -> &'static str {
        "/chat/completions"
    }

    fn route(&self) -> &'static str {
        "/v1/chat/completions"
    }

    fn read_request(&self, body: Bytes) -> Result<Incoming, Error> {
        let head = Head::read(&body).map_err(Error::invalid_request)?;
        let (model, stream, include_usage) = (Arc::from(&*head.model), head.stream, head.include_usage);
        let choices = head.choices;
        let request = Request::from_encoded(model, stream, Encoded { bytes: body, decoder: &Self });
        let request = request.asking_for(choices);
        Ok(Incoming { request, include_usage })
    }

    fn write_reply(&self, event: &Event, envelope: &Envelope) -> Result<Bytes, Error> {
        if let Some(body) = event.body_in(PROTOCOL) {
            return Ok(body.clone());
        }
        let identity = Identity::of(envelope);
        let written = match event.translated_whole()? {
            Some(reply) => dress_reply(&reply, &identity),
            None => dress_reply(&collected(event)?, &identity),
        };
        Ok(json::written(&written).into())
    }

    fn stream_writer(&self, envelope: Envelope) -> Box<dyn StreamWriter> {
        Box::new(ChatWriter::new(&envelope))
    }

    fn write_error(&self, error: &Error, status: u16, _request_id: &str) -> Bytes {
        failure::write_error(error, status)
    }

    fn limit_headers(&self, limits: &RateLimits) -> Vec<(&'static str, String)> {
        limits::headers(limits)
    }

    fn write_request(&self, request: &Request, dialect: &Dialect) -> Result<Bytes, Error> {
        match request.bytes_in(PROTOCOL) {
            Some(body) => edit::pass_through(body, request, dialect).map_err(Error::invalid_request),
            None => Ok(json::written(&translated(request, dialect)?).into()),
        }
    }

    fn read_reply(&self, body: Bytes) -> Result<Event, Error> {
        match outline::outline_reply(&body) {
            Some(outline) => Ok(Event::from_body(Encoded { bytes: body, decoder: &Self }, outline)),
            None => Err(not_a_reply(body)),
        }
    }

    fn stream_reader(&self, max_line_bytes: usize) -> Box<dyn StreamReader> {
        Box::new(ChatReader::new(max_line_bytes))
    }

    fn read_error(&self, answer: UpstreamAnswer) -> Error {
        refusal::read_error(answer)
    }

    fn manner(&self, request: &Request) -> Option<Manner> {
        manner::of_body(request.bytes_in(PROTOCOL)?)
    }

    fn embeddings(&self) -> Option<&'static dyn Codec> {
        Some(&OpenAiEmbeddings)
    }
}

fn collected(event: &Event) -> Result<Reply, Error> {
    let mut collector = Collector::default();
    event.told()?.iter().for_each(|told| collector.absorb(&told.chunk()));
    Ok(collector.into_reply())
}

/// A request that came as types, or over another protocol, as this protocol's.
fn translated(request: &Request, dialect: &Dialect) -> Result<Value, Error> {
    let prompt = request.translated()?;
    let encoded = prompt::encode_prompt(&prompt);
    let mut body = json!({ "model": *request.model });
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, encoded) {
        let settled = ["model", "stream", "stream_options"];
        body.extend(fields.into_iter().filter(|(key, _)| !settled.contains(&key.as_str())));
    }
    if request.stream {
        body["stream"] = true.into();
        if let Some(options) = stream_options(&prompt, dialect) {
            body["stream_options"] = options;
        }
    }
    Ok(body)
}

/// The options a prompt carries, and the wish for token counts where the vendor takes it.
fn stream_options(prompt: &Prompt, dialect: &Dialect) -> Option<Value> {
    let carried = prompt.extra.get("stream_options").filter(|options| options.is_object());
    if !dialect.stream_usage {
        return carried.cloned();
    }
    let mut options = carried.cloned().unwrap_or_else(|| json!({}));
    options["include_usage"] = true.into();
    Some(options)
}

/// What came instead of an answer: an error that some vendors send with status 200, or a stranger.
fn not_a_reply(body: Bytes) -> Error {
    if outline::glance_at_chunk(&body, false).is_ok_and(|glance| glance.is_error) {
        return refusal::read_within(body);
    }
    let what = stranger::describe(&body);
    Error::bad_reply(format!("the upstream answered with {what} where a chat completion was expected"))
}
