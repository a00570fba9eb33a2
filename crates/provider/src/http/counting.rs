//! Counting the tokens of a request: by asking the vendor where its protocol knows that, else by estimate.

use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use playhouse_llm::{CountTokens, Error, ErrorKind, Prompt, Request, TokenCount};
use playhouse_store::estimate_tokens;
use playhouse_wire::{Counting, UpstreamAnswer};

use super::connection::Outgoing;
use super::{HEAD_ROOM_BYTES, HttpProvider, add_identity, body};

/// Whoever counts before asking waits with everything else.
const COUNT_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_COUNT_BYTES: usize = 64 << 10;
const BYTES_PER_TOKEN: usize = 4;

/// Estimates tokens by the length of what is said: about a token for every four bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Estimate;

#[async_trait]
impl CountTokens for Estimate {
    async fn count_tokens(&self, request: Request) -> Result<TokenCount, Error> {
        Ok(TokenCount::estimated(estimate(request.prompt()?)))
    }
}

#[async_trait]
impl CountTokens for HttpProvider {
    async fn count_tokens(&self, request: Request) -> Result<TokenCount, Error> {
        let counting = self.codec.counting().filter(|_| request.protocol() == Some(self.codec.protocol()));
        let Some(counting) = counting else { return Estimate.count_tokens(request).await };
        let counted = tokio::time::timeout(COUNT_TIMEOUT, self.ask_for_count(counting, &request)).await;
        counted.unwrap_or_else(|_| {
            let message = format!("provider '{}' did not count the tokens in time", self.name);
            Err(Error::new(ErrorKind::Unreachable, message))
        })
    }
}

impl HttpProvider {
    async fn ask_for_count(&self, counting: &dyn Counting, request: &Request) -> Result<TokenCount, Error> {
        let body = self.codec.write_request(request, &self.dialect)?;
        let mut head = BytesMut::with_capacity(HEAD_ROOM_BYTES);
        self.endpoint.begin(&mut head, "POST", counting.path(), &request.model)?;
        self.add_protocol_fields(&mut head, Some(request));
        add_identity(&mut head, request);
        let response = self.pool.send(self.endpoint.origin(), Outgoing { head, body }).await;
        let mut response = response.map_err(|failure| failure.into_error(&self.name))?;
        let (status, retry_after) = (response.status, response.fields.retry_after);
        let body = body::collect(&mut response.body, MAX_COUNT_BYTES).await;
        let broken = |_| Error::bad_reply(format!("provider '{}' broke off its count of tokens", self.name));
        let body = body.map_err(broken)?;
        if !status.is_success() {
            let (provider, status) = (self.name.clone(), status.as_u16());
            return Err(self.codec.read_error(UpstreamAnswer { provider, status, retry_after, body }));
        }
        counting.read_count(body)
    }
}

fn estimate(prompt: &Prompt) -> u64 {
    let said: u64 = prompt.messages.iter().map(|message| u64::from(estimate_tokens(message))).sum();
    let tools = prompt.tools.iter().map(|tool| {
        let schema = tool.parameters.as_ref().map_or(0, |schema| schema.to_string().len());
        let bytes = tool.name.len() + tool.description.as_deref().map_or(0, str::len) + schema;
        u64::try_from(bytes.div_ceil(BYTES_PER_TOKEN)).unwrap_or(u64::MAX)
    });
    said.saturating_add(tools.sum())
}

#[cfg(test)]
mod tests {
    use playhouse_llm::{Message, ToolSpec};

    use super::*;

    #[test]
    fn tools_count_too() {
        let mut prompt = Prompt::new(vec![Message::user("What is the capital of France?")]);
        assert_eq!(estimate(&prompt), 4 + 8);
        prompt.tools = vec![ToolSpec {
            name: "find".to_owned(),
            description: Some("Find it.".to_owned()),
            parameters: None,
            strict: None,
            extra: Default::default(),
        }];
        assert_eq!(estimate(&prompt), 4 + 8 + 3);
    }
}
