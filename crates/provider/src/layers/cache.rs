//! Answering again what has been answered before.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use playhouse_llm::{CacheOutcome, CacheWish, Error, Event, EventStream, Provider, Request};
use playhouse_store::shared::AnswerCache;
use playhouse_wire::{Codec, Dialect, manner_of};
use sha2::{Digest, Sha256};

use super::CallSink;
use super::keeping::Keeping;
use super::kept;

/// What is named in records and metrics as the provider of an answer that was kept.
pub const CACHE_PROVIDER: &str = "cache";

/// Which answers are kept, and for how long.
#[derive(Clone, Debug, Default)]
pub struct CachePolicy {
    /// Whether answers of models are kept of which nothing else is said.
    pub is_on: bool,
    /// Whether those of these aliases are.
    pub aliases: HashMap<Arc<str>, bool>,
    /// For how long.
    pub kept: Duration,
    /// The largest answer that is kept, in bytes.
    pub max_answer_bytes: usize,
}

/// Keeps whole, successful answers to deterministic requests, and answers the same request of the
/// same caller with them.
///
/// Deterministic is what names temperature 0 or a seed, and has no effect but its answer. The same
/// is what is the same byte for byte, as this protocol's request.
pub struct Cache<P> {
    inner: P,
    answers: Arc<dyn AnswerCache>,
    codec: &'static dyn Codec,
    policy: CachePolicy,
    sink: Arc<dyn CallSink>,
}

impl<P> Cache<P> {
    /// Wraps a provider; what it answers is kept there, as this codec writes it.
    pub fn new(
        inner: P,
        answers: Arc<dyn AnswerCache>,
        codec: &'static dyn Codec,
        policy: CachePolicy,
        sink: Arc<dyn CallSink>,
    ) -> Self {
        Self { inner, answers, codec, policy, sink }
    }

    fn note(&self, request: &Request, outcome: CacheOutcome) {
        request.context.trail.note_cache(outcome);
        self.sink.cache(outcome);
    }

    /// Under what the answer to this request is kept, if it may be.
    fn key(&self, request: &Request) -> Option<String> {
        let is_on = self.policy.aliases.get(&request.model).copied().unwrap_or(self.policy.is_on);
        if !is_on || request.context.cache_wish == CacheWish::Avoid || !manner_of(request).is_deterministic()
        {
            return None;
        }
        let bytes = self.codec.write_request(request, &Dialect::default()).ok()?;
        Some(digest(&[caller_of(request), &request.model, form_of(request)], &bytes))
    }

    async fn find(&self, key: &str, request: &Request) -> Option<Vec<Event>> {
        if request.context.cache_wish == CacheWish::Fresh {
            return None;
        }
        kept::read(self.codec, self.answers.get(key).await?)
    }
}

#[async_trait]
impl<P: Provider> Provider for Cache<P> {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        let Some(key) = self.key(&request) else { return self.inner.chat(request).await };
        if let Some(events) = self.find(&key, &request).await {
            self.note(&request, CacheOutcome::Hit);
            request.context.trail.served_by(Arc::from(CACHE_PROVIDER), request.model.clone());
            return Ok(Box::pin(stream::iter(events.into_iter().map(Ok))));
        }
        self.note(&request, CacheOutcome::Miss);
        let place = Place { answers: self.answers.clone(), key, kept: self.policy.kept };
        let keeping = Keeping::new(self.codec, &request, self.policy.max_answer_bytes, place);
        let events = self.inner.chat(request).await?;
        Ok(keeping.follow(events))
    }
}

/// Where an answer is to be kept.
pub(super) struct Place {
    answers: Arc<dyn AnswerCache>,
    key: String,
    kept: Duration,
}

impl Place {
    /// Keeps an answer; nobody waits for it.
    pub(super) fn keep(self, answer: Bytes) {
        tokio::spawn(async move { self.answers.put(&self.key, answer, self.kept).await });
    }
}

/// Callers never see each other's answers. Without stored keys all are one.
fn caller_of(request: &Request) -> &str {
    request.context.key_id.as_deref().unwrap_or_default()
}

/// A whole answer and a streamed one are kept apart: each is what was asked for, byte for byte.
fn form_of(request: &Request) -> &'static str {
    if request.stream { "stream" } else { "whole" }
}

fn digest(names: &[&str], bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    for name in names {
        // With its length, so that no two lists of names read the same.
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
    }
    hash.update(bytes);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
