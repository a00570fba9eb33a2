//! One request and its answer: read, decided, written, noted.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use hyper::ext::ReasonPhrase;
use jiff::Timestamp;
use playhouse_edge::{EVENT_STREAM_HEADERS, Identity, intake, status_of};
use playhouse_llm::Error;
use playhouse_wire::Envelope;
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use super::Double;
use super::body::{End, PacedBody, Progress};
use super::listen::ConnectionControl;
use super::noted::Noted;
use crate::call::{Call, Facts};
use crate::engine::{Course, CutShort, Decision, Kept, Namespace, refusal};
use crate::fault::{self, Delivery, Fault};
use crate::journal::{self, HeaderLines, Received, Recording, exact_size};
use crate::plan::{Content, Plan};
use crate::protocols::{Frames, MockProtocol, Violation};
use crate::verdict::{Hit, Verdict};

const EVENT_STREAM: &str = "text/event-stream";

/// A request of a protocol, before its body is looked at.
pub(super) struct Exchange<'a> {
    pub(super) double: &'a Double,
    pub(super) protocol: &'static dyn MockProtocol,
    pub(super) namespace: Arc<Namespace>,
    /// Where the path begins once the namespace's prefix is gone.
    pub(super) path: &'a str,
    pub(super) parts: &'a Parts,
    pub(super) headers: Arc<HeaderMap>,
    pub(super) connection: ConnectionControl,
    pub(super) started: Instant,
}

/// What was made of a request, for the journal.
struct Seen {
    verdict: Verdict,
    violations: Vec<Violation>,
    fault: Option<Fault>,
}

/// An answer in bytes.
struct Written {
    status: StatusCode,
    headers: HeaderMap,
    frames: Frames,
    finish: Option<playhouse_llm::FinishReason>,
    completion_tokens: Option<u64>,
}

/// A call whose rule waits for somebody else's reply. Dropped before that is over, it notes that the
/// client left: nothing else drops a call that is being decided on.
struct Waiting<'a> {
    exchange: &'a Exchange<'a>,
    facts: &'a Arc<Facts>,
    rule: OnceLock<Hit>,
}

impl Waiting<'_> {
    fn is_over(&mut self) {
        self.rule.take();
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Some(hit) = self.rule.take() else { return };
        let seen = Seen { verdict: Verdict::Rule(hit), violations: Vec::new(), fault: None };
        let recording = self.exchange.record(Some(self.facts.clone()), Bytes::new(), seen);
        Noted::new(recording, self.exchange.double.lines()).ended(End::ClientLeft);
    }
}

