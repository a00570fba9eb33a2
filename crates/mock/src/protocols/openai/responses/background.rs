//! Answers that nobody waits for: what is told of them before they are there.
//!
//! <https://platform.openai.com/docs/guides/background>

use bytes::Bytes;
use playhouse_llm::{Error, ErrorKind};
use playhouse_wire::openai::responses::Transcript;
use playhouse_wire::sse::Frame;
use serde_json::{Map, Value, json};

use crate::engine::Stage;
use crate::protocols::{FrameKind, Frames};

const CREATED: &str = "response.created";
const QUEUED: &str = "response.queued";

/// What is told of an answer when it has been asked for.
pub(super) fn queued(answer: &[u8]) -> Result<Bytes, Error> {
    let answer = serde_json::from_slice(answer)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("the answer is no JSON: {error}")))?;
    Ok(so_far(answer, Stage::Queued).to_string().into())
}

/// What is told of an answer that is not there yet.
pub(super) fn so_far(mut answer: Value, stage: Stage) -> Value {
    let status = match stage {
        Stage::Queued => "queued",
        Stage::InProgress => "in_progress",
        Stage::Ended => return answer,
    };
    if let Some(members) = answer.as_object_mut() {
        let without = ["usage", "error", "incomplete_details", "completed_at"];
        for name in without {
            members.entry(name).and_modify(|value| *value = Value::Null);
        }
        members.insert("status".to_owned(), status.into());
        members.insert("output".to_owned(), json!([]));
    }
    answer
}

/// The events of an answer, which is queued at first: each a frame of its own, so that its number is its place.
pub(super) fn in_events(frames: &Frames) -> Frames {
    let mut told = Told::default();
    let mut transcript = Transcript::default();
    for (bytes, kind) in frames.iter() {
        let mut events = transcript.absorb(&bytes).into_iter().map(|event| event.frame).peekable();
        while let Some(event) = events.next() {
            // What was one piece is due with its last event.
            let kind = if events.peek().is_none() { kind } else { FrameKind::Start };
            told.tell(&event, kind);
        }
    }
    Frames { content_type: frames.content_type, bytes: told.bytes.into(), ends: told.ends }
}

/// Events as they are told, one after the other.
#[derive(Default)]
struct Told {
    bytes: Vec<u8>,
    ends: Vec<(usize, FrameKind)>,
}

impl Told {
    fn tell(&mut self, frame: &[u8], kind: FrameKind) {
        let Some(mut event) = Frame::read(frame).and_then(|frame| serde_json::from_slice(&frame.data).ok())
        else {
            return;
        };
        let is_first = self.ends.is_empty() && named(&event) == CREATED;
        if is_first {
            set_queued(&mut event);
        }
        self.push(event.clone(), kind);
        if is_first {
            event.insert("type".to_owned(), QUEUED.into());
            self.push(event, FrameKind::Start);
        }
    }

    fn push(&mut self, mut event: Map<String, Value>, kind: FrameKind) {
        event.insert("sequence_number".to_owned(), self.ends.len().into());
        let name = named(&event).to_owned();
        let data = Value::Object(event).to_string();
        self.bytes.extend_from_slice(&Frame::new(&data).named(&name).to_bytes());
        self.ends.push((self.bytes.len(), kind));
    }
}

fn named(event: &Map<String, Value>) -> &str {
    event.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn set_queued(event: &mut Map<String, Value>) {
    event.entry("response").and_modify(|response| *response = so_far(response.take(), Stage::Queued));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_answer_that_is_not_there_only_its_frame_is_told() {
        let answer =
            json!({ "id": "resp_1", "status": "completed", "output": [1], "usage": {}, "error": null });
        assert_eq!(so_far(answer.clone(), Stage::Ended), answer);
        let queued =
            json!({ "id": "resp_1", "status": "queued", "output": [], "usage": null, "error": null });
        assert_eq!(so_far(answer, Stage::Queued), queued);
    }

    #[test]
    fn every_event_is_a_frame_and_has_its_place_as_number() {
        let event = |name: &str, number: u64| {
            let data =
                json!({ "type": name, "sequence_number": number, "response": { "status": "in_progress" } });
            format!("event: {name}\ndata: {data}\n\n")
        };
        let start = event(CREATED, 0) + &event("response.in_progress", 1);
        let bytes = start.clone() + &event("response.completed", 2);
        let ends = vec![(start.len(), FrameKind::Output), (bytes.len(), FrameKind::End)];
        let told = in_events(&Frames { content_type: "x", bytes: bytes.into(), ends });
        let events: Vec<(Value, FrameKind)> = told
            .iter()
            .map(|(frame, kind)| (serde_json::from_slice(&Frame::read(&frame).unwrap().data).unwrap(), kind))
            .collect();
        let names: Vec<&str> = events.iter().map(|(event, _)| event["type"].as_str().unwrap()).collect();
        assert_eq!(names, [CREATED, QUEUED, "response.in_progress", "response.completed"]);
        let statuses: Vec<&Value> = events.iter().map(|(event, _)| &event["response"]["status"]).collect();
        assert_eq!(statuses, ["queued", "queued", "in_progress", "in_progress"]);
        assert!(events.iter().enumerate().all(|(at, (event, _))| event["sequence_number"] == at));
        assert_eq!(events[2].1, FrameKind::Output, "due with what it came with");
    }
}
