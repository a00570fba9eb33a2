//! Counting the tokens of what is asked before it is asked: as many as the answer then says.

use bytes::Bytes;
use http::Method;
use playhouse_llm::{Error, ErrorKind};
use playhouse_wire::Envelope;
use playhouse_wire::openai::responses::encode_input_tokens;

use super::{Responses, history, read};
use crate::call::{Asked, Facts};
use crate::engine::Shelf;
use crate::plan::Content;
use crate::protocols::{Frames, MockProtocol, Vendor, Violation};
use crate::tokens;

const NAME: &str = "openai-input-tokens";

/// Counts of a response's input tokens.
#[derive(Clone, Copy, Debug)]
pub struct InputTokens;

impl MockProtocol for InputTokens {
    fn name(&self) -> &'static str {
        NAME
    }

    fn vendor(&self) -> &'static dyn Vendor {
        Responses.vendor()
    }

    fn claims(&self, path: &str) -> bool {
        path.ends_with("/responses/input_tokens")
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    fn read(&self, _method: &Method, _path: &str, _query: Option<&str>, body: Bytes) -> Result<Facts, Error> {
        let facts = read::read(body)?;
        counted(facts).ok_or_else(|| Error::new(ErrorKind::Internal, "what is asked is no response"))
    }

    fn resume(&self, facts: &Facts, shelf: &Shelf) -> Option<Facts> {
        counted(history::resume(facts, shelf)?)
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        Responses.check(facts)
    }

    fn unknown_model(&self, facts: &Facts) -> Option<Violation> {
        Responses.unknown_model(facts)
    }

    fn unscripted(&self, facts: &Facts) -> Content {
        Content::Tokens(tokens::prompt_tokens(facts))
    }

    fn write(&self, content: &Content, _facts: &Facts, _envelope: &Envelope) -> Result<Frames, Error> {
        let Content::Tokens(count) = content else {
            let message = "the reply is none to a count of tokens: give it `raw` bytes, or no rule at all";
            return Err(Error::new(ErrorKind::Internal, message));
        };
        Ok(Frames::whole("application/json", encode_input_tokens(*count).into()))
    }
}

/// The question how many tokens this request has.
fn counted(facts: Facts) -> Option<Facts> {
    let Asked::Chat(request) = facts.asked else { return None };
    let mut counted = Facts::tokens(NAME, request, facts.body);
    counted.follows_unknown = facts.follows_unknown;
    Some(counted)
}