impl Exchange<'_> {
    /// Answers, whatever comes.
    pub(super) async fn answer(self, body: Body) -> Response {
        let identity = Identity::from_headers(&self.headers);
        let body = match intake::read(body, self.double.limits()).await {
            Ok(body) => body,
            Err(error) => return self.unreadable(&error, Bytes::new(), &identity),
        };
        match self.read(&body).map(|facts| self.resumed(facts)) {
            Ok(facts) => self.decide(facts, &identity).await,
            Err(error) => self.unreadable(&error, body, &identity),
        }
    }

    fn read(&self, body: &Bytes) -> Result<Arc<Facts>, Error> {
        let (method, query) = (&self.parts.method, self.parts.uri.query());
        let read = || self.protocol.read(method, self.path, query, exact_size(body.clone()));
        // What is read depends on path and body alone only where something is posted.
        if *method != Method::POST {
            return read().map(Arc::new);
        }
        self.double.memo().facts(self.path, body, read)
    }

    /// The request with what was said before, where it goes on with an answer that was kept.
    fn resumed(&self, facts: Arc<Facts>) -> Arc<Facts> {
        let resumed = self.namespace.with_shelf(|shelf| self.protocol.resume(&facts, shelf));
        resumed.map_or(facts, Arc::new)
    }

    async fn decide(self, facts: Arc<Facts>, identity: &Identity) -> Response {
        let headers = self.headers.clone();
        let call = Call { namespace: self.namespace.name().clone(), headers, facts };
        let mut waiting = Waiting { exchange: &self, facts: &call.facts, rule: OnceLock::new() };
        let engine = self.double.engine();
        let decision = engine.decide_telling(&self.namespace, self.protocol, &call, &waiting.rule).await;
        waiting.is_over();
        drop(waiting);
        self.send(Some(call.facts), Bytes::new(), decision, identity)
    }

    /// Answers a request of which nobody can say what it asks.
    fn unreadable(self, error: &Error, body: Bytes, identity: &Identity) -> Response {
        let (engine, headers) = (self.double.engine(), &self.headers);
        let decision = engine.unreadable(&self.namespace, self.protocol, headers, error.clone());
        self.send(None, body, decision, identity)
    }

    fn send(
        self,
        facts: Option<Arc<Facts>>,
        body: Bytes,
        decision: Decision,
        identity: &Identity,
    ) -> Response {
        let Decision { mut plan, verdict, violations, quota } = decision;
        spoil(&mut plan);
        let envelope = facts.as_deref().map(|facts| envelope(facts, identity));
        let Written { status, mut headers, frames, finish, completion_tokens } =
            self.write(&plan, facts.as_deref().zip(envelope.as_ref()), identity);
        let asked = facts.as_ref().zip(envelope.as_ref());
        let end = asked.and_then(|(facts, envelope)| self.keep(&plan, facts, envelope, &frames));
        let (end, skipped) = match &plan.content {
            Content::Replay(replay) => (replay.end.clone(), replay.skipped),
            _ => (end, 0),
        };
        let met = plan.fault.as_ref();
        let is_stream = frames.content_type.starts_with(EVENT_STREAM);
        let delivery = fault::deliver(frames, met, || self.error_within(met, is_stream, identity));
        add_form(&mut headers, &delivery, is_stream);
        self.add_headers(&mut headers, &plan, quota.as_ref(), identity);
        let waits = waits_of(&plan, facts.as_deref(), is_stream);
        let recording = self.record(facts, body, Seen { verdict, violations, fault: plan.fault });
        if delivery.begins() {
            recording.begin_answer(journal::Answer {
                status: status.as_u16(),
                headers: HeaderLines::of_answer(&headers),
                body: delivery.frames.bytes.clone(),
                is_stream,
                finish,
                completion_tokens,
            });
        }
        let body = PacedBody::new(delivery, self.connection, Noted::new(recording, self.double.lines()));
        let body = match waits {
            Some(waits) => body.paced(waits),
            None => body,
        };
        let body = match end.filter(|_| is_stream) {
            Some(end) => body.unless(end, skipped),
            None => body,
        };
        respond(status, headers, body)
    }

    fn record(&self, facts: Option<Arc<Facts>>, body: Bytes, seen: Seen) -> Recording {
        let Seen { verdict, violations, fault } = seen;
        self.namespace.journal().record(Received {
            namespace: self.namespace.name().clone(),
            at: Timestamp::now(),
            started: self.started,
            method: self.parts.method.clone(),
            target: self.parts.uri.path_and_query().map_or("/", |target| target.as_str()),
            headers: &self.headers,
            facts,
            body,
            verdict,
            violations,
            fault,
        })
    }

    fn write(&self, plan: &Plan, asked: Option<(&Facts, &Envelope)>, identity: &Identity) -> Written {
        let error = match (&plan.content, asked) {
            (Content::Refusal(error), _) => error.clone(),
            (Content::Raw(raw), _) => return Written::raw(raw),
            (Content::Replay(replay), _) => return Written::answer(replay.frames.clone(), &plan.content),
            (content, Some((facts, envelope))) => {
                let headers = &self.headers;
                let write = |envelope: &Envelope| self.protocol.write_to(headers, content, facts, envelope);
                match self.frames(content, facts, envelope, write) {
                    Ok(frames) => return Written::answer(frames, content),
                    Err(error) => error,
                }
            }
            (_, None) => Error::new(playhouse_llm::ErrorKind::Internal, "there is no request to answer"),
        };
        self.refusal(&error, identity)
    }

    /// The answer in bytes: another's that is alike where there is one, unless answers repeat what was asked.
    fn frames(
        &self,
        content: &Content,
        facts: &Facts,
        envelope: &Envelope,
        write: impl Fn(&Envelope) -> Result<Frames, Error>,
    ) -> Result<Frames, Error> {
        match self.protocol.repeats_what_is_asked() {
            true => write(envelope),
            false => self.double.stencils().frames(content, facts, envelope, write),
        }
    }

    /// Keeps the answer, where the caller wants that; returns what may cut it short. What befalls the connection
    /// does not befall an answer that nobody waits for.
    fn keep(
        &self,
        plan: &Plan,
        facts: &Arc<Facts>,
        envelope: &Envelope,
        frames: &Frames,
    ) -> Option<Receiver<Option<CutShort>>> {
        if plan.fault.is_some() && !facts.background {
            return None;
        }
        let (id, answer) = self.protocol.keep(&plan.content, facts, &|| envelope.clone())?;
        let (outputs, events) = (plan.content.outputs(), facts.stream.then_some(frames));
        let course = facts.background.then(|| Course::begin(&plan.pace, outputs, events, Instant::now()));
        let events_bytes = course.as_ref().map_or(0, Course::bytes);
        let bytes = facts.body.len() + facts.whole().len() + answer.to_string().len() + events_bytes;
        let end = course.as_ref().map(Course::end);
        self.namespace.keep(Kept { id, answer, facts: facts.clone(), course, bytes });
        end
    }

    fn refusal(&self, error: &Error, identity: &Identity) -> Written {
        let status = status_of(error);
        let body = self.protocol.vendor().error_body(error, status.as_u16(), &identity.request_id);
        let mut headers = HeaderMap::new();
        if let Some(wait) = error.retry_after {
            insert(&mut headers, "retry-after", &wait.as_millis().div_ceil(1000).to_string());
            insert(&mut headers, "retry-after-ms", &wait.as_millis().to_string());
        }
        let frames = Frames::whole("application/json", body);
        Written { status, headers, frames, finish: None, completion_tokens: None }
    }

    /// What the vendor says beside every answer, and then what the script says, which holds.
    fn add_headers(
        &self,
        headers: &mut HeaderMap,
        plan: &Plan,
        quota: Option<&crate::quota::QuotaState>,
        identity: &Identity,
    ) {
        let vendor = self.protocol.vendor();
        vendor.add_headers(&identity.request_id, headers);
        let limits = quota.map(|quota| vendor.quota_headers(quota)).unwrap_or_default();
        limits.iter().for_each(|(name, value)| insert(headers, name, value));
        plan.headers.iter().for_each(|(name, value)| drop(headers.insert(name, value.clone())));
    }

    /// The error that an answer ends with: an event of a stream, or a body in place of a whole one.
    fn error_within(&self, met: Option<&Fault>, is_stream: bool, identity: &Identity) -> Bytes {
        let vendor = self.protocol.vendor();
        let error = met.map_or_else(|| vendor.refusal(500), |fault| refusal(&fault.spec, self.protocol, ""));
        match is_stream {
            true => self.protocol.error_event(&error, &identity.request_id),
            false => vendor.error_body(&error, 500, &identity.request_id),
        }
    }
}

