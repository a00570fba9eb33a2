//! The events of an answer that is kept: its mark on those that hold all of it, and how it ends.

use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value, json};

use super::Mark;
use crate::json;
use crate::sse::{Frame, lines};

/// The events that hold the answer as a whole, and whether the answer ends with them.
const WHOLE: [(&str, bool); 7] = [
    ("response.created", false),
    ("response.queued", false),
    ("response.in_progress", false),
    ("response.completed", true),
    ("response.incomplete", true),
    ("response.failed", true),
    ("response.cancelled", true),
];
/// What tells of an end that is no good one.
const FAILED: &str = "response.failed";

/// An answer that is being told.
///
/// ```
/// use playhouse_wire::openai::responses::state::{Mark, Telling};
///
/// let mark = Mark { id: "resp_1".into(), created: 7, previous: None, store: true, background: false };
/// let mut telling = Telling::of(mark);
/// let frame = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_upstream\"}}\n\n";
/// let told = telling.marked(&frame.into());
/// assert!(std::str::from_utf8(&told).unwrap().contains(r#""id":"resp_1""#));
/// assert_eq!(telling.ended().unwrap().response["id"], "resp_1");
/// ```
#[derive(Debug)]
pub struct Telling {
    mark: Mark,
    /// The answer as it was told last.
    response: Option<Value>,
    ended: Option<Ended>,
    /// The number of the next event.
    next: u64,
}

/// How an answer has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The name of how it stands (`completed`).
    pub status: String,
    /// The answer.
    pub response: Value,
}

/// An event that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// What it says.
    pub data: Bytes,
}

impl Telling {
    /// An answer with this mark, of which nothing has been told.
    pub fn of(mark: Mark) -> Self {
        Self { mark, response: None, ended: None, next: 0 }
    }

    /// The end, once it has been told.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// Complete frames with the mark where it belongs; the others are left as they are.
    pub fn marked(&mut self, frames: &Bytes) -> Bytes {
        let mut out = None;
        for frame in each_frame(frames) {
            let marked = Frame::read(&frame).and_then(|read| self.mark_frame(&read));
            match (marked, &mut out) {
                (None, None) => {}
                (None, Some(out)) => extend(out, &frame),
                (Some(told), out) => {
                    let start = frame.as_ptr() as usize - frames.as_ptr() as usize;
                    let out = out.get_or_insert_with(|| BytesMut::from(&frames[..start]));
                    Frame::new(&told.data).named(&told.name).write_to(out);
                }
            }
        }
        out.map_or_else(|| frames.clone(), BytesMut::freeze)
    }

    /// The events of complete frames, with the mark where it belongs, numbered from 0 without gaps.
    pub fn events(&mut self, frames: &Bytes) -> Vec<Told> {
        let mut told = Vec::new();
        for frame in each_frame(frames) {
            let Some(read) = Frame::read(&frame) else { continue };
            let Some(event) = self.mark_frame(&read).or_else(|| plain(&read)) else { continue };
            told.push(self.number(event));
        }
        told
    }

    /// The event that ends an answer which has no good end, `error` (its code, and a sentence) or none.
    /// `begun` is the answer where nothing of it has been told.
    pub fn fail(&mut self, begun: &Value, status: &str, error: Option<(&str, &str)>) -> Told {
        let response = self.response.take().unwrap_or_else(|| begun.clone());
        let response = ended_as(response, status, error);
        let event = failed_event(&response, self.next);
        self.next += 1;
        self.ended = Some(Ended { status: status.to_owned(), response });
        event
    }

    /// The event with its mark, where it is one that has it.
    fn mark_frame(&mut self, frame: &Frame<'_>) -> Option<Told> {
        let is_whole = |name: &str| WHOLE.iter().any(|(known, _)| *known == name);
        if frame.event.is_some_and(|name| !is_whole(name)) {
            return None;
        }
        let mut event = json::parse_object(&frame.data).ok()?;
        let name = event.get("type")?.as_str().filter(|name| is_whole(name))?.to_owned();
        let response = event.get_mut("response")?.as_object_mut()?;
        self.mark.put_on(response);
        self.note(&name, response.clone());
        Some(Told { name, data: Value::Object(event).to_string().into() })
    }

    fn note(&mut self, name: &str, response: Map<String, Value>) {
        let response = Value::Object(response);
        if WHOLE.contains(&(name, true)) {
            let status = response.get("status").and_then(Value::as_str);
            let status = status.or_else(|| name.strip_prefix("response.")).unwrap_or_default().to_owned();
            self.ended = Some(Ended { status, response: response.clone() });
        }
        self.response = Some(response);
    }

    /// The event with the number that is next; as it is where it has that.
    fn number(&mut self, event: Told) -> Told {
        let number = self.next;
        self.next += 1;
        let Ok(mut fields) = json::parse_object(&event.data) else { return event };
        if fields.get("sequence_number").and_then(Value::as_u64) == Some(number) {
            return event;
        }
        fields.insert("sequence_number".to_owned(), number.into());
        Told { data: Value::Object(fields).to_string().into(), ..event }
    }
}

impl Ended {
    /// The event that tells of an answer which has ended, under this number.
    pub fn event(response: &Value, number: u64) -> (&'static str, Value) {
        let status = response.get("status").and_then(Value::as_str).unwrap_or_default();
        let name = match status {
            "completed" => "response.completed",
            "incomplete" => "response.incomplete",
            _ => FAILED,
        };
        (name, json!({ "type": name, "sequence_number": number, "response": response }))
    }

