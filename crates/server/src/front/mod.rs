//! What every request passes first: identity, admission, and the account of how it went.
//!
//! In order: the request gets its id and trace; its in-flight place is taken; it is refused if it
//! shows no valid key or there are too many; then the route answers, and when the last byte has
//! gone (or the client has) one log line and the metrics are written.

mod account;
pub(crate) mod auth;
pub(crate) mod door;
mod limits;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use playhouse_edge::{Identity, intake};
use playhouse_llm::{Allowance, CacheWish, Context, Error, ErrorKind};
use playhouse_telemetry::metrics::RequestSample;
use playhouse_telemetry::otlp::{RequestSpan, RequestStart};
use playhouse_telemetry::{RequestScope, log_refused};

use account::{Account, Presence};
use door::{Caller, Look};

use crate::app::App;
use crate::lifecycle::Phase;
use crate::listen::{Activity, Refused};
use crate::routes::{self, Routes, Target};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Whether the answer was kept or new: `hit` or `miss`; absent where the cache was not asked.
const CACHE: HeaderName = HeaderName::from_static("x-playhouse-cache");

/// Routes that answer whoever asks and however much is going on: probes must not fail for load.
const OPEN_ROUTES: [&str; 5] = ["/health", "/health/ready", "/health/detailed", "/livez", "/readyz"];
/// Routes that describe the server and show nothing of anybody.
const PUBLIC_ROUTES: [&str; 2] = ["/docs", "/openapi.json"];

/// The front door of an app: answers requests, with everything around that. Cheap to clone.
#[derive(Clone)]
pub struct Front {
    app: App,
    routes: Arc<Routes>,
    is_stopping: bool,
}

impl Front {
    pub(crate) fn new(app: App, routes: Routes) -> Self {
        Self { app, routes: Arc::new(routes), is_stopping: false }
    }

    /// The same door for those who come while the server stops: probes learn it, others go elsewhere.
    pub(crate) fn stopping(self) -> Self {
        Self { is_stopping: true, ..self }
    }

    /// What stands behind it.
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// Answers a request.
    pub fn answer(&self, request: Request) -> impl Future<Output = Response> + Send + use<> {
        self.answer_over(None, request)
    }

    /// Answers a request that came over a connection with this activity.
    // Not an `async fn`: its future would hold the request twice, as an argument and in use.
    pub(crate) fn answer_over(
        &self,
        activity: Option<Arc<Activity>>,
        mut request: Request,
    ) -> impl Future<Output = Response> + Send + use<> {
        let mut context = Identity::from_headers(request.headers()).context();
        context.cache_wish = cache_wish(request.headers());
        let target = self.routes.find(request.uri().path());
        let template = target.map(|target| target.template);
        // Before it is looked at: of requests that come together, none must be overlooked.
        let place = self.app.take_inflight_place();
        let look = self.admit(template, request.headers());
        if let Ok(Look::Known(caller)) = &look {
            introduce(&mut context, caller);
        }
        let started = Instant::now();
        let span = self.begin_span(&mut context, &request, template, started);
        let presence = Presence { started, place, activity };
        let mut account = Account::open(&self.app, &request, template, Arc::new(context), span, presence);
        let front = self.clone();
        account.scope().clone().run(async move {
            let mut response = front.respond(target, look, &mut account, &mut request).await;
            let context = account.context();
            finish_headers(&front.app, response.headers_mut(), context);
            limits::tell(response.headers_mut(), context, target);
            account.follow(response)
        })
    }

    /// Tells of a request that was refused before it was one: it has an id and a status, no more.
    pub(crate) fn tell_refused(&self, refused: &Refused, error: &hyper::Error) {
        let status_code = refused.status.as_u16();
        self.app.metrics().observe_request(&RequestSample {
            method: "",
            route: None,
            status_code,
            duration: Duration::ZERO,
            upstream: None,
        });
        let scope = RequestScope::new(refused.request_id.clone());
        scope.enter(|| log_refused(status_code, error));
    }

