//! One call as the journal keeps it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use playhouse_llm::Message;
use serde_json::Value;
use tokio::time::Instant;

use super::headers::HeaderLines;
use super::recording::{Answer, Sent};
use super::redact;
use crate::call::{Call, Facts};
use crate::fault::Fault;
use crate::protocols::Violation;
use crate::verdict::Verdict;

/// What an entry weighs beside its bodies and headers, roughly.
const ENTRY_BYTES: usize = 1024;

/// Bodies up to this size are copied rather than kept inside a larger read buffer.
const COPIED_BYTES: usize = 64 << 10;

/// Answers above this size are kept in part.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// How much is kept of an answer that is kept in part.
const ANSWER_HEAD_BYTES: usize = 64 << 10;

/// A call that has been decided on and is about to be answered.
#[derive(Debug)]
pub struct Received<'a> {
    /// The namespace it belongs to.
    pub namespace: Arc<str>,
    /// When it came.
    pub at: Timestamp,
    /// When it came, on the clock that durations are measured with.
    pub started: Instant,
    /// Its method.
    pub method: Method,
    /// Its path and query, as they came; empty in process.
    pub target: &'a str,
    /// Its headers; credentials in them are not kept.
    pub headers: &'a HeaderMap,
    /// What it asks, if it could be read.
    pub facts: Option<Arc<Facts>>,
    /// Its body; only looked at where there are no facts, which hold it otherwise.
    pub body: Bytes,
    /// Who decided on the answer, and why.
    pub verdict: Verdict,
    /// What the vendor would have refused it for, where that is only reported.
    pub violations: Vec<Violation>,
    /// What goes wrong with the answer.
    pub fault: Option<Fault>,
}

/// A call: what was asked, what was made of it, and what was answered.
#[derive(Debug)]
pub struct Entry {
    /// Counts up within the namespace, from 1.
    pub number: u64,
    /// The namespace it belongs to.
    pub namespace: Arc<str>,
    /// When it came.
    pub at: Timestamp,
    /// Its method.
    pub method: Method,
    /// Its path and query, without the values of keys in it; empty in process.
    pub target: Box<str>,
    /// Its headers, with credentials masked.
    pub headers: HeaderLines,
    /// What it asks, if it could be read.
    pub facts: Option<Arc<Facts>>,
    /// Who decided on the answer, and why.
    pub verdict: Verdict,
    /// What the vendor would have refused it for, where that was only reported.
    pub violations: Vec<Violation>,
    /// What goes wrong with the answer.
    pub fault: Option<Box<Fault>>,
    body: Bytes,
    answer: OnceLock<Answer>,
    sent: Sent,
    /// Its place among the changes of its journal.
    revision: AtomicU64,
    /// The bytes that its journal has counted for it.
    counted: AtomicUsize,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It has not: its answer is still going out.
    #[default]
    Running,
    /// Its answer went out whole.
    Complete,
    /// The client went away before the end of the answer.
    ClientLeft,
    /// A fault broke the answer off.
    Cut,
}

impl Entry {
    pub(super) fn new(received: Received<'_>) -> Self {
        let body = match &received.facts {
            Some(_) => Bytes::new(),
            None => exact_size(received.body),
        };
        Self {
            number: 0,
            namespace: received.namespace,
            at: received.at,
            method: received.method,
            target: redact::target(received.target),
            headers: HeaderLines::of_request(received.headers),
            facts: received.facts,
            verdict: received.verdict,
            violations: received.violations,
            fault: received.fault.map(Box::new),
            body,
            answer: OnceLock::new(),
            sent: Sent::since(received.started),
            revision: AtomicU64::new(0),
            counted: AtomicUsize::new(0),
        }
    }

    /// The call as conditions look at it; none if the request could not be read.
    ///
    /// Credentials in its headers are masked.
    pub fn call(&self) -> Option<Call> {
        let facts = self.facts.clone()?;
        Some(Call { namespace: self.namespace.clone(), headers: Arc::new(self.headers.to_map()), facts })
    }

    /// The path, without the query; empty in process.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The body of the request, as it came.
    pub fn body(&self) -> &Bytes {
        self.facts.as_ref().map_or(&self.body, |facts| &facts.body)
    }

    /// The body of the request as JSON, if it is JSON.
    pub fn json(&self) -> Option<&Value> {
        self.facts.as_ref()?.json()
    }

    /// The protocol's name; none if the request could not be read.
    pub fn protocol(&self) -> Option<&'static str> {
        Some(self.facts.as_ref()?.protocol)
    }

    /// The model asked for; empty where none is.
    pub fn model(&self) -> &str {
        self.facts.as_ref().map_or("", |facts| &facts.model)
    }

    /// The text of the last user message, or of the inputs of an embeddings request.
    pub fn user(&self) -> &str {
        self.facts.as_ref().map_or("", |facts| &facts.user)
    }

    /// The conversation; empty for what is no chat.
    pub fn messages(&self) -> &[Message] {
        self.facts.as_ref().map_or(&[], |facts| facts.messages())
    }

    /// The answer, once it has begun.
    pub fn answer(&self) -> Option<&Answer> {
        self.answer.get()
    }

    /// How much of the answer has gone out, and when.
    pub fn sent(&self) -> &Sent {
        &self.sent
    }

    /// The part of the answer's body that has gone out and is kept.
    pub fn sent_body(&self) -> Bytes {
        let Some(answer) = self.answer() else { return Bytes::new() };
        let sent = usize::try_from(self.sent.bytes()).unwrap_or(usize::MAX);
        answer.body.slice(..sent.min(answer.body.len()))
    }

    /// Sets the answer; one that is set already stays.
    pub(super) fn begin_answer(&self, mut answer: Answer) {
        if answer.body.len() > MAX_ANSWER_BYTES {
            answer.body = Bytes::copy_from_slice(&answer.body[..ANSWER_HEAD_BYTES]);
        }
        // The first answer is the one that goes out.
        let _ = self.answer.set(answer);
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision.load(Ordering::Relaxed)
    }

    pub(super) fn set_revision(&self, revision: u64) {
        self.revision.store(revision, Ordering::Relaxed);
    }

    /// About how many bytes of memory it holds now. A request counts twice: as it came, and decoded.
    pub(super) fn weight(&self) -> usize {
        let answer = self.answer().map_or(0, |answer| answer.body.len() + answer.headers.len());
        ENTRY_BYTES + 2 * self.body().len() + self.target.len() + self.headers.len() + answer
    }

    /// Changes what its journal has counted for it; under the journal's lock only.
    pub(super) fn replace_counted(&self, bytes: usize) -> usize {
        self.counted.swap(bytes, Ordering::Relaxed)
    }
}

/// The same bytes, without the larger read buffer that a small body may be a part of.
///
/// What keeps a request for longer than it is answered should keep it like this.
pub fn exact_size(body: Bytes) -> Bytes {
    if body.len() > COPIED_BYTES { body } else { Bytes::copy_from_slice(&body) }
}
