//! The codec: which of this folder's parts answers which question.

use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{
    Chunk, Collector, Decode, Encoded, Error, Event, Malformed, ModelInfo, Outline, OutputForm, Prompt,
    Protocol, RateLimits, Reply, Request, Told, Usage,
};
use serde_json::{Map, Value, json};

use super::count::TokenCounting;
use super::head::read_head;
use super::message::without_silence;
use super::reader::MessagesReader;
use super::writer::MessagesWriter;
use super::{chunk, failure, foreign, limits, manner, models, plain_schema, prompt, reply};
use crate::codec::{
    Codec, Counting, Dialect, Envelope, Incoming, RequestHeader, StreamReader, StreamWriter, UpstreamAnswer,
};
use crate::manner::Manner;
use crate::named::pass_through;
use crate::{json, stranger};

/// The protocol's name.
pub const PROTOCOL: Protocol = Protocol::new("anthropic-messages");

/// The version of the API is always said, and what of it is in trial where the caller wants that
/// (<https://docs.anthropic.com/en/api/versioning>, <https://docs.anthropic.com/en/api/beta-headers>).
const REQUEST_HEADERS: [RequestHeader; 2] = [
    RequestHeader { name: "anthropic-version", usual: Some("2023-06-01") },
    RequestHeader { name: "anthropic-beta", usual: None },
];
const PING: &[u8] = b"event: ping\ndata: {\"type\":\"ping\"}\n\n";

/// The codec of Anthropic's Messages.
///
/// ```
/// use playhouse_wire::{AnthropicMessages, Codec, Dialect};
///
/// let body = r#"{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"Hello"}]}"#;
/// let incoming = AnthropicMessages.read_request(body.into()).unwrap();
/// assert_eq!(incoming.request.prompt().unwrap().messages[0].text(), "Hello");
///
/// let upstream = incoming.request.for_model("claude-sonnet-4-5".into());
/// let sent = AnthropicMessages.write_request(&upstream, &Dialect::default()).unwrap();
/// assert_eq!(sent, body.replace("fast", "claude-sonnet-4-5"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AnthropicMessages;

impl Decode for AnthropicMessages {
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

impl Codec for AnthropicMessages {
    fn path(&self) -> &'static str {
        "/messages"
    }

    fn route(&self) -> &'static str {
        "/v1/messages"
    }

    /// A stream counts its tokens always.
    fn read_request(&self, body: Bytes) -> Result<Incoming, Error> {
        let head = read_head(&body).map_err(Error::invalid_request)?;
        let (model, stream) = (Arc::from(&*head.model), head.stream);
        let request = Request::from_encoded(model, stream, Encoded { bytes: body, decoder: &Self });
        Ok(Incoming { request, include_usage: true })
    }

    fn write_reply(&self, event: &Event, envelope: &Envelope) -> Result<Bytes, Error> {
        if let Some(body) = event.body_in(PROTOCOL) {
            return Ok(body.clone());
        }
        let written = match event.translated_whole()? {
            Some(reply) => dressed(&reply, envelope),
            None => dressed(&collected(event)?, envelope),
        };
        Ok(json::written(&written).into())
    }

    fn stream_writer(&self, envelope: Envelope) -> Box<dyn StreamWriter> {
        Box::new(MessagesWriter::new(&envelope))
    }

    fn write_error(&self, error: &Error, status: u16, request_id: &str) -> Bytes {
        failure::write_error(error, status, request_id)
    }

    fn limit_headers(&self, limits: &RateLimits) -> Vec<(&'static str, String)> {
        limits::headers(limits)
    }

    fn write_request(&self, request: &Request, _dialect: &Dialect) -> Result<Bytes, Error> {
        match request.bytes_in(PROTOCOL) {
            Some(body) => pass_through(body, request, read_head).map_err(Error::invalid_request),
            None => Ok(json::written(&translated(request)?).into()),
        }
    }

    fn read_reply(&self, body: Bytes) -> Result<Event, Error> {
        match outline_of(&body) {
            Some(outline) => Ok(Event::from_body(Encoded { bytes: body, decoder: &Self }, outline)),
            None => Err(not_a_reply(body)),
        }
    }

    fn stream_reader(&self, max_line_bytes: usize) -> Box<dyn StreamReader> {
        Box::new(MessagesReader::new(max_line_bytes))
    }

    fn read_error(&self, answer: UpstreamAnswer) -> Error {
        failure::read_error(answer)
    }

    fn manner(&self, request: &Request) -> Option<Manner> {
        request.prompt().ok().map(manner::of_prompt)
    }

    fn request_headers(&self) -> &'static [RequestHeader] {
        &REQUEST_HEADERS
    }

    fn request_id_header(&self) -> Option<&'static str> {
        Some("request-id")
    }

    fn keep_alive(&self) -> Option<Bytes> {
        Some(Bytes::from_static(PING))
    }

    fn counting(&self) -> Option<&'static dyn Counting> {
        Some(&TokenCounting)
    }

    fn models_path(&self) -> &'static str {
        models::PATH
    }

    fn read_models(&self, body: &[u8]) -> Result<Vec<ModelInfo>, Malformed> {
        models::decode_list(body)
    }

    fn write_models(&self, models: &[ModelInfo]) -> Bytes {
        models::encode_list(models).to_string().into()
    }

    fn write_model(&self, model: &ModelInfo) -> Bytes {
        models::encode_one(model).to_string().into()
    }
}

