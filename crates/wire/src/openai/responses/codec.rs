//! The codec: which of this folder's parts answers which question.

use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{
    Chunk, Collector, Decode, Encoded, Error, Event, Malformed, Outline, Prompt, Protocol, RateLimits, Reply,
    Request, Told, Usage,
};
use serde_json::{Map, Value, json};

use super::head::read_head;
use super::reader::ResponsesReader;
use super::response::Answer;
use super::writer::ResponsesWriter;
use super::{chunk, failure, foreign, manner, output, prompt, reply, usage};
use crate::codec::{Codec, Dialect, Envelope, Incoming, StreamReader, StreamWriter, UpstreamAnswer};
use crate::manner::Manner;
use crate::named::pass_through;
use crate::openai::embeddings::OpenAiEmbeddings;
use crate::openai::limits;
use crate::{json, stranger};

/// The protocol's name.
pub const PROTOCOL: Protocol = Protocol::new("openai-responses");

/// What seals reasoning so that it can be given back without being kept by the vendor.
const SEALED: &str = "reasoning.encrypted_content";
/// What the names of OpenAI's models begin with that do not reason, and refuse to seal what is not there.
const WITHOUT_REASONING: [&str; 3] = ["gpt-3", "gpt-4", "chatgpt-"];

/// The codec of OpenAI's Responses.
///
/// ```
/// use playhouse_wire::{Codec, Dialect, OpenAiResponses};
///
/// let body = r#"{"model":"fast","input":"Hello","store":true}"#;
/// let incoming = OpenAiResponses.read_request(body.into()).unwrap();
/// assert_eq!(incoming.request.prompt().unwrap().messages[0].text(), "Hello");
///
/// let upstream = incoming.request.for_model("gpt-5".into());
/// let sent = OpenAiResponses.write_request(&upstream, &Dialect::default()).unwrap();
/// assert_eq!(sent, body.replace("fast", "gpt-5"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OpenAiResponses;

impl Decode for OpenAiResponses {
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
}

impl Codec for OpenAiResponses {
    fn path(&self) -> &'static str {
        "/responses"
    }

    fn route(&self) -> &'static str {
        "/v1/responses"
    }

    /// A stream counts its tokens always.
    fn read_request(&self, body: Bytes) -> Result<Incoming, Error> {
        let head = read_head(&body).map_err(Error::invalid_request)?;
        let (model, stream) = (Arc::from(&*head.model), head.stream);
        let request = Request::from_encoded(model, stream, Encoded { bytes: body, decoder: &Self });
        Ok(Incoming { request, include_usage: true })
    }

    fn write_reply(&self, event: &Event, envelope: &Envelope) -> Result<Bytes, Error> {
        write_answer(None, event, envelope)
    }

    fn write_reply_to(&self, asked: &Request, event: &Event, envelope: &Envelope) -> Result<Bytes, Error> {
        write_answer(Some(asked), event, envelope)
    }

    fn stream_writer(&self, envelope: Envelope) -> Box<dyn StreamWriter> {
        Box::new(ResponsesWriter::new(None, envelope))
    }

    fn stream_writer_to(&self, asked: &Request, envelope: Envelope) -> Box<dyn StreamWriter> {
        Box::new(ResponsesWriter::new(Some(asked), envelope))
    }

    fn write_error(&self, error: &Error, status: u16, _request_id: &str) -> Bytes {
        failure::write_error(error, status)
    }

    fn limit_headers(&self, limits: &RateLimits) -> Vec<(&'static str, String)> {
        limits::headers(limits)
    }

    fn write_request(&self, request: &Request, _dialect: &Dialect) -> Result<Bytes, Error> {
        match request.bytes_in(PROTOCOL) {
            Some(body) => pass_through(body, request, read_head).map_err(Error::invalid_request),
            None => Ok(json::written(&Value::Object(translated(request)?)).into()),
        }
    }

    fn read_reply(&self, body: Bytes) -> Result<Event, Error> {
        match outline_of(&body) {
            Some(outline) => Ok(Event::from_body(Encoded { bytes: body, decoder: &Self }, outline)),
            None => Err(not_a_reply(body)),
        }
    }

    fn stream_reader(&self, max_line_bytes: usize) -> Box<dyn StreamReader> {
        Box::new(ResponsesReader::new(max_line_bytes))
    }

    fn read_error(&self, answer: UpstreamAnswer) -> Error {
        failure::read_error(answer)
    }

    fn embeddings(&self) -> Option<&'static dyn Codec> {
        Some(&OpenAiEmbeddings)
    }

    fn manner(&self, request: &Request) -> Option<Manner> {
        manner::of_body(request.bytes_in(PROTOCOL)?)
    }
}

fn write_answer(asked: Option<&Request>, event: &Event, envelope: &Envelope) -> Result<Bytes, Error> {
    if let Some(body) = event.body_in(PROTOCOL) {
        return Ok(body.clone());
    }
    let answer = Answer::to(asked, envelope);
    let written = match event.translated_whole()? {
        Some(reply) => answer.dressed(&reply),
        None => answer.dressed(&collected(event)?),
    };
    Ok(json::written(&written).into())
}

fn collected(event: &Event) -> Result<Reply, Error> {
    let mut collector = Collector::default();
    event.told()?.iter().for_each(|told| collector.absorb(&told.chunk()));
    Ok(collector.into_reply())
}

/// A request that came as types, or over another protocol, as this protocol's. The vendor is not to keep what
/// nobody asked it to keep, and seals its reasoning instead, for it to be given back.
fn translated(request: &Request) -> Result<Map<String, Value>, Error> {
    let prompt = request.translated()?;
    foreign::check_sayable(request, &prompt).map_err(Error::invalid_request)?;
    let mut body = Map::from_iter([("model".to_owned(), Value::from(&*request.model))]);
    if let Value::Object(fields) = prompt::encode_prompt(&prompt) {
        body.extend(fields.into_iter().filter(|(key, _)| !matches!(key.as_str(), "model" | "stream")));
    }
    body.entry("input").or_insert_with(|| json!([]));
    body.entry("store").or_insert(Value::Bool(false));
    if !WITHOUT_REASONING.iter().any(|opening| request.model.starts_with(opening)) {
        body.entry("include").or_insert_with(|| json!([SEALED]));
    }
    if request.stream {
        body.insert("stream".to_owned(), true.into());
    }
    Ok(body)
}

fn outline_of(body: &[u8]) -> Option<Outline> {
    let fields = json::parse_object(body).ok()?;
    let has_failed = fields.get("error").is_some_and(|error| !error.is_null());
    if has_failed || !fields.get("output")?.is_array() {
        return None;
    }
    let model = fields.get("model").and_then(Value::as_str).filter(|model| !model.is_empty());
    Some(Outline {
        has_output: true,
        model: model.map(Arc::from),
        usage: fields.get("usage").and_then(usage::read_usage).as_ref().map(Usage::counts),
        finish: output::read_choice(&fields).and_then(|choice| choice.finish),
    })
}

/// What came instead of an answer, or an answer that failed.
fn not_a_reply(body: Bytes) -> Error {
    let fields = json::parse_object(&body).unwrap_or_default();
    if fields.get("error").is_some_and(|error| !error.is_null()) {
        return failure::read_within(body);
    }
    let what = stranger::describe(&body);
    Error::bad_reply(format!("the upstream answered with {what} where a response was expected"))
}
