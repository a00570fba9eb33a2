//! Embeddings in process: the bytes that a vendor would send, without a socket.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Method, StatusCode};
use playhouse_llm::{Error, ErrorKind, Event, EventStream, Request};
use playhouse_wire::{Codec, Envelope};

use super::{MockProvider, refused, sleep};
use crate::call::Call;
use crate::fault::in_process;
use crate::journal::{self, Ended};
use crate::plan::{Content, Plan};
use crate::protocols::{self, MockProtocol};

impl MockProvider {
    /// Answers a request for embeddings, in the protocol it came over.
    pub(super) async fn embed(&self, request: &Request) -> Result<EventStream, Error> {
        let (codec, protocol) = spoken(request)?;
        let body = request.bytes_in(codec.protocol()).cloned().unwrap_or_default();
        let facts = protocol.read(&Method::POST, codec.path(), None, body)?;
        let call = Call {
            namespace: self.namespace.name().clone(),
            headers: Arc::new(HeaderMap::new()),
            facts: Arc::new(facts),
        };
        let decision = self.engine.decide(&self.namespace, protocol, &call).await;
        let mut recording = self.note(&call, &decision);
        let body = match written(decision.plan, protocol, &call).await {
            Ok(body) => body,
            Err(error) => return Err(refused(error, recording)),
        };
        let status = StatusCode::OK.as_u16();
        recording.begin_answer(journal::Answer { status, body: body.clone(), ..journal::Answer::default() });
        recording.sent(body.len(), 1);
        recording.finish(Ended::Complete);
        let event: Event = codec.read_reply(body)?;
        Ok(Box::pin(stream::iter([Ok(event)])))
    }
}

/// Who reads and writes the protocol of a request.
fn spoken(request: &Request) -> Result<(&'static dyn Codec, &'static dyn MockProtocol), Error> {
    let found = request.protocol().and_then(|protocol| {
        let codec = playhouse_wire::routed().find(|codec| codec.protocol() == protocol)?;
        Some((codec, protocols::named(protocol.as_str())?))
    });
    found.ok_or_else(|| {
        Error::new(ErrorKind::Internal, "the request came over no protocol that is spoken here")
    })
}

/// The body of an answer, when it is due.
async fn written(plan: Plan, protocol: &dyn MockProtocol, call: &Call) -> Result<Bytes, Error> {
    if let Content::Refusal(error) = plan.content {
        return Err(error);
    }
    let fault =
        plan.fault.map(|fault| in_process::befall(&fault.spec, &mut Vec::new(), false)).transpose()?;
    let fault = fault.unwrap_or_default();
    let stalled = fault.stall.map_or(Duration::ZERO, |(_, lasts)| lasts);
    sleep(plan.pace.whole(plan.content.outputs()).saturating_add(stalled)).await;
    if let Some(failure) = fault.failure {
        return Err(failure);
    }
    let (id, model) = (Arc::from(""), call.facts.model.clone());
    let envelope = Envelope { id, created: 0, model, include_usage: false };
    Ok(protocol.write(&plan.content, &call.facts, &envelope)?.bytes)
}