    /// An answer that has ended like this, with an error (its code, and a sentence) or none.
    pub fn of(response: Value, status: &str, error: Option<(&str, &str)>) -> Value {
        ended_as(response, status, error)
    }
}

fn failed_event(response: &Value, number: u64) -> Told {
    let data = json!({ "type": FAILED, "sequence_number": number, "response": response });
    Told { name: FAILED.to_owned(), data: data.to_string().into() }
}

/// Of an answer that was cancelled nothing is left.
fn ended_as(mut response: Value, status: &str, error: Option<(&str, &str)>) -> Value {
    let error = error.map_or(Value::Null, |(code, message)| json!({ "code": code, "message": message }));
    if let Some(fields) = response.as_object_mut() {
        fields.insert("status".to_owned(), status.into());
        fields.insert("error".to_owned(), error);
        if status == "cancelled" {
            fields.insert("output".to_owned(), json!([]));
        }
    }
    response
}

fn plain(frame: &Frame<'_>) -> Option<Told> {
    let name = match frame.event {
        Some(name) => name.to_owned(),
        None => json::parse_object(&frame.data).ok()?.get("type")?.as_str()?.to_owned(),
    };
    Some(Told { name, data: Bytes::copy_from_slice(&frame.data) })
}

fn each_frame(frames: &Bytes) -> impl Iterator<Item = Bytes> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let length = lines::first_frame_end(&frames[at..])?;
        let frame = frames.slice(at..at + length);
        at += length;
        Some(frame)
    })
}

fn extend(out: &mut BytesMut, frame: &Bytes) {
    out.extend_from_slice(frame);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn telling() -> Telling {
        Telling::of(Mark {
            id: "resp_own".into(),
            created: 7,
            previous: Some("resp_before".into()),
            store: true,
            background: true,
        })
    }

    fn frame(name: &str, number: u64, members: Value) -> String {
        let mut data = json!({ "type": name, "sequence_number": number });
        data.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        format!("event: {name}\ndata: {data}\n\n")
    }

    fn whole(name: &str, number: u64, status: &str) -> String {
        frame(name, number, json!({ "response": { "id": "resp_up", "status": status, "output": [1] } }))
    }

    #[test]
    fn frames_without_the_answer_go_on_as_they_came() {
        let delta = frame("response.output_text.delta", 4, json!({ "delta": "Hi", "unheard_of": 1.50 }));
        let frames = Bytes::from(format!(": ping\n\n{delta}"));
        let told = telling().marked(&frames);
        assert_eq!(told.as_ptr(), frames.as_ptr(), "the very same bytes");
        let mut telling = telling();
        let end = whole("response.completed", 5, "completed");
        let told = telling.marked(&format!("{delta}{end}{delta}").into());
        let told = std::str::from_utf8(&told).unwrap();
        assert!(told.starts_with(&delta) && told.ends_with(&delta), "{told}");
        assert!(!told.contains("resp_up"), "{told}");
    }

    #[test]
    fn an_answer_ends_with_its_last_event_and_its_own_mark() {
        let mut telling = telling();
        telling.marked(&whole("response.created", 0, "in_progress").into());
        assert_eq!(telling.ended(), None);
        telling.marked(&whole("response.incomplete", 1, "incomplete").into());
        let ended = telling.ended().unwrap();
        let expected = json!({ "id": "resp_own", "status": "incomplete", "output": [1], "created_at": 7,
            "background": true, "previous_response_id": "resp_before", "store": true });
        assert_eq!((&*ended.status, &ended.response), ("incomplete", &expected));
    }

    #[test]
    fn events_are_numbered_without_gaps() {
        let mut telling = telling();
        let frames = whole("response.created", 0, "in_progress")
            + ": comment\n\n"
            + "data: {\"type\":\"odd\",\"sequence_number\":7}\n\n"
            + "event: odd\ndata: no json\n\n";
        let told = telling.events(&frames.into());
        let names: Vec<&str> = told.iter().map(|told| &*told.name).collect();
        assert_eq!(names, ["response.created", "odd", "odd"]);
        assert_eq!(told[1].data, r#"{"type":"odd","sequence_number":1}"#);
        assert_eq!(told[2].data, "no json");
        let failed = telling.fail(&Value::Null, "failed", Some(("server_error", "It broke.")));
        let data: Value = serde_json::from_slice(&failed.data).unwrap();
        assert_eq!((&*failed.name, &data["sequence_number"]), ("response.failed", &json!(3)));
        assert_eq!(data["response"]["error"], json!({ "code": "server_error", "message": "It broke." }));
        assert_eq!(data["response"]["output"], json!([1]), "what had come stays");
    }

    #[test]
    fn nothing_is_left_of_what_was_cancelled() {
        let begun = json!({ "id": "resp_own", "status": "in_progress", "output": [1], "error": null });
        let mut telling = telling();
        let told = telling.fail(&begun, "cancelled", None);
        assert_eq!(told.name, "response.failed");
        let expected = json!({ "id": "resp_own", "status": "cancelled", "output": [], "error": null });
        assert_eq!(telling.ended().unwrap().response, expected);
        assert_eq!(Ended::event(&expected, 4).0, "response.failed");
        assert_eq!(Ended::event(&json!({"status": "completed"}), 4).1["sequence_number"], 4);
    }
}
