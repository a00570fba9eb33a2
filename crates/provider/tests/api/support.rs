//! Providers that answer as they are told, in a time that is made up, and a sink that keeps all it is told.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use playhouse_llm::{
    CacheOutcome, CallRecord, Chunk, Error, ErrorKind, Event, EventStream, FinishReason, Provider, Reply,
    Request, Upstream,
};
use playhouse_provider::{CallSink, CircuitState};

/// All that layers tell.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) records: Mutex<Vec<CallRecord>>,
    pub(crate) attempts: Mutex<Vec<(String, Option<ErrorKind>)>>,
    pub(crate) circuits: Mutex<Vec<(String, CircuitState)>>,
    pub(crate) cached: Mutex<Vec<CacheOutcome>>,
}

impl CallSink for Kept {
    fn record(&self, record: CallRecord) {
        self.records.lock().unwrap().push(record);
    }

    fn attempt(&self, provider: &str, _model: &str, error: Option<&Error>) {
        self.attempts.lock().unwrap().push((provider.to_owned(), error.map(|error| error.kind)));
    }

    fn circuit(&self, provider: &str, model: &str, state: CircuitState) {
        self.circuits.lock().unwrap().push((format!("{provider}/{model}"), state));
    }

    fn cache(&self, outcome: CacheOutcome) {
        self.cached.lock().unwrap().push(outcome);
    }
}

/// What a [`Stage`] does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Answers with this text after a time.
    Say(&'static str, Duration),
    /// Fails after a time.
    Fail(Error, Duration),
    /// Begins a stream, which breaks off.
    BreakOff,
}

/// A provider that follows a script; its last act is for all further requests.
pub(crate) struct Stage {
    name: Arc<str>,
    acts: Mutex<VecDeque<Act>>,
    asked: AtomicU32,
    given_up: AtomicU32,
}

impl Stage {
    pub(crate) fn playing(name: &str, acts: impl IntoIterator<Item = Act>) -> Arc<Self> {
        Arc::new(Self {
            name: Arc::from(name),
            acts: Mutex::new(acts.into_iter().collect()),
            asked: AtomicU32::new(0),
            given_up: AtomicU32::new(0),
        })
    }

    /// One that says its name at once.
    pub(crate) fn well(name: &'static str) -> Arc<Self> {
        Self::playing(name, [say(name)])
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    /// How often it was given up before it had answered.
    pub(crate) fn given_up(&self) -> u32 {
        self.given_up.load(Ordering::SeqCst)
    }

    fn next(&self) -> Act {
        let mut acts = self.acts.lock().unwrap();
        if acts.len() > 1 { acts.pop_front().unwrap() } else { acts[0].clone() }
    }
}

#[async_trait]
impl Provider for Stage {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        request.context.trail.begin_attempt(self.name.clone(), request.model.clone());
        let mut waiting = Waiting { given_up: &self.given_up, is_over: false };
        let (act, wait) = match self.next() {
            Act::Say(text, wait) => (Ok(text), wait),
            Act::Fail(error, wait) => (Err(Some(error)), wait),
            Act::BreakOff => (Err(None), Duration::ZERO),
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        waiting.is_over = true;
        match act {
            Ok(text) if request.stream => Ok(streamed(vec![
                Ok(Event::chunk(Chunk::text(text))),
                Ok(Event::chunk(Chunk::finish(FinishReason::Stop))),
            ])),
            Ok(text) => Ok(streamed(vec![Ok(Event::reply(Reply::text(text)))])),
            Err(Some(error)) => Err(error),
            Err(None) => Ok(streamed(vec![
                Ok(Event::chunk(Chunk::text("Hel"))),
                Err(Error::new(ErrorKind::Interrupted, "it broke off")),
            ])),
        }
    }
}

fn streamed(events: Vec<Result<Event, Error>>) -> EventStream {
    futures_util::stream::iter(events).boxed()
}

struct Waiting<'a> {
    given_up: &'a AtomicU32,
    is_over: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.given_up.fetch_add(1, Ordering::SeqCst);
        }
    }
}

pub(crate) fn say(text: &'static str) -> Act {
    Act::Say(text, Duration::ZERO)
}

pub(crate) fn fail(kind: ErrorKind) -> Act {
    Act::Fail(Error::new(kind, "as told"), Duration::ZERO)
}

/// A refusal that the upstream itself made.
pub(crate) fn refused(kind: ErrorKind, status: u16) -> Error {
    let upstream =
        Upstream { provider: Arc::from("stage"), status: Some(status), code: None, class: None, body: None };
    Error { upstream: Some(Box::new(upstream)), ..Error::new(kind, "as told") }
}
