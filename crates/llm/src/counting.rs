//! Counting a request's tokens before it is made.

use async_trait::async_trait;

use crate::{Encoded, Error, Request};

/// How many tokens a request has.
#[derive(Clone, Debug)]
pub struct TokenCount {
    /// Those the model would read.
    pub input_tokens: u64,
    /// The answer of the upstream that counted them, where one did.
    pub arrived: Option<Encoded>,
}

impl TokenCount {
    /// A count that nobody's answer stands for.
    pub fn estimated(input_tokens: u64) -> Self {
        Self { input_tokens, arrived: None }
    }
}

/// Anything that can say how many tokens a request has, exactly or roughly.
#[async_trait]
pub trait CountTokens: Send + Sync {
    /// Counts the tokens of a request, which is not answered.
    ///
    /// # Errors
    /// When the request cannot be read, or its upstream refuses to count.
    async fn count_tokens(&self, request: Request) -> Result<TokenCount, Error>;
}
