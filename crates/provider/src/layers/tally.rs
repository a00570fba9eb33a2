//! Telling of every attempt, however it ends.

use async_trait::async_trait;
use playhouse_llm::{Error, EventStream, Provider, Request};
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
        let model = request.model.clone();
        let begun = self.inner.chat(request).await;
        self.sink.attempt(&self.provider, &model, begun.as_ref().err());
        begun
    }
}
