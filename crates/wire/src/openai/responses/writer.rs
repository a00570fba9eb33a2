//! Writing a streamed answer.

use bytes::Bytes;
use playhouse_llm::{Chunk, Error, Event, FinishReason, Request, TextPiece, Told, Usage};
use serde_json::Value;

use super::codec::PROTOCOL;
use super::events::Events;
use super::failure;
use super::items::Items;
use super::output::status_of;
use super::response::Answer;
use super::usage::whole_usage_json;
use crate::codec::{Envelope, StreamWriter};
use crate::json;
use crate::sse::frames;

/// Turns events into frames: those of this protocol as they came, others in OpenAI's order: what is asked, the
/// items, the answer as a whole.
pub(super) struct ResponsesWriter {
    envelope: Envelope,
    asked: Option<Request>,
    events: Events,
    /// What is written anew, once there is something.
    begun: Option<Begun>,
    finish: Option<FinishReason>,
    usage: Usage,
    /// The frames that went through as they came, last: their numbers go on.
    passed: Option<Bytes>,
}

struct Begun {
    answer: Answer,
    items: Items,
}

impl ResponsesWriter {
    pub(super) fn new(asked: Option<&Request>, envelope: Envelope) -> Self {
        Self {
            envelope,
            asked: asked.cloned(),
            events: Events::default(),
            begun: None,
            finish: None,
            usage: Usage::default(),
            passed: None,
        }
    }

    fn write_told(&mut self, told: &Told<'_>) {
        match told {
            Told::Text(piece) if self.goes_on(piece) => {}
            told => self.write_chunk(&told.chunk()),
        }
    }

    /// Says more of the text that is being said, where one is; says whether it did.
    fn goes_on(&mut self, piece: &TextPiece<'_>) -> bool {
        let begun = self.begun.as_mut().filter(|_| piece.index == 0);
        begun.is_some_and(|begun| begun.items.go_on_saying(&piece.text, &mut self.events))
    }

    fn write_chunk(&mut self, chunk: &Chunk) {
        if let Some(usage) = &chunk.usage {
            self.usage.update(usage);
        }
        let mut choices = chunk.choices.iter().filter(|choice| choice.index == 0);
        if let Some(finish) = choices.find_map(|choice| choice.finish.clone()) {
            self.finish = Some(finish);
        }
        // What says nothing (a ping of another protocol) begins nothing.
        if self.begun.is_none() && *chunk == (Chunk { extra: chunk.extra.clone(), ..Chunk::default() }) {
            return;
        }
        let mut begun = self.begun.take().unwrap_or_else(|| self.begin(chunk));
        begun.items.add_all(chunk, &mut self.events);
        self.begun = Some(begun);
    }

    fn begin(&mut self, chunk: &Chunk) -> Begun {
        let mut answer = Answer::to(self.asked.take().as_ref(), &self.envelope);
        answer.learn(chunk);
        let members = format!(r#""response":{}"#, answer.json(("in_progress", &Value::Null), "[]", "null"));
        for kind in ["response.created", "response.in_progress"] {
            self.events.tell_members(kind, &members);
        }
        let items = Items::of(&answer.id);
        Begun { answer, items }
    }

    fn write_end(&mut self) {
        let mut begun = self.begun.take().unwrap_or_else(|| self.begin(&Chunk::default()));
        begun.items.finish(self.finish.as_ref(), &mut self.events);
        let (status, details) = status_of(self.finish.as_ref());
        let usage = whole_usage_json(&self.usage);
        let response = begun.answer.json((status, &details), &begun.items.json(), &usage);
        self.events.tell_members(&format!("response.{status}"), &format!(r#""response":{response}"#));
    }
}

impl StreamWriter for ResponsesWriter {
    fn event(&mut self, event: &Event) -> Result<Bytes, Error> {
        if let Some(frames) = event.frames_in(PROTOCOL) {
            self.asked = None;
            self.passed = Some(frames.clone());
            return Ok(frames.clone());
        }
        let told = event.told()?;
        if let Some(reply) = event.translated_whole()? {
            self.write_chunk(&Chunk::from(&*reply));
        }
        self.events.expect(event.arrived_bytes(), &told);
        told.iter().for_each(|told| self.write_told(told));
        Ok(self.events.take())
    }

    /// What went through as it came has its own end.
    fn end(&mut self) -> Bytes {
        if self.passed.is_none() {
            self.write_end();
        }
        self.events.take()
    }

    fn error(&mut self, error: &Error, _request_id: &str) -> Bytes {
        if let Some(number) = self.passed.as_deref().and_then(last_number) {
            self.events.go_on_at(number.saturating_add(1));
        }
        failure::write_event(error, &mut self.events)
    }
}

/// The number of the last of these frames.
fn last_number(passed: &[u8]) -> Option<u64> {
    let last = frames(passed).last()?;
    json::parse_object(&last.data).ok()?.get("sequence_number")?.as_u64()
}
