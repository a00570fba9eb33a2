//! A provider that answers in process, without a socket.

mod vectors;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use playhouse_edge::status_of;
use playhouse_llm::{
    Chunk, Collector, Error, ErrorKind, Event, EventStream, ModelInfo, Models, Operation, Provider, Request,
};
use tokio::time::Instant;

use crate::call::{Call, Facts, Form};
use crate::engine::{CompiledScript, DEFAULT_NAMESPACE, Decision, Engine, EngineConfig, Namespace};
use crate::fault::in_process::{self, Aftermath};
use crate::journal::{self, Ended, Journal, Received, Recording};
use crate::pace::Pace;
use crate::plan::{Content, Plan};
use crate::protocols::{self, MockProtocol};
use crate::respond::{Answer, Echo, Respond, Sequence};
use crate::script::{Reply, Rule, Script, Strictness};

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
    engine: Arc<Engine>,
    namespace: Arc<Namespace>,
}

impl MockProvider {
    /// A mock that answers as this says.
    pub fn new(respond: impl Respond) -> Self {
        Self::script(Script::default().rule(Rule::reply(Reply::responding(respond))))
    }

    /// A mock that follows a script.
    ///
    /// # Panics
    /// When the script cannot be used; the message says why.
    pub fn script(script: Script) -> Self {
        match CompiledScript::compile(script, Path::new(".")) {
            Ok(script) => Self::over(Engine::new(lenient(), script)),
            Err(errors) => panic!("{errors}"),
        }
    }

    fn over(engine: Engine) -> Self {
        let namespace = engine.namespace(DEFAULT_NAMESPACE).unwrap_or_else(|error| panic!("{error}"));
        Self { engine: Arc::new(engine), namespace }
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
        self.namespace.journal()
    }

    /// The engine that answers.
    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    fn note(&self, call: &Call, decision: &Decision) -> Recording {
        self.namespace.journal().record(Received {
            namespace: call.namespace.clone(),
            at: Timestamp::now(),
            started: Instant::now(),
            method: Method::POST,
            target: "",
            headers: &call.headers,
            facts: Some(call.facts.clone()),
            body: Bytes::new(),
            verdict: decision.verdict.clone(),
            violations: decision.violations.clone(),
            fault: decision.plan.fault.clone(),
        })
    }

    fn call(&self, request: &Request) -> Call {
        let facts = Facts::chat(protocol().name(), request.clone(), Form::default(), Bytes::new());
        Call {
            namespace: self.namespace.name().clone(),
            headers: Arc::new(HeaderMap::new()),
            facts: Arc::new(facts),
        }
    }
}

/// Nobody is a vendor here: types cannot be as wrong as bytes.
fn lenient() -> EngineConfig {
    EngineConfig { strict: Strictness::Off, ..EngineConfig::default() }
}

/// Whose manners refusals have where there is no wire.
fn protocol() -> &'static dyn MockProtocol {
    protocols::protocols()[0]
}

