//! OpenAI chat completions.

mod read;
pub(crate) mod rules;

use bytes::Bytes;
use http::Method;
use playhouse_llm::Error;
use playhouse_wire::openai::stored;
use playhouse_wire::{Envelope, OpenAiChat};
use serde_json::Value;

use super::OpenAi;
use crate::call::Facts;
use crate::plan::Content;
use crate::protocols::chatting::{echo, whole_answer, write_chat};
use crate::protocols::{Frames, MockProtocol, Vendor, Violation, Wish};

pub(crate) const NAME: &str = "openai-chat";

/// OpenAI chat completions, also where Azure has them (`/openai/deployments/{model}/…`).
#[derive(Clone, Copy, Debug)]
pub struct Chat;

impl MockProtocol for Chat {
    fn name(&self) -> &'static str {
        NAME
    }

    fn vendor(&self) -> &'static dyn Vendor {
        &OpenAi
    }

    fn claims(&self, path: &str) -> bool {
        path.ends_with("/chat/completions")
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    fn read(&self, _method: &Method, path: &str, _query: Option<&str>, body: Bytes) -> Result<Facts, Error> {
        read::read(path, body)
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        let members = facts.json().and_then(Value::as_object);
        members.map_or_else(Vec::new, |members| rules::check(members, &facts.model))
    }

    fn unknown_model(&self, facts: &Facts) -> Option<Violation> {
        rules::model::unknown(&facts.model)
    }

    fn wish<'facts>(&self, facts: &'facts Facts) -> Wish<'facts> {
        let Some(prompt) = facts.prompt() else { return Wish::default() };
        let choices = prompt.extra.get("n").and_then(serde_json::Value::as_u64);
        Wish {
            choices: choices.and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
            schema: prompt.output.as_ref().and_then(|form| form.schema()),
        }
    }

    fn unscripted(&self, facts: &Facts) -> Content {
        echo(facts)
    }

    fn keep(
        &self,
        content: &Content,
        facts: &Facts,
        envelope: &dyn Fn() -> Envelope,
    ) -> Option<(String, Value)> {
        let request = facts.json().filter(|request| stored::is_wanted(request))?;
        let Content::Chat(chunks) = content else { return None };
        let answer = whole_answer(&OpenAiChat, chunks, facts, &envelope()).ok()?;
        stored::keep(&answer, request)
    }

    fn write(&self, content: &Content, facts: &Facts, envelope: &Envelope) -> Result<Frames, Error> {
        write_chat(&OpenAiChat, content, facts, envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_that_ends_a_stream_is_an_event() {
        let event = Chat.error_event(&OpenAi.refusal(500), "req_1");
        let text = std::str::from_utf8(&event).unwrap();
        assert!(text.starts_with(r#"data: {"error":{"message":"The server had an error"#), "{text}");
        assert!(text.ends_with("}\n\n"), "{text}");
    }
}
