//! Which route a request takes.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::MethodRouter;
use http::HeaderMap;
use playhouse_edge::{Edge, Identity, Problem, intake};
use playhouse_llm::{Context, Decode, Error, ErrorKind};
use playhouse_wire::{Codec, OpenAiResponses};
use tower::ServiceExt;

use crate::app::App;
use crate::{native, ops, responses};

/// A route: its template and who answers which method.
pub(crate) type Route = (&'static str, MethodRouter<App>);

/// All routes: the edge answers the protocols' own, a router the rest.
///
/// The templates are kept beside the router because the front names them in the log and the
/// metrics, also for requests that never reach the router.
pub(crate) struct Routes {
    app: App,
    templates: matchit::Router<Target>,
    edge: Edge,
    rest: Router,
}

/// A route that was found.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    /// Its template (`/v1/sessions/{id}`).
    pub(crate) template: &'static str,
    /// The protocol, where it is one's own route.
    codec: Option<&'static dyn Codec>,
}

impl Target {
    /// The protocol, where it is one's own route.
    pub(crate) fn codec(&self) -> Option<&'static dyn Codec> {
        self.codec
    }
}

impl Routes {
    pub(crate) fn new(app: &App, edge: Edge) -> Self {
        let mut templates = matchit::Router::new();
        let mut rest = Router::new();
        for (template, methods) in
            native::routes().into_iter().chain(responses::routes()).chain(ops::routes())
        {
            add(&mut templates, Target { template, codec: None });
            rest = rest.route(template, methods);
        }
        for codec in playhouse_wire::routed() {
            add(&mut templates, Target { template: codec.route(), codec: Some(codec) });
        }
        let lists = [playhouse_edge::MODELS_ROUTE, playhouse_edge::MODEL_ROUTE];
        for template in playhouse_edge::counting_routes().chain(lists) {
            add(&mut templates, Target { template, codec: None });
        }
        let rest = rest
            .with_state(app.clone())
            .merge(playhouse_edge::router(edge.clone()))
            .fallback(no_such_route)
            .method_not_allowed_fallback(no_such_method);
        Self { app: app.clone(), templates, edge, rest }
    }

    /// The route of a path, if there is one.
    pub(crate) fn find(&self, path: &str) -> Option<Target> {
        self.templates.at(path).ok().map(|found| *found.value)
    }

    /// Answers a request that takes this route.
    pub(crate) async fn answer(
        &self,
        target: Option<Target>,
        context: &Arc<Context>,
        request: &mut Request,
    ) -> Response {
        // The protocols' routes are the ones that must be fast: no router stands between.
        if let Some(codec) = target.and_then(|target| target.codec)
            && request.method() == http::Method::POST
        {
            return match codec.protocol() == OpenAiResponses.protocol() {
                true => responses::create(&self.app, &self.edge, context.clone(), request).await,
                false => playhouse_edge::answer(&self.edge, codec, context.clone(), request).await,
            };
        }
        request.extensions_mut().insert(Identity::of(context));
        request.extensions_mut().insert(context.clone());
        match Box::pin(self.rest.clone().oneshot(std::mem::take(request))).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        }
    }
}

fn add(templates: &mut matchit::Router<Target>, target: Target) {
    let added = templates.insert(target.template, target);
    debug_assert!(added.is_ok(), "the route {} stands twice", target.template);
}

/// A failure in the shape of whoever's path it is.
///
/// Below `/v1`, what no route takes is asked for by a vendor's client that knows more than there is.
pub(crate) fn failure(
    error: &Error,
    path: &str,
    headers: &HeaderMap,
    is_route: bool,
    request_id: &str,
) -> Response {
    let stray = playhouse_wire::codecs().first().filter(|_| !is_route && path.starts_with("/v1/"));
    match playhouse_edge::codec_of(path, headers).or(stray.copied()) {
        Some(codec) => playhouse_edge::protocol_response(error, codec, request_id),
        None => Problem::response(error, request_id),
    }
}

async fn no_such_route(request: Request) -> Response {
    let message = format!("there is nothing at {}; see /docs for what there is", request.uri().path());
    refuse(&Error::new(ErrorKind::NotFound, message), false, request).await
}

async fn no_such_method(request: Request) -> Response {
    let message = format!("{} is not supported at {}; see /docs", request.method(), request.uri().path());
    refuse(&Error::new(ErrorKind::MethodNotAllowed, message), true, request).await
}

async fn refuse(error: &Error, is_route: bool, request: Request) -> Response {
    let identity = request.extensions().get::<Identity>();
    let request_id = identity.map_or("", |identity| &identity.request_id);
    let refusal = failure(error, request.uri().path(), request.headers(), is_route, request_id);
    intake::refuse(request.into_body(), refusal).await
}
