//! The routes of the compatible protocols.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request as HttpRequest, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use futures_util::StreamExt;
use http::{HeaderValue, header};
use playhouse_llm::{Context, Error, ErrorKind, Event, EventStream, Models, Provider};
use playhouse_wire::{Codec, Envelope, Incoming};

use crate::failure::protocol_response;
use crate::identity::Identity;
use crate::intake::{self, BodyLimits};
use crate::stream::{EVENT_STREAM_HEADERS, ProtocolStream};

/// Where models are listed.
pub const MODELS_ROUTE: &str = "/v1/models";
/// Where one of them is. Names may have slashes in them.
pub const MODEL_ROUTE: &str = "/v1/models/{*id}";

/// What the routes stand on.
#[derive(Clone)]
pub struct Edge {
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// Who says which models there are.
    pub models: Arc<dyn Models>,
    /// What is taken in of a request.
    pub limits: BodyLimits,
}

/// The routes of every protocol below `/v1`, the list of models, and each of them.
///
/// ```no_run
/// # fn provider() -> std::sync::Arc<dyn playhouse_llm::Provider> { unimplemented!() }
/// # fn models() -> std::sync::Arc<dyn playhouse_llm::Models> { unimplemented!() }
/// use playhouse_edge::{BodyLimits, Edge, router};
///
/// let edge = Edge { provider: provider(), models: models(), limits: BodyLimits::default() };
/// let app: axum::Router = router(edge);
/// ```
pub fn router(edge: Edge) -> Router {
    let mut router = Router::new().route(MODELS_ROUTE, list_route()).route(MODEL_ROUTE, model_route());
    for codec in playhouse_wire::codecs() {
        router = router.route(codec.route(), protocol_route(*codec));
    }
    router.with_state(edge)
}

/// The codec of the protocol whose route this path is, if it is one.
pub fn codec_of(path: &str) -> Option<&'static dyn Codec> {
    let mut codecs = playhouse_wire::codecs().iter().copied();
    if path.strip_prefix(MODELS_ROUTE).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return codecs.next();
    }
    codecs.find(|codec| codec.route() == path)
}

fn protocol_route(codec: &'static dyn Codec) -> MethodRouter<Edge> {
    post(move |State(edge): State<Edge>, mut request: HttpRequest| async move {
        let context = context_of(&request);
        answer(&edge, codec, context, &mut request).await
    })
    .fallback(move |request: HttpRequest| refuse_method(codec, "POST", request))
}

fn list_route() -> MethodRouter<Edge> {
    let codec = playhouse_wire::codecs()[0];
    get(move |State(edge): State<Edge>, request: HttpRequest| list_models(edge, codec, request))
        .fallback(move |request: HttpRequest| refuse_method(codec, "GET", request))
}

fn model_route() -> MethodRouter<Edge> {
    let codec = playhouse_wire::codecs()[0];
    get(move |State(edge): State<Edge>, id: Result<Path<String>, PathRejection>, request: HttpRequest| {
        // What cannot be read is no model's name.
        let id = id.map(|Path(id)| id).unwrap_or_default();
        read_model(edge, codec, id, request)
    })
    .fallback(move |request: HttpRequest| refuse_method(codec, "GET", request))
}

/// Answers a request of a protocol, in its own shape also where there is only an error to tell.
///
/// The body is taken out of the request.
pub async fn answer(
    edge: &Edge,
    codec: &'static dyn Codec,
    context: Arc<Context>,
    request: &mut HttpRequest,
) -> Response {
    match try_answer(edge, codec, &context, request).await {
        Ok(response) => response,
        Err(error) => protocol_response(&error, codec, &context.request_id),
    }
}

async fn try_answer(
    edge: &Edge,
    codec: &'static dyn Codec,
    context: &Arc<Context>,
    request: &mut HttpRequest,
) -> Result<Response, Error> {
    let is_json = intake::require_json(request.headers());
    let body = intake::read(std::mem::take(request.body_mut()), edge.limits).await?;
    is_json?;
    let incoming = codec.read_request(body)?;
    let envelope = envelope(&incoming, context);
    let request = incoming.request.within(context.clone());
    let stream = request.stream;
    let events = edge.provider.chat(request).await?;
    match stream {
        true => Ok(streamed(events, codec, envelope, context.request_id.clone())),
        false => whole(events, codec, &envelope).await,
    }
}

fn streamed(
    events: EventStream,
    codec: &'static dyn Codec,
    envelope: Envelope,
    request_id: Arc<str>,
) -> Response {
    let body = ProtocolStream::new(events, codec.stream_writer(envelope), request_id);
    let mut response = Response::new(Body::new(body));
    response.headers_mut().extend(EVENT_STREAM_HEADERS.map(|(name, value)| (Some(name), value)));
    response
}

async fn whole(
    events: EventStream,
    codec: &'static dyn Codec,
    envelope: &Envelope,
) -> Result<Response, Error> {
    let event = gather(events).await?;
    Ok(json_response(codec.write_reply(&event, envelope)?))
}

fn json_response(body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// The one event of a whole answer, or one put together from pieces.
async fn gather(mut events: EventStream) -> Result<Event, Error> {
    let Some(first) = events.next().await else {
        return Err(Error::bad_reply("the provider answered nothing"));
    };
    let first = first?;
    if first.is_whole() {
        // Polled to its end, so that everything below knows the answer was taken whole.
        while let Some(rest) = events.next().await {
            rest?;
        }
        return Ok(first);
    }
    let pieces = Box::pin(futures_util::stream::iter([Ok(first)]).chain(events));
    // Boxed: few answers come in pieces, and the others need no room for it.
    Ok(Event::reply(Box::pin(playhouse_llm::collect(pieces)).await?))
}

async fn list_models(edge: Edge, codec: &'static dyn Codec, request: HttpRequest) -> Response {
    match edge.models.list_models_for(&context_of(&request)).await {
        Ok(models) => json_response(playhouse_wire::openai::models::encode_list(&models)),
        Err(error) => protocol_response(&error, codec, &context_of(&request).request_id),
    }
}

async fn read_model(edge: Edge, codec: &'static dyn Codec, id: String, request: HttpRequest) -> Response {
    let found = edge.models.list_models_for(&context_of(&request)).await.and_then(|models| {
        let model = models.into_iter().find(|model| *model.id == *id);
        model.ok_or_else(|| {
            let message =
                format!("the model '{id}' is listed by no provider; {MODELS_ROUTE} lists those that are");
            Error::new(ErrorKind::NotFound, message)
        })
    });
    match found {
        Ok(model) => json_response(playhouse_wire::openai::models::encode_one(&model)),
        Err(error) => protocol_response(&error, codec, &context_of(&request).request_id),
    }
}

async fn refuse_method(codec: &'static dyn Codec, allowed: &'static str, request: HttpRequest) -> Response {
    let message = format!("{} is not supported here; use {allowed}", request.method());
    let error = Error::new(ErrorKind::MethodNotAllowed, message);
    let mut response = protocol_response(&error, codec, &context_of(&request).request_id);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    intake::refuse(request.into_body(), response).await
}

/// The context that whoever stands before the routes gave the request, or a new one.
fn context_of(request: &HttpRequest) -> Arc<Context> {
    let known = request.extensions().get::<Arc<Context>>().cloned();
    known.unwrap_or_else(|| Arc::new(Identity::from_headers(request.headers()).context()))
}

fn envelope(incoming: &Incoming, context: &Context) -> Envelope {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Envelope {
        id: context.request_id.clone(),
        created: since.as_secs(),
        model: incoming.request.model.clone(),
        include_usage: incoming.include_usage,
    }
}