    /// Begins the request's span; the request's context is then within it.
    fn begin_span(
        &self,
        context: &mut Context,
        request: &Request,
        route: Option<&'static str>,
        started: Instant,
    ) -> Option<RequestSpan> {
        let start = RequestStart {
            caller: context.trace.as_ref(),
            started,
            path: request.uri().path(),
            route,
            user_agent: request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()),
        };
        let span = RequestSpan::begin(self.app.tracer(), &start)?;
        context.trace = Some(span.trace());
        Some(span)
    }

    async fn respond(
        &self,
        target: Option<Target>,
        look: Result<Look, Error>,
        account: &mut Account,
        request: &mut Request,
    ) -> Response {
        let caller = match look {
            Ok(Look::Known(caller)) => Ok(caller),
            // Boxed: few requests have to ask, and the others need no room for it.
            Ok(look) => Box::pin(self.ask(look, account)).await,
            Err(error) => Err(error),
        };
        let route = target.map_or("", |target| target.template);
        let Err(error) = caller.and_then(|caller| caller.may_take(route)) else {
            let context = account.context().clone();
            return self.routes.answer(target, &context, request).await;
        };
        let (path, is_route) = (request.uri().path(), target.is_some());
        let request_id = &account.context().request_id;
        let refusal = routes::failure(&error, path, request.headers(), is_route, request_id);
        // Boxed: requests that are answered need no room for this.
        Box::pin(intake::refuse(std::mem::take(request.body_mut()), refusal)).await
    }

    /// Asks the store who this is, and tells the account.
    async fn ask(&self, look: Look, account: &mut Account) -> Result<Caller, Error> {
        let caller = self.app.door().ask(look).await?;
        let mut context = account.context().with_trail(account.context().trail.clone());
        introduce(&mut context, &caller);
        account.identify(Arc::new(context));
        Ok(caller)
    }

    fn admit(&self, template: Option<&str>, headers: &HeaderMap) -> Result<Look, Error> {
        let route = template.unwrap_or_default();
        if OPEN_ROUTES.contains(&route) {
            return Ok(Look::Known(Caller::Operator));
        }
        if self.is_stopping {
            let message = "the server is stopping; try again, and another one may answer";
            return Err(Error::new(ErrorKind::Overloaded, message).retry_after(Duration::from_secs(1)));
        }
        if self.app.inflight() > self.app.max_concurrent_requests() {
            let message = "the server is answering as many requests as it takes; try again shortly";
            return Err(Error::new(ErrorKind::Overloaded, message).retry_after(Duration::from_secs(1)));
        }
        let is_public = PUBLIC_ROUTES.contains(&route) || (route == "/metrics" && self.app.open_metrics());
        if is_public { Ok(Look::Known(Caller::Operator)) } else { self.app.door().look(headers) }
    }
}

/// What the caller wants of the cache of answers.
fn cache_wish(headers: &HeaderMap) -> CacheWish {
    let values = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let wishes = values.flat_map(|value| value.split(',')).map(str::trim);
    wishes.fold(CacheWish::Any, |wish, directive| match directive {
        _ if directive.eq_ignore_ascii_case("no-store") => CacheWish::Avoid,
        _ if directive.eq_ignore_ascii_case("no-cache") && wish == CacheWish::Any => CacheWish::Fresh,
        _ => wish,
    })
}

/// Notes in a request's context with which key it comes.
fn introduce(context: &mut Context, caller: &Caller) {
    let Some(key) = caller.key() else { return };
    context.key_id = Some(key.id.clone());
    context.allowance = key.settings.is_limited().then(|| Arc::new(Allowance::default()));
}

fn finish_headers(app: &App, headers: &mut HeaderMap, context: &Context) {
    // An id is either the caller's own header value or a UUID.
    if let Ok(id) = HeaderValue::from_str(&context.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(outcome) = context.trail.cache() {
        headers.insert(CACHE, HeaderValue::from_static(outcome.as_str()));
    }
    if app.lifecycle().phase() == Phase::Draining {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}
