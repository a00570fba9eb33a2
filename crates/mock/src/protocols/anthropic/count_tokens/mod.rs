//! Counting the tokens of a message before it is asked for: as many as it then has.

use bytes::Bytes;
use http::Method;
use playhouse_llm::{Error, ErrorKind, TokenCount};
use playhouse_wire::{AnthropicMessages, Codec, Envelope};

use super::messages::rules::Wanted;
use super::messages::{check, read, wish};
use super::{Anthropic, unknown_model};
use crate::call::Facts;
use crate::plan::Content;
use crate::protocols::{Frames, MockProtocol, Vendor, Violation, Wish};
use crate::tokens;

const NAME: &str = "anthropic-count-tokens";

/// Anthropic's counts of tokens.
#[derive(Clone, Copy, Debug)]
pub struct CountTokens;

impl MockProtocol for CountTokens {
    fn name(&self) -> &'static str {
        NAME
    }

    fn vendor(&self) -> &'static dyn Vendor {
        &Anthropic
    }

    fn claims(&self, path: &str) -> bool {
        path.ends_with("/messages/count_tokens")
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    fn read(&self, _method: &Method, _path: &str, _query: Option<&str>, body: Bytes) -> Result<Facts, Error> {
        Ok(Facts::tokens(NAME, read(&body, Wanted::Count)?, body))
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        check(facts, Wanted::Count)
    }

    fn unknown_model(&self, facts: &Facts) -> Option<Violation> {
        unknown_model(&facts.model)
    }

    fn wish<'facts>(&self, facts: &'facts Facts) -> Wish<'facts> {
        wish(facts)
    }

    fn unscripted(&self, facts: &Facts) -> Content {
        Content::Tokens(tokens::prompt_tokens(facts))
    }

    fn write(&self, content: &Content, _facts: &Facts, _envelope: &Envelope) -> Result<Frames, Error> {
        let (Content::Tokens(input_tokens), Some(counting)) = (content, AnthropicMessages.counting()) else {
            let message = "the reply is none to a count of tokens: give it `raw` bytes, or no rule at all";
            return Err(Error::new(ErrorKind::Internal, message));
        };
        let count = TokenCount { input_tokens: *input_tokens, arrived: None };
        Ok(Frames::whole("application/json", counting.write_count(&count)))
    }
}