/// How long each piece of an answer is waited for; `None` where nothing is.
fn waits_of(
    plan: &Plan,
    facts: Option<&Facts>,
    is_stream: bool,
) -> Option<Box<dyn Iterator<Item = Duration> + Send>> {
    let is_awaited = facts.is_none_or(|facts| !facts.background);
    match &plan.content {
        Content::Replay(replay) => {
            (!replay.is_instant()).then(|| Box::new(replay.waits.clone().into_iter()) as _)
        }
        _ if plan.pace.is_instant() => None,
        _ if is_stream => Some(Box::new(plan.pace.waits())),
        content => is_awaited.then(|| Box::new(std::iter::once(plan.pace.whole(content.outputs()))) as _),
    }
}

fn respond(status: StatusCode, headers: HeaderMap, body: PacedBody<Noted>) -> Response {
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if status.canonical_reason().is_none() {
        // Otherwise a status line of 529 would say `<none>`.
        response.extensions_mut().insert(ReasonPhrase::from_static(b""));
    }
    response
}

/// Does to the pieces of a chat answer what its fault does to them.
fn spoil(plan: &mut Plan) {
    if let (Some(fault), Content::Chat(chunks)) = (&plan.fault, &mut plan.content) {
        let mut spoiled = chunks.to_vec();
        fault::chunk::apply(&fault.spec, &mut spoiled);
        *chunks = spoiled.into();
    }
}

/// The headers that say what form the body has.
fn add_form(headers: &mut HeaderMap, delivery: &Delivery, is_stream: bool) {
    if is_stream {
        headers.extend(EVENT_STREAM_HEADERS.map(|(name, value)| (Some(name), value)));
    }
    let content_type = match &delivery.content_type {
        Some(spoiled) => HeaderValue::from_str(spoiled).ok(),
        None => Some(HeaderValue::from_static(delivery.frames.content_type)),
    };
    if let Some(content_type) = content_type.filter(|value| !value.is_empty()) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
}

impl Written {
    fn answer(frames: Frames, content: &Content) -> Self {
        let (finish, completion_tokens) = match content {
            Content::Chat(chunks) => (
                chunks.iter().flat_map(|chunk| &chunk.choices).find_map(|choice| choice.finish.clone()),
                chunks.iter().rev().find_map(|chunk| Some(chunk.usage.as_ref()?.completion_tokens)),
            ),
            _ => (None, None),
        };
        Self { status: StatusCode::OK, headers: HeaderMap::new(), frames, finish, completion_tokens }
    }

    fn raw(raw: &crate::plan::RawContent) -> Self {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = &raw.content_type {
            insert(&mut headers, "content-type", content_type);
        }
        let status = StatusCode::from_u16(raw.status).unwrap_or(StatusCode::OK);
        let frames = Frames::whole("", raw.body.clone());
        Self { status, headers, frames, finish: None, completion_tokens: None }
    }
}

/// Values are of our own making, or were checked when the script was loaded.
fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

fn envelope(facts: &Facts, identity: &Identity) -> Envelope {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Envelope {
        id: identity.request_id.clone(),
        created: since.as_secs(),
        model: facts.model.clone(),
        include_usage: facts.form.include_usage,
    }
}
