//! Reading the errors that vendors send, which come in more shapes than answers do.

use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{Decode, Encoded, Error, ErrorKind, Upstream};
use serde_json::{Map, Value};

use crate::codec::UpstreamAnswer;
use crate::{json, stranger};

/// How much of a vendor's message is kept.
const MAX_MESSAGE_CHARS: usize = 4096;
/// How long a plain text may be that is taken for a message.
const MAX_PLAIN_TEXT_BYTES: usize = 256;

/// How a protocol tells of failures: bodies of this shape go through as they came.
#[derive(Clone, Copy)]
pub(crate) struct OwnShape {
    pub(crate) decoder: &'static dyn Decode,
    pub(crate) holds: fn(&Map<String, Value>) -> bool,
}

/// Reads an answer that refuses.
pub(crate) fn read_error(answer: UpstreamAnswer, own: OwnShape) -> Error {
    let told = Told::read(&answer.body, own);
    let message = told.message.clone().unwrap_or_else(|| {
        let what = stranger::describe(&answer.body);
        format!("provider '{}' answered with status {} and {what}", answer.provider, answer.status)
    });
    Error {
        retry_after: answer.retry_after,
        ..told.into_error(
            kind_of_status(answer.status),
            message,
            answer.provider,
            Some(answer.status),
            answer.body,
            own,
        )
    }
}

/// Reads an error that came within an answer: as a frame of a stream, or as a body with status 200.
///
/// Nobody here knows the provider's name; whoever does fills it in.
pub(crate) fn read_within(data: Bytes, own: OwnShape) -> Error {
    let told = Told::read(&data, own);
    let message = told
        .message
        .clone()
        .unwrap_or_else(|| "the upstream reported an error and gave no reason".to_owned());
    told.into_error(ErrorKind::Upstream, message, Arc::from(""), None, data, own)
}

/// What a vendor tells of a failure.
#[derive(Debug, Default)]
struct Told {
    message: Option<String>,
    class: Option<String>,
    code: Option<String>,
    param: Option<String>,
    /// Whether it is told the way the protocol tells it.
    is_own_shape: bool,
}

impl Told {
    fn read(body: &[u8], own: OwnShape) -> Self {
        match json::parse(body) {
            Ok(Value::Object(fields)) => {
                Self { is_own_shape: (own.holds)(&fields), ..Self::of_object(&fields) }
            }
            // Google's endpoint for OpenAI clients wraps its errors in a list.
            Ok(Value::Array(items)) => match items.first() {
                Some(Value::Object(fields)) => Self::of_object(fields),
                _ => Self::default(),
            },
            Ok(Value::String(text)) => Self { message: shortened(&text), ..Self::default() },
            _ => Self { message: plain_text(body), ..Self::default() },
        }
    }

    fn of_object(fields: &Map<String, Value>) -> Self {
        match fields.get("error") {
            Some(Value::Object(error)) => Self::of_fields(error),
            Some(error @ (Value::String(_) | Value::Array(_))) => {
                let message = text_of(error).or_else(|| text_of(fields.get("message")?));
                Self { message, ..Self::of_fields(fields) }
            }
            _ => Self::of_fields(fields),
        }
    }

    fn of_fields(fields: &Map<String, Value>) -> Self {
        let told = ["message", "detail", "details", "errors", "msg", "title"];
        Self {
            message: told.iter().find_map(|key| text_of(fields.get(*key)?)),
            class: ["type", "status"].iter().find_map(|key| Some(fields.get(*key)?.as_str()?.to_owned())),
            code: fields.get("code").and_then(word_of),
            param: fields.get("param").and_then(Value::as_str).map(str::to_owned),
            is_own_shape: false,
        }
    }

    fn into_error(
        self,
        kind: ErrorKind,
        message: String,
        provider: Arc<str>,
        status: Option<u16>,
        body: Bytes,
        own: OwnShape,
    ) -> Error {
        let body = self.is_own_shape.then_some(Encoded { bytes: body, decoder: own.decoder });
        let upstream = Upstream { provider, status, code: self.code, class: self.class, body };
        Error { param: self.param, upstream: Some(Box::new(upstream)), ..Error::new(kind, message) }
    }
}

/// A message, wherever vendors put it: a string, a list of problems, an object around either.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => shortened(text),
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().take(8).filter_map(text_of).collect();
            shortened(&texts.join("; "))
        }
        Value::Object(fields) => {
            let text =
                ["message", "msg", "detail", "error"].iter().find_map(|key| text_of(fields.get(*key)?))?;
            let place = fields.get("loc").and_then(Value::as_array).map(|steps| path_of(steps));
            shortened(&place.map_or(text.clone(), |place| format!("{place}: {text}")))
        }
        _ => None,
    }
}

fn path_of(steps: &[Value]) -> String {
    let names = steps.iter().filter_map(word_of);
    names.collect::<Vec<_>>().join(".")
}

/// A code or class: a word, or a number as some vendors have it.
fn word_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn shortened(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(MAX_MESSAGE_CHARS).collect())
}

/// A short line of text that is neither JSON nor HTML is what a proxy has to say.
fn plain_text(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let is_message = text.len() <= MAX_PLAIN_TEXT_BYTES
        && !text.starts_with(['<', '{', '[', '"'])
        && !text.chars().any(|char| char.is_control() && !char.is_whitespace());
    if is_message { shortened(text) } else { None }
}

fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Unauthenticated,
        402 | 403 => ErrorKind::PermissionDenied,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        413 => ErrorKind::TooLarge,
        429 => ErrorKind::RateLimited,
        503 | 529 => ErrorKind::Overloaded,
        // 408 says that the upstream gave up waiting, not that the request is wrong.
        408 => ErrorKind::Upstream,
        400..=499 => ErrorKind::InvalidRequest,
        _ => ErrorKind::Upstream,
    }
}
