//! What a request says of answers that are kept, and what was said before put into it.

use bytes::Bytes;
use playhouse_llm::Malformed;
use serde_json::{Map, Value, json};

use crate::json;
use crate::openai::complaint;

/// What a request says of itself to whoever keeps answers.
///
/// ```
/// use playhouse_wire::openai::responses::RequestHead;
///
/// let head = RequestHead::read(br#"{"model":"m","input":"Hi","previous_response_id":"resp_1"}"#).unwrap();
/// assert_eq!(head.previous_response_id.as_deref(), Some("resp_1"));
/// assert!(head.store && !head.background && !head.stream);
/// assert_eq!(head.input[0]["content"], "Hi");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RequestHead {
    /// The model asked for.
    pub model: String,
    /// Whether its answer is to be kept; that is usual.
    pub store: bool,
    /// Whether it is to be answered without anybody waiting.
    pub background: bool,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// The answer that this follows.
    pub previous_response_id: Option<String>,
    /// The conversation that this is part of.
    pub conversation: Option<String>,
    /// What is asked, as items; a text is a message of the user's.
    pub input: Vec<Value>,
}

impl RequestHead {
    /// Reads the head of a request's body.
    ///
    /// # Errors
    /// When the body is no JSON object, or one of these fields is not what it should be.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut fields = json::parse_object(body).map_err(|reason| complaint::unparsable(&reason))?;
        let conversation = fields.shift_remove("conversation");
        Ok(Self {
            model: text(&mut fields, "model")?.ok_or_else(|| complaint::missing("model"))?,
            store: flag(&fields, "store")?.unwrap_or(true),
            background: flag(&fields, "background")?.unwrap_or(false),
            stream: flag(&fields, "stream")?.unwrap_or(false),
            previous_response_id: text(&mut fields, "previous_response_id")?,
            conversation: conversation.and_then(|named| {
                let id = named.as_str().or_else(|| named.get("id")?.as_str());
                id.map(str::to_owned)
            }),
            input: items(fields.shift_remove("input"))?,
        })
    }
}

/// The request's body with these items before its own input, and without `previous_response_id`: what was said
/// before for an upstream that does not know it.
///
/// # Errors
/// When the body is no JSON object, or its input is none.
pub fn with_history(body: &[u8], said_before: &[Value]) -> Result<Bytes, Malformed> {
    let mut fields = json::parse_object(body).map_err(|reason| complaint::unparsable(&reason))?;
    let own = items(fields.get("input").cloned())?;
    let input: Vec<Value> = said_before.iter().cloned().chain(own).collect();
    fields.shift_remove("previous_response_id");
    fields.insert("input".to_owned(), input.into());
    Ok(Value::Object(fields).to_string().into())
}

fn items(input: Option<Value>) -> Result<Vec<Value>, Malformed> {
    match input {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![json!({ "type": "message", "role": "user", "content": text })]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => {
            Err(complaint::wrong_type("input", "a string or an array of items", json::kind_of(&other)))
        }
    }
}

fn text(fields: &mut Map<String, Value>, key: &str) -> Result<Option<String>, Malformed> {
    match fields.shift_remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(complaint::wrong_type(key, "a string", json::kind_of(&other))),
    }
}

fn flag(fields: &Map<String, Value>, key: &str) -> Result<Option<bool>, Malformed> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(other) => Err(complaint::wrong_type(key, "a boolean", json::kind_of(other))),
    }
}