fn collected(event: &Event) -> Result<Reply, Error> {
    let mut collector = Collector::default();
    event.told()?.iter().for_each(|told| collector.absorb(&told.chunk()));
    Ok(collector.into_reply())
}

/// A request that came as types, or over another protocol, as this protocol's.
fn translated(request: &Request) -> Result<Value, Error> {
    let mut prompt = request.translated()?.into_owned();
    prompt.messages = without_silence(&prompt.messages);
    if let Some(OutputForm::Schema(form)) = &mut prompt.output {
        form.schema = form.schema.take().map(plain_schema::plain);
    }
    let mut body = json!({ "model": *request.model });
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, prompt::encode_prompt(&prompt)) {
        body.extend(fields.into_iter().filter(|(key, _)| !matches!(key.as_str(), "model" | "stream")));
    }
    if request.stream {
        body["stream"] = true.into();
    }
    Ok(body)
}

/// A whole answer as Anthropic's always are.
fn dressed(reply: &Reply, envelope: &Envelope) -> Value {
    let id = Some(reply.id.as_str()).filter(|id| !id.is_empty()).map(str::to_owned);
    let model = Some(reply.model.as_str()).filter(|model| !model.is_empty()).unwrap_or(&envelope.model);
    let mut object = Map::from_iter([
        ("id".to_owned(), id.unwrap_or_else(|| format!("msg_{}", envelope.id)).into()),
        ("type".to_owned(), "message".into()),
        ("role".to_owned(), "assistant".into()),
        ("model".to_owned(), model.into()),
        ("content".to_owned(), Value::Array(Vec::new())),
        ("stop_reason".to_owned(), Value::Null),
        ("stop_sequence".to_owned(), Value::Null),
        ("usage".to_owned(), super::usage::write_usage(&Usage::default())),
    ]);
    let reply = shown(reply);
    if let Value::Object(fields) = reply::encode_reply(&reply) {
        object.extend(fields);
    }
    Value::Object(object)
}

/// Reasoning of other vendors is shown as thinking without a signature.
fn shown(reply: &Reply) -> Reply {
    let mut reply = reply.clone();
    for choice in &mut reply.choices {
        for part in &mut choice.message.parts {
            if let playhouse_llm::Part::Reasoning { field, extra, .. } = part
                && !super::block::is_own(field)
            {
                super::block::THINKING.clone_into(field);
                extra.insert("signature".to_owned(), "".into());
            }
        }
    }
    reply
}

fn outline_of(body: &[u8]) -> Option<Outline> {
    let fields = json::parse_object(body).ok()?;
    if fields.get("type").and_then(Value::as_str) == Some("error") || !fields.get("content")?.is_array() {
        return None;
    }
    let reason = fields.get("stop_reason").and_then(Value::as_str);
    let model = fields.get("model").and_then(Value::as_str).filter(|model| !model.is_empty());
    Some(Outline {
        has_output: true,
        model: model.map(Arc::from),
        usage: fields.get("usage").and_then(super::usage::read_usage).as_ref().map(Usage::counts),
        finish: reason.map(reply::finish_of),
    })
}

/// What came instead of an answer.
fn not_a_reply(body: Bytes) -> Error {
    let fields = json::parse_object(&body).unwrap_or_default();
    if fields.get("error").is_some_and(|error| !error.is_null()) {
        return failure::read_within(body);
    }
    let what = stranger::describe(&body);
    Error::bad_reply(format!("the upstream answered with {what} where a message was expected"))
}
