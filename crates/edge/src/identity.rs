//! Who a request is: its id and its trace, from its headers or new.

use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use playhouse_llm::{Context, TraceContext};
use playhouse_telemetry::TraceParent;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Longer ids are not taken over from a caller.
const MAX_REQUEST_ID_CHARS: usize = 128;
const MAX_TRACESTATE_BYTES: usize = 512;

/// The identity of a request; set as a request extension by whoever stands before the routes.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The request's id.
    pub request_id: Arc<str>,
    /// The trace the caller is part of, if it said so in a valid way.
    pub trace: Option<TraceContext>,
}

impl Identity {
    /// Takes the caller's `x-request-id` over if it is sane, and makes a new one (UUIDv7) if not.
    ///
    /// ```
    /// use http::{HeaderMap, HeaderValue};
    /// use playhouse_edge::Identity;
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert("x-request-id", HeaderValue::from_static("abc-1"));
    /// assert_eq!(&*Identity::from_headers(&headers).request_id, "abc-1");
    /// headers.insert("x-request-id", HeaderValue::from_static("not sane"));
    /// assert_ne!(&*Identity::from_headers(&headers).request_id, "not sane");
    /// ```
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let given = header(headers, REQUEST_ID).filter(|id| is_sane(id));
        let request_id = given.map_or_else(new_id, Arc::from);
        Self { request_id, trace: trace_context(headers) }
    }

    /// The identity of the request that a context belongs to.
    pub fn of(context: &Context) -> Self {
        Self { request_id: context.request_id.clone(), trace: context.trace.clone() }
    }

    /// The context of a call made for this request.
    pub fn context(&self) -> Context {
        Context { request_id: self.request_id.clone(), trace: self.trace.clone(), ..Context::default() }
    }
}

fn new_id() -> Arc<str> {
    let mut buffer = Uuid::encode_buffer();
    Arc::from(&*Uuid::now_v7().hyphenated().encode_lower(&mut buffer))
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn is_sane(id: &str) -> bool {
    !id.is_empty() && id.len() <= MAX_REQUEST_ID_CHARS && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A valid `traceparent`; an invalid one is as good as none, and so is its `tracestate`.
fn trace_context(headers: &HeaderMap) -> Option<TraceContext> {
    let caller = header(headers, TRACEPARENT).and_then(TraceParent::parse)?;
    let tracestate = header(headers, TRACESTATE).filter(|value| value.len() <= MAX_TRACESTATE_BYTES);
    Some(caller.context(tracestate.map(Arc::from)))
}
