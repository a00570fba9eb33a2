//! Anthropic's Messages.

mod rules;

use bytes::Bytes;
use http::Method;
use playhouse_llm::{Error, OutputForm};
use playhouse_wire::{AnthropicMessages, Codec, Envelope};
use serde_json::Value;

use super::{Anthropic, complaint};
use crate::call::{Facts, Form};
use crate::plan::Content;
use crate::protocols::chatting::{echo, write_chat};
use crate::protocols::{Frames, MockProtocol, Vendor, Violation, Wish};

pub(crate) const NAME: &str = "anthropic-messages";

/// Anthropic's Messages.
#[derive(Clone, Copy, Debug)]
pub struct Messages;

impl MockProtocol for Messages {
    fn name(&self) -> &'static str {
        NAME
    }

    fn vendor(&self) -> &'static dyn Vendor {
        &Anthropic
    }

    fn claims(&self, path: &str) -> bool {
        path.ends_with("/v1/messages")
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    fn read(&self, _method: &Method, _path: &str, _query: Option<&str>, body: Bytes) -> Result<Facts, Error> {
        let readable = AnthropicMessages.read_request(body.clone()).map_err(|error| refusal(&body, error))?;
        let form = Form { include_usage: true, ..Form::default() };
        Ok(Facts::chat(NAME, readable.request, form, body))
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        let members = facts.json().and_then(Value::as_object);
        members.map_or_else(Vec::new, rules::check)
    }

    /// Anthropic's models come and go faster than lists of them: what bears its name is taken for one.
    fn unknown_model(&self, facts: &Facts) -> Option<Violation> {
        let unknown = || complaint("anthropic-messages/model", 404, format!("model: {}", facts.model));
        (!facts.model.starts_with("claude-")).then(unknown)
    }

    fn wish<'facts>(&self, facts: &'facts Facts) -> Wish<'facts> {
        let form = facts.prompt().and_then(|prompt| prompt.output.as_ref());
        Wish { schema: form.and_then(OutputForm::schema), ..Wish::default() }
    }

    fn unscripted(&self, facts: &Facts) -> Content {
        echo(facts)
    }

    fn write(&self, content: &Content, facts: &Facts, envelope: &Envelope) -> Result<Frames, Error> {
        write_chat(&AnthropicMessages, content, facts, envelope)
    }

    fn error_event(&self, error: &Error, request_id: &str) -> Bytes {
        let envelope = Envelope { id: "".into(), created: 0, model: "".into(), include_usage: true };
        AnthropicMessages.stream_writer(envelope).error(error, request_id)
    }
}

/// What Anthropic says of a body that cannot be read as a request.
fn refusal(body: &[u8], error: Error) -> Error {
    let fields = serde_json::from_slice::<Value>(body).ok();
    let first =
        fields.as_ref().and_then(Value::as_object).and_then(|fields| rules::check(fields).into_iter().next());
    let unreadable = || complaint("anthropic/json-body", 400, error.message.clone());
    first.unwrap_or_else(unreadable).to_error(Anthropic.name())
}
