//! The events of a streamed answer as they go by, for those who keep it: each with its number, and the answer
//! as a whole as far as it has come.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::json;
use crate::sse::{Frame, lines};

/// What has been told of an answer.
///
/// ```
/// use playhouse_wire::openai::responses::Transcript;
///
/// let mut transcript = Transcript::default();
/// let told = transcript.absorb(&bytes::Bytes::from(concat!(
///     "event: response.created\n",
///     "data: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"output\":[]}}\n\n",
///     "event: response.output_item.done\n",
///     "data: {\"type\":\"response.output_item.done\",\"sequence_number\":1,\"output_index\":0,\"item\":{\"id\":\"msg_1\"}}\n\n",
/// )));
/// assert_eq!(told[1].sequence_number, Some(1));
/// let response = transcript.response().unwrap();
/// assert_eq!(response["output"][0]["id"], "msg_1");
/// assert!(!transcript.has_ended());
/// ```
#[derive(Debug, Default)]
pub struct Transcript {
    response: Option<Map<String, Value>>,
    /// The items that are whole, each with its place.
    items: Vec<(u64, Value)>,
    has_ended: bool,
}

/// One event that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number in the stream, where it has one.
    pub sequence_number: Option<u64>,
    /// Its frame, as it goes out.
    pub frame: Bytes,
}

impl Transcript {
    /// Takes complete frames in, as a writer wrote them; what carries no data is no event.
    pub fn absorb(&mut self, frames: &Bytes) -> Vec<Recorded> {
        let (mut recorded, mut at) = (Vec::new(), 0);
        while let Some(length) = lines::first_frame_end(&frames[at..]) {
            let frame = frames.slice(at..at + length);
            at += length;
            if let Some(event) = Frame::read(&frame).and_then(|frame| json::parse_object(&frame.data).ok()) {
                let sequence_number = event.get("sequence_number").and_then(Value::as_u64);
                self.note(event);
                recorded.push(Recorded { sequence_number, frame });
            }
        }
        recorded
    }

    /// The answer as far as it has come: at its end as it was told, before that with the items that are whole.
    pub fn response(&self) -> Option<Value> {
        let mut response = self.response.clone()?;
        if !self.has_ended {
            let mut items = self.items.clone();
            items.sort_by_key(|(place, _)| *place);
            response.insert("output".to_owned(), items.into_iter().map(|(_, item)| item).collect());
        }
        Some(Value::Object(response))
    }

    /// The answer as one that failed, for this reason.
    pub fn failed(&self, code: &str, message: &str) -> Option<Value> {
        self.ended("failed", Some(json!({ "code": code, "message": message })))
    }

    /// The answer as one that was cancelled.
    pub fn cancelled(&self) -> Option<Value> {
        self.ended("cancelled", None)
    }

    /// Whether the answer has been told to its end, whatever that was.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    fn ended(&self, status: &str, error: Option<Value>) -> Option<Value> {
        let mut response = self.response()?;
        if !self.has_ended {
            response["status"] = status.into();
            response["error"] = error.unwrap_or_default();
        }
        Some(response)
    }

    fn note(&mut self, mut event: Map<String, Value>) {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(Value::Object(response)) = event.shift_remove("response") {
            self.response = Some(response);
        }
        match kind.as_str() {
            "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
                self.has_ended = true;
            }
            "response.output_item.done" => {
                let place = event.get("output_index").and_then(Value::as_u64);
                let place = place.unwrap_or_else(|| self.items.len().try_into().unwrap_or(u64::MAX));
                self.items.extend(event.shift_remove("item").map(|item| (place, item)));
            }
            _ => {}
        }
    }
}
