//! One request and its answer: read, decided, written, noted.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use playhouse_edge::{Identity, intake, status_of};
use playhouse_llm::Error;
use playhouse_wire::Envelope;

use super::Double;
use super::body::PacedBody;
use super::listen::ConnectionControl;
use crate::call::{Call, Facts};
use crate::engine::{Decision, Namespace};
use crate::fault::{self, Delivery};
use crate::journal::{Arrival, Entry};
use crate::plan::{Content, Plan};
use crate::protocols::{Frames, MockProtocol};
use crate::quota::QuotaState;
use crate::verdict::Verdict;

/// A request of a protocol, before its body is looked at.
pub(super) struct Exchange<'a> {
    pub(super) double: &'a Double,
    pub(super) protocol: &'static dyn MockProtocol,
    pub(super) namespace: Arc<Namespace>,
    /// The path without the namespace's prefix.
    pub(super) path: String,
    pub(super) parts: Parts,
    pub(super) control: ConnectionControl,
}

/// An answer in bytes.
struct Written {
    status: StatusCode,
    headers: HeaderMap,
    frames: Frames,
}

impl Exchange<'_> {
    /// Answers, whatever comes.
    pub(super) async fn answer(self, body: Body) -> Response {
        let identity = Identity::from_headers(&self.parts.headers);
        let body = match intake::read(body, self.double.limits()).await {
            Ok(body) => Bytes::copy_from_slice(&body),
            Err(error) => return self.unreadable(&error, &identity, Bytes::new()),
        };
        match self.read(&body) {
            Ok(facts) => self.decide(facts, &identity).await,
            Err(error) => self.unreadable(&error, &identity, body),
        }
    }

    fn read(&self, body: &Bytes) -> Result<Arc<Facts>, Error> {
        self.double.memo().facts(&self.path, body, || {
            self.protocol.read(&self.parts.method, &self.path, self.parts.uri.query(), body.clone())
        })
    }

    async fn decide(self, facts: Arc<Facts>, identity: &Identity) -> Response {
        let call = Call {
            namespace: self.namespace.name().clone(),
            headers: Arc::new(self.parts.headers.clone()),
            facts,
        };
        let decision = self.double.engine().decide(&self.namespace, self.protocol, &call).await;
        self.send(call, decision, identity)
    }

    fn send(self, call: Call, decision: Decision, identity: &Identity) -> Response {
        let Decision { plan, verdict, violations, quota } = decision;
        let written = self.write(&plan, &call.facts, quota.as_ref(), identity);
        let error_frame = || self.protocol.vendor().error_body(&self.protocol.vendor().refusal(500), 500, &identity.request_id);
        let delivery = fault::deliver(written.frames, plan.fault.as_ref(), error_frame);
        let entry = self.namespace.journal().record(Arrival {
            call: Some(call),
            method: self.parts.method.clone(),
            path: self.path.clone(),
            headers: self.parts.headers.clone(),
            body: Bytes::new(),
            verdict: Some(verdict),
            violations,
            fault: plan.fault.clone(),
        });
        self.respond(written.status, written.headers, delivery, &plan, entry)
    }
}
