//! Telling of every attempt, however it ends.

use async_trait::async_trait;
use playhouse_llm::{Error, ErrorKind, EventStream, Provider, Request};
use std::sync::Arc;

use super::CallSink;

/// Tells the sink of every attempt to have the provider it wraps begin an answer.
pub struct Tally<P> {
    inner: P,
    provider: Arc<str>,
    sink: Arc<dyn CallSink>,
}

impl<P> Tally<P> {
    /// Wraps the provider of this name.
    pub fn new(inner: P, provider: Arc<str>, sink: Arc<dyn CallSink>) -> Self {
        Self { inner, provider, sink }
    }
}

#[async_trait]
impl<P: Provider> Provider for Tally<P> {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        let attempt = Attempt { tally: self, model: request.model.clone(), is_told: false };
        let begun = self.inner.chat(request).await;
        attempt.tell(begun.as_ref().err());
        begun
    }
}

impl<P> Tally<P> {
    fn tell(&self, model: &str, error: Option<&Error>) {
        self.sink.attempt(&self.provider, model, error);
    }
}

/// An attempt under way. Dropped before it has begun an answer, it was given up: the caller went, or
/// another try was faster.
struct Attempt<'a, P> {
    tally: &'a Tally<P>,
    model: Arc<str>,
    is_told: bool,
}

impl<P> Attempt<'_, P> {
    fn tell(mut self, error: Option<&Error>) {
        self.is_told = true;
        self.tally.tell(&self.model, error);
    }
}

impl<P> Drop for Attempt<'_, P> {
    fn drop(&mut self) {
        if !self.is_told {
            let given_up =
                Error::new(ErrorKind::Cancelled, "the attempt was given up before it was answered");
            self.tally.tell(&self.model, Some(&given_up));
        }
    }
}