#[async_trait]
impl Provider for MockProvider {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        request.context.trail.begin_attempt(Arc::from("mock"), request.model.clone());
        if request.operation() == Operation::Embeddings {
            return self.embed(&request).await;
        }
        request.prompt()?;
        let call = self.call(&request);
        let decision = self.engine.decide(&self.namespace, protocol(), &call).await;
        let recording = self.note(&call, &decision);
        match answer(decision.plan, &request.model, request.stream) {
            Ok(pieces) if request.stream => Ok(pieces.streamed(recording)),
            Ok(pieces) => pieces.whole(recording).await,
            Err(error) => Err(refused(error, recording)),
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

/// Pieces that come one after the other, and perhaps a failure in place of the end.
struct Pieces {
    chunks: Vec<Chunk>,
    failure: Option<Error>,
    pace: Pace,
    stall: Option<(usize, Duration)>,
}

/// What a plan means to somebody who reads events.
fn answer(plan: Plan, model: &str, stream: bool) -> Result<Pieces, Error> {
    let (mut chunks, mut failure) = match plan.content {
        Content::Chat(chunks) => (chunks.to_vec(), None),
        Content::Broken(chunks, failure) if chunks.is_empty() => return Err(failure),
        Content::Broken(chunks, failure) => (chunks.to_vec(), Some(failure)),
        Content::Refusal(error) => return Err(error),
        _ => {
            return Err(Error::new(
                ErrorKind::Internal,
                "this reply needs a socket: use a MockServer for it",
            ));
        }
    };
    let fault = plan.fault.map(|fault| in_process::befall(&fault.spec, &mut chunks, stream)).transpose()?;
    let Aftermath { failure: met, stall } = fault.unwrap_or_default();
    failure = met.or(failure);
    Ok(Pieces { chunks: named(chunks, model), failure, pace: plan.pace, stall })
}

/// Chunks that name no model name the one that was asked for.
fn named(mut chunks: Vec<Chunk>, model: &str) -> Vec<Chunk> {
    for chunk in &mut chunks {
        chunk.model.get_or_insert_with(|| model.to_owned());
    }
    chunks
}

/// A refusal, noted as what was answered.
fn refused(error: Error, mut recording: Recording) -> Error {
    recording.begin_answer(journal::Answer {
        status: status_of(&error).as_u16(),
        body: Bytes::from(error.message.clone()),
        ..journal::Answer::default()
    });
    recording.sent(error.message.len(), 0);
    recording.finish(Ended::Complete);
    error
}

impl Pieces {
    fn streamed(self, recording: Recording) -> EventStream {
        recording.begin_answer(self.noted(true));
        let waits = self.waits();
        let pieces = self.chunks.into_iter().map(Ok).chain(self.failure.map(Err));
        let pieces = pieces.zip(waits).collect::<VecDeque<_>>();
        // Dropped with pieces left, the recording says that the reader went away.
        let told = stream::unfold((pieces, recording), |(mut pieces, mut recording)| async move {
            let (piece, wait) = pieces.pop_front()?;
            sleep(wait).await;
            recording.sent(piece.as_ref().map_or(0, |chunk| chunk.content().len()), 1);
            if pieces.is_empty() {
                recording.finish(if piece.is_ok() { Ended::Complete } else { Ended::Cut });
            }
            Some((piece.map(Event::chunk), (pieces, recording)))
        });
        Box::pin(told)
    }

    async fn whole(self, mut recording: Recording) -> Result<EventStream, Error> {
        let outputs = self.chunks.iter().filter(|chunk| chunk.has_output()).count();
        let stalled = self.stall.map_or(Duration::ZERO, |(_, lasts)| lasts);
        sleep(self.pace.whole(outputs).saturating_add(stalled)).await;
        let noted = self.noted(false);
        if let Some(failure) = self.failure {
            return Err(refused(failure, recording));
        }
        recording.sent(noted.body.len(), 1);
        recording.begin_answer(noted);
        recording.finish(Ended::Complete);
        let mut collector = Collector::default();
        self.chunks.iter().for_each(|chunk| collector.absorb(chunk));
        Ok(Box::pin(stream::iter([Ok(Event::reply(collector.into_reply()))])))
    }

    /// What the journal keeps of it: where there are no bytes, the text.
    fn noted(&self, is_stream: bool) -> journal::Answer {
        let text: String = self.chunks.iter().map(Chunk::content).collect();
        let choices = self.chunks.iter().flat_map(|chunk| &chunk.choices);
        let usage = self.chunks.iter().rev().find_map(|chunk| chunk.usage.as_ref());
        journal::Answer {
            status: StatusCode::OK.as_u16(),
            body: text.into(),
            is_stream,
            finish: choices.filter_map(|choice| choice.finish.clone()).next(),
            completion_tokens: usage.map(|usage| usage.completion_tokens),
            ..journal::Answer::default()
        }
    }

    /// The wait before each piece: the first before whatever comes first, the others before each
    /// further output, as they are over a connection; and where there is one the stall.
    fn waits(&self) -> Vec<Duration> {
        let mut waits = self.pace.waits();
        let mut has_output = false;
        let paced = self.chunks.iter().enumerate().map(|(place, chunk)| {
            let is_due = place == 0 || (has_output && chunk.has_output());
            has_output |= chunk.has_output();
            let wait = if is_due { waits.next().unwrap_or_default() } else { Duration::ZERO };
            let stall = self.stall.filter(|(at, _)| *at == place).map_or(Duration::ZERO, |(_, lasts)| lasts);
            wait.saturating_add(stall)
        });
        paced.chain(self.failure.iter().map(|_| Duration::ZERO)).collect()
    }
}

async fn sleep(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}
