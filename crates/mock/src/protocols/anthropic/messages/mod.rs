//! Anthropic's Messages.

mod opening;
mod read;
pub(crate) mod rules;
mod seal;

use std::borrow::Cow;

use bytes::Bytes;
use http::Method;
use playhouse_llm::{Error, OutputForm};
use playhouse_wire::{AnthropicMessages, Codec, Envelope};
use serde_json::Value;

use super::{Anthropic, unknown_model};
use crate::call::{Facts, Form};
use crate::plan::Content;
use crate::protocols::chatting::{echo, write_chat};
use crate::protocols::{Frames, MockProtocol, Vendor, Violation, Wish};

pub(super) use read::read;
use rules::Wanted;

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

    /// Base URLs end before the version, after it, or in a name of their own.
    fn claims(&self, path: &str) -> bool {
        path == "/messages" || path.ends_with("/v1/messages") || path.ends_with("/anthropic/messages")
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    fn read(&self, _method: &Method, _path: &str, _query: Option<&str>, body: Bytes) -> Result<Facts, Error> {
        let form = Form { include_usage: true, ..Form::default() };
        Ok(Facts::chat(NAME, read(&body, Wanted::Message)?, form, body))
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        check(facts, Wanted::Message)
    }

    fn unknown_model(&self, facts: &Facts) -> Option<Violation> {
        unknown_model(&facts.model)
    }

    fn wish<'facts>(&self, facts: &'facts Facts) -> Wish<'facts> {
        wish(facts)
    }

    fn unscripted(&self, facts: &Facts) -> Content {
        echo(facts)
    }

    fn write(&self, content: &Content, facts: &Facts, envelope: &Envelope) -> Result<Frames, Error> {
        let (chunks, failure) = match content {
            Content::Chat(chunks) => (chunks, None),
            Content::Broken(chunks, failure) => (chunks, Some(failure)),
            _ => return write_chat(&AnthropicMessages, content, facts, envelope),
        };
        let mut chunks = Cow::Borrowed(&**chunks);
        if seal::is_wanted(&chunks) {
            chunks = seal::sealed(&chunks).into();
        }
        if facts.stream {
            opening::tell_what_was_asked(chunks.to_mut());
        }
        let content = match failure {
            None => Content::Chat(chunks.into()),
            Some(failure) => Content::Broken(chunks.into(), failure.clone()),
        };
        write_chat(&AnthropicMessages, &content, facts, envelope)
    }

    fn error_event(&self, error: &Error, request_id: &str) -> Bytes {
        let envelope = Envelope { id: "".into(), created: 0, model: "".into(), include_usage: true };
        AnthropicMessages.stream_writer(envelope).error(error, request_id)
    }
}

/// Everything that Anthropic would refuse a request for.
pub(super) fn check(facts: &Facts, wanted: Wanted) -> Vec<Violation> {
    let members = facts.json().and_then(Value::as_object);
    members.map_or_else(Vec::new, |members| rules::check(members, &facts.model, wanted))
}

/// The schema that an answer shall satisfy.
pub(super) fn wish(facts: &Facts) -> Wish<'_> {
    let form = facts.prompt().and_then(|prompt| prompt.output.as_ref());
    Wish { schema: form.and_then(OutputForm::schema), ..Wish::default() }
}
