//! OpenAI chat completions.

use bytes::Bytes;
use http::Method;
use playhouse_llm::Error;
use playhouse_wire::{Codec, Envelope, OpenAiChat};

use super::OpenAi;
use crate::call::{Facts, Form};
use crate::plan::Content;
use crate::protocols::chatting::{echo, write_chat};
use crate::protocols::{Frames, MockProtocol, Vendor, Violation, Wish};

const NAME: &str = "openai-chat";

/// OpenAI chat completions.
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

    fn read(&self, _method: &Method, _path: &str, _query: Option<&str>, body: Bytes) -> Result<Facts, Error> {
        let incoming = OpenAiChat.read_request(body.clone())?;
        let form = Form { include_usage: incoming.include_usage, ..Form::default() };
        Ok(Facts::chat(NAME, incoming.request, form, body))
    }

    fn check(&self, _facts: &Facts) -> Vec<Violation> {
        Vec::new()
    }

    fn wish<'facts>(&self, facts: &'facts Facts) -> Wish<'facts> {
        let Some(prompt) = facts.prompt() else { return Wish::default() };
        let format = prompt.extra.get("response_format");
        let choices = prompt.extra.get("n").and_then(serde_json::Value::as_u64);
        Wish {
            choices: choices.and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
            schema: format.and_then(|format| format.get("json_schema")?.get("schema")),
        }
    }

    fn unscripted(&self, facts: &Facts) -> Content {
        echo(facts)
    }

    fn write(&self, content: &Content, facts: &Facts, envelope: &Envelope) -> Result<Frames, Error> {
        write_chat(&OpenAiChat, content, facts, envelope)
    }
}
