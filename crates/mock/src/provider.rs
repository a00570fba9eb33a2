//! A provider that answers in process, without a socket.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use playhouse_llm::{Chunk, Collector, Error, Event, EventStream, ModelInfo, Models, Provider, Request};

use crate::{Answer, Echo, Journal, Respond, Sequence};

/// A provider for tests: it answers what it is told to and remembers what it was asked.
///
/// ```
/// use playhouse_llm::{Message, Prompt, Provider, Request, collect};
/// use playhouse_mock::MockProvider;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let mock = MockProvider::replies(["Hello!"]);
/// let request = Request::new("any-model", Prompt::new(vec![Message::user("Hi")]));
/// let reply = collect(mock.chat(request).await.unwrap()).await.unwrap();
/// assert_eq!(reply.content(), "Hello!");
/// assert_eq!(mock.journal().len(), 1);
/// # });
/// ```
#[derive(Clone)]
pub struct MockProvider {
    respond: Arc<dyn Respond>,
    journal: Arc<Journal>,
}

impl MockProvider {
    /// A mock that answers as this says.
    pub fn new(respond: impl Respond) -> Self {
        Self { respond: Arc::new(respond), journal: Arc::default() }
    }

    /// A mock that says what the user said last.
    pub fn echo() -> Self {
        Self::new(Echo::default())
    }

    /// A mock that gives these texts in turn, and then fails.
    pub fn replies<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::new(Sequence::new(texts.into_iter().map(Answer::text)))
    }

    /// A mock that gives these answers in turn, and then fails.
    pub fn answers(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::new(Sequence::new(answers))
    }

    /// What it was asked.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }
}

#[async_trait]
impl Provider for MockProvider {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        self.journal.note(request.clone());
        request.context.trail.begin_attempt(Arc::from("mock"), request.model.clone());
        let prompt = request.prompt()?;
        let answer = self.respond.respond(&request).counted(prompt);
        let Answer { chunks, pace, failure } = answer;
        if chunks.is_empty()
            && let Some(error) = failure
        {
            return Err(error);
        }
        match request.stream {
            true => Ok(streamed(named(chunks, &request.model), pace, failure)),
            false => whole(named(chunks, &request.model), pace, failure).await,
        }
    }
}

#[async_trait]
impl Models for MockProvider {
    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error> {
        let model = ModelInfo { id: Arc::from("mock"), owned_by: Arc::from("playhouse"), created: Some(0) };
        Ok(vec![model])
    }
}

/// Chunks that name no model name the one that was asked for.
fn named(mut chunks: Vec<Chunk>, model: &str) -> Vec<Chunk> {
    for chunk in &mut chunks {
        chunk.model.get_or_insert_with(|| model.to_owned());
    }
    chunks
}

fn streamed(chunks: Vec<Chunk>, pace: Duration, failure: Option<Error>) -> EventStream {
    let pieces = chunks.into_iter().map(|chunk| Ok(Event::chunk(chunk))).chain(failure.map(Err));
    Box::pin(stream::iter(pieces).then(move |piece| async move {
        wait(pace).await;
        piece
    }))
}

async fn whole(chunks: Vec<Chunk>, pace: Duration, failure: Option<Error>) -> Result<EventStream, Error> {
    let pieces = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
    wait(pace.saturating_mul(pieces)).await;
    if let Some(error) = failure {
        return Err(error);
    }
    let mut collector = Collector::default();
    chunks.iter().for_each(|chunk| collector.absorb(chunk));
    Ok(Box::pin(stream::iter([Ok(Event::reply(collector.into_reply()))])))
}

async fn wait(pace: Duration) {
    if !pace.is_zero() {
        tokio::time::sleep(pace).await;
    }
}
