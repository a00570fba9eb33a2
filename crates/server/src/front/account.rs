//! The account of a request: opened when it comes, closed when its last byte has gone.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::Method;
use http_body::{Frame, SizeHint};
use playhouse_edge::failure::CLIENT_CLOSED_REQUEST;
use playhouse_llm::Context;
use playhouse_telemetry::metrics::RequestSample;
use playhouse_telemetry::otlp::{RequestEnd, RequestSpan};
use playhouse_telemetry::{RequestLine, RequestScope};

use crate::app::{App, InflightPlace};
use crate::listen::Activity;

/// What is known of a request while it is answered. Dropped, it writes the log line and the
/// metrics; dropped before the answer's end, the client was the one who left.
pub(crate) struct Account {
    app: App,
    context: Arc<Context>,
    scope: RequestScope,
    method: Method,
    path: String,
    route: Option<&'static str>,
    started: Instant,
    status_code: u16,
    ended: bool,
    span: Option<RequestSpan>,
    _place: InflightPlace,
    busy: Option<Busy>,
}

/// Since when a request has been here, and where it is: its place among those in flight, and its connection.
pub(crate) struct Presence {
    pub(crate) started: Instant,
    pub(crate) place: InflightPlace,
    pub(crate) activity: Option<Arc<Activity>>,
}

impl Account {
    pub(crate) fn open(
        app: &App,
        request: &Request,
        route: Option<&'static str>,
        context: Arc<Context>,
        span: Option<RequestSpan>,
        presence: Presence,
    ) -> Self {
        Self {
            app: app.clone(),
            scope: RequestScope::from(&*context),
            context,
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            route,
            started: presence.started,
            status_code: CLIENT_CLOSED_REQUEST,
            ended: false,
            span,
            _place: presence.place,
            busy: presence.activity.map(Busy::begin),
        }
    }

    /// What the request is known by.
    pub(crate) fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Takes over what has become known of the request.
    pub(crate) fn identify(&mut self, context: Arc<Context>) {
        self.context = context;
    }

    /// The log scope of the request.
    pub(crate) fn scope(&self) -> &RequestScope {
        &self.scope
    }

    /// Keeps the account open until the response's body has ended.
    pub(crate) fn follow(mut self, response: Response) -> Response {
        self.status_code = response.status().as_u16();
        if response.body().is_end_stream() {
            self.ended = true;
            return response;
        }
        response.map(|body| Body::new(Followed { body, account: self }))
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let duration = self.started.elapsed();
        let attempted = self.context.trail.attempts() > 0;
        self.app.metrics().observe_request(&RequestSample {
            method: self.method.as_str(),
            route: self.route,
            status_code: self.status_code,
            duration,
            upstream: attempted.then(|| self.context.trail.upstream_time()),
        });
        if let Some(span) = self.span.take() {
            let has_answer = self.status_code != CLIENT_CLOSED_REQUEST;
            span.end(&RequestEnd {
                method: self.method.as_str(),
                path: &self.path,
                route: self.route,
                client: self.busy.as_ref().and_then(|busy| busy.0.peer()),
                status_code: has_answer.then_some(self.status_code),
                client_aborted: !self.ended,
                duration,
            });
        }
        let line = RequestLine {
            method: self.method.as_str(),
            path: &self.path,
            route: self.route,
            status_code: self.status_code,
            duration_ms: duration.as_secs_f64() * 1000.0,
            key_id: self.context.key_id.as_deref(),
            client_aborted: !self.ended,
        };
        self.scope.enter(|| line.log());
    }
}

/// A response's body with the account that ends with it.
struct Followed {
    body: Body,
    account: Account,
}

impl HttpBody for Followed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = ready!(this.account.scope.enter(|| Pin::new(&mut this.body).poll_frame(context)));
        this.account.ended = frame.is_none() || this.body.is_end_stream();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Tells a connection that it is being answered on, as long as this lives.
struct Busy(Arc<Activity>);

impl Busy {
    fn begin(activity: Arc<Activity>) -> Self {
        activity.begin();
        Self(activity)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.end();
    }
}
