//! Asking again when the upstream could not answer.

use std::time::Duration;

use async_trait::async_trait;
use playhouse_llm::{Error, EventStream, Provider, Request};

/// How often and how patiently to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries after the first; 0 asks once.
    pub retries: u32,
    /// The wait before the second try; it doubles with each further one.
    pub base: Duration,
    /// The longest wait. An upstream that asks for a longer one is not asked again.
    pub max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { retries: 2, base: Duration::from_millis(250), max: Duration::from_secs(8) }
    }
}

impl RetryPolicy {
    /// The wait before try number `retry` (1 is the first repetition), or `None` to give up.
    ///
    /// Between half and all of the doubled base, by chance, so that many callers do not come back
    /// at once; an upstream's own wish goes before.
    fn wait(&self, retry: u32, error: &Error) -> Option<Duration> {
        if retry > self.retries || !error.is_retryable() {
            return None;
        }
        if let Some(asked) = error.retry_after {
            return (asked <= self.max).then_some(asked);
        }
        let doubled = self.base.saturating_mul(1_u32.checked_shl(retry - 1).unwrap_or(u32::MAX));
        Some(doubled.min(self.max).mul_f64(0.5 + fastrand::f64() / 2.0))
    }
}

/// Asks the provider it wraps again when no answer began and another try may help.
#[derive(Debug)]
pub struct Retry<P> {
    inner: P,
    policy: RetryPolicy,
}

impl<P> Retry<P> {
    /// Wraps a provider.
    pub fn new(inner: P, policy: RetryPolicy) -> Self {
        Self { inner, policy }
    }
}

#[async_trait]
impl<P: Provider> Provider for Retry<P> {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        let mut retry = 1;
        loop {
            let error = match self.inner.chat(request.clone()).await {
                Ok(events) => return Ok(events),
                Err(error) => error,
            };
            let Some(wait) = self.policy.wait(retry, &error) else { return Err(error) };
            tokio::time::sleep(wait).await;
            retry += 1;
        }
    }
}
