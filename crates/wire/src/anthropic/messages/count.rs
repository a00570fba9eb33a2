//! Counting the tokens of a request (<https://docs.anthropic.com/en/api/messages-count-tokens>).

use bytes::Bytes;
use playhouse_llm::{Encoded, Error, TokenCount};
use serde_json::{Value, json};

use super::codec::{AnthropicMessages, PROTOCOL};
use crate::codec::Counting;
use crate::{json, stranger};

/// Counting as Anthropic does it.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenCounting;

impl Counting for TokenCounting {
    fn path(&self) -> &'static str {
        "/messages/count_tokens"
    }

    fn route(&self) -> &'static str {
        "/v1/messages/count_tokens"
    }

    fn read_count(&self, body: Bytes) -> Result<TokenCount, Error> {
        let counted = json::parse_object(&body).ok().and_then(|fields| fields.get("input_tokens")?.as_u64());
        let Some(input_tokens) = counted else {
            let what = stranger::describe(&body);
            return Err(Error::bad_reply(format!(
                "the upstream answered with {what} where a count was expected"
            )));
        };
        Ok(TokenCount { input_tokens, arrived: Some(Encoded { bytes: body, decoder: &AnthropicMessages }) })
    }

    fn write_count(&self, count: &TokenCount) -> Bytes {
        let arrived = count.arrived.as_ref().and_then(|answer| answer.bytes_in(PROTOCOL));
        let written = || Value::to_string(&json!({ "input_tokens": count.input_tokens })).into();
        arrived.cloned().unwrap_or_else(written)
    }
}
