//! OpenAI's Responses, and those that were kept.

mod background;
mod history;
pub mod input_tokens;
pub mod kept;
mod read;
pub(crate) mod rules;

use bytes::Bytes;
use http::Method;
use playhouse_llm::{Error, OutputForm};
use playhouse_wire::openai::responses::RequestHead;
use playhouse_wire::{Codec, Envelope, OpenAiResponses};
use serde_json::Value;

use super::OpenAi;
use crate::call::Facts;
use crate::engine::Shelf;
use crate::plan::Content;
use crate::protocols::chatting::{echo, whole_answer, write_chat};
use crate::protocols::{Frames, MockProtocol, Vendor, Violation, Wish};
use rules::Subject;

pub(crate) const NAME: &str = "openai-responses";

/// OpenAI's Responses.
#[derive(Clone, Copy, Debug)]
pub struct Responses;

impl MockProtocol for Responses {
    fn name(&self) -> &'static str {
        NAME
    }

    fn vendor(&self) -> &'static dyn Vendor {
        &OpenAi
    }

    fn claims(&self, path: &str) -> bool {
        path.ends_with("/responses")
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    fn read(&self, _method: &Method, _path: &str, _query: Option<&str>, body: Bytes) -> Result<Facts, Error> {
        read::read(body)
    }

    fn resume(&self, facts: &Facts, shelf: &Shelf) -> Option<Facts> {
        history::resume(facts, shelf)
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        let Some(members) = facts.json().and_then(Value::as_object) else { return Vec::new() };
        let whole = history::body_of(facts).filter(|body| **body != facts.body);
        let whole: Option<Value> = whole.and_then(|body| serde_json::from_slice(body).ok());
        rules::check(Subject {
            members,
            whole: whole.as_ref().and_then(Value::as_object).unwrap_or(members),
            model: &facts.model,
            follows_unknown: facts.follows_unknown,
            follows_unfinished: facts.follows_unfinished,
        })
    }

    fn unknown_model(&self, facts: &Facts) -> Option<Violation> {
        rules::unknown_model(&facts.model)
    }

    fn wish<'facts>(&self, facts: &'facts Facts) -> Wish<'facts> {
        let form = facts.prompt().and_then(|prompt| prompt.output.as_ref());
        Wish { schema: form.and_then(OutputForm::schema), ..Wish::default() }
    }

    fn unscripted(&self, facts: &Facts) -> Content {
        echo(facts)
    }

    /// OpenAI keeps answers unless it is told not to.
    fn keep(
        &self,
        content: &Content,
        facts: &Facts,
        envelope: &dyn Fn() -> Envelope,
    ) -> Option<(String, Value)> {
        RequestHead::read(&facts.body).ok().filter(|head| head.store)?;
        let Content::Chat(chunks) = content else { return None };
        let answer = whole_answer(&OpenAiResponses, chunks, facts, &envelope()).ok()?;
        let answer: Value = serde_json::from_slice(&answer).ok()?;
        Some((answer.get("id")?.as_str()?.to_owned(), answer))
    }

    fn write(&self, content: &Content, facts: &Facts, envelope: &Envelope) -> Result<Frames, Error> {
        match content {
            Content::Chat(chunks) if facts.background && !facts.stream => {
                let answer = whole_answer(&OpenAiResponses, chunks, facts, envelope)?;
                Ok(Frames::whole("application/json", background::queued(&answer)?))
            }
            _ if facts.background => {
                Ok(background::in_events(&write_chat(&OpenAiResponses, content, facts, envelope)?))
            }
            _ => write_chat(&OpenAiResponses, content, facts, envelope),
        }
    }

    fn repeats_what_is_asked(&self) -> bool {
        true
    }

    fn error_event(&self, error: &Error, request_id: &str) -> Bytes {
        let envelope = Envelope { id: "".into(), created: 0, model: "".into(), include_usage: true };
        OpenAiResponses.stream_writer(envelope).error(error, request_id)
    }
}
