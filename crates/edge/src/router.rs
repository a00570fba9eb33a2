//! The routes of the compatible protocols.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request as HttpRequest, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, header};
use playhouse_llm::{
    Context, CountTokens, Error, ErrorKind, Event, EventStream, Models, PassedHeader, Provider, Request,
};
use playhouse_wire::{Codec, Counting, Envelope, Incoming, StreamWriter};

use crate::failure::{add_request_id, protocol_response};
use crate::identity::Identity;
use crate::intake::{self, BodyLimits};
use crate::stream::{EVENT_STREAM_HEADERS, ProtocolStream};

/// Where models are listed.
pub const MODELS_ROUTE: &str = "/v1/models";
/// Where one of them is. Names may have slashes in them.
pub const MODEL_ROUTE: &str = "/v1/models/{*id}";

/// Longer values of the fields that are passed on are not.
const MAX_PASSED_BYTES: usize = 1024;

/// What the routes stand on.
#[derive(Clone)]
pub struct Edge {
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// Who says which models there are.
    pub models: Arc<dyn Models>,
    /// Who counts the tokens of requests.
    pub counter: Arc<dyn CountTokens>,
    /// What is taken in of a request.
    pub limits: BodyLimits,
}

/// The routes of every protocol below `/v1`, the list of models, and each of them.
///
/// ```no_run
/// # fn provider() -> std::sync::Arc<dyn playhouse_llm::Provider> { unimplemented!() }
/// # fn models() -> std::sync::Arc<dyn playhouse_llm::Models> { unimplemented!() }
/// # fn counter() -> std::sync::Arc<dyn playhouse_llm::CountTokens> { unimplemented!() }
/// use playhouse_edge::{BodyLimits, Edge, router};
///
/// let limits = BodyLimits::default();
/// let edge = Edge { provider: provider(), models: models(), counter: counter(), limits };
/// let app: axum::Router = router(edge);
/// ```
pub fn router(edge: Edge) -> Router {
    let mut router = Router::new().route(MODELS_ROUTE, list_route()).route(MODEL_ROUTE, model_route());
    for codec in playhouse_wire::routed() {
        router = router.route(codec.route(), protocol_route(codec));
        if let Some(counting) = codec.counting() {
            router = router.route(counting.route(), counting_route(codec, counting));
        }
    }
    router.with_state(edge)
}

/// The paths of the routes that count tokens.
pub fn counting_routes() -> impl Iterator<Item = &'static str> {
    playhouse_wire::codecs().iter().filter_map(|codec| Some(codec.counting()?.route()))
}

/// The codec of the protocol whose path this is, if it is one: its route, or one below it.
///
/// The list of models has the same path in every protocol; the fields of the head tell who asks.
pub fn codec_of(path: &str, headers: &HeaderMap) -> Option<&'static dyn Codec> {
    match is_below(path, MODELS_ROUTE) {
        true => Some(codec_of_lists(headers)),
        false => playhouse_wire::routed().find(|codec| is_below(path, codec.route())),
    }
}

fn is_below(path: &str, route: &str) -> bool {
    path.strip_prefix(route).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The protocol whose own fields a request has, else the first.
fn codec_of_lists(headers: &HeaderMap) -> &'static dyn Codec {
    let codecs = playhouse_wire::codecs();
    let speaks = |codec: &&&'static dyn Codec| {
        codec.request_headers().iter().any(|field| headers.contains_key(field.name))
    };
    *codecs.iter().find(speaks).unwrap_or(&codecs[0])
}

fn protocol_route(codec: &'static dyn Codec) -> MethodRouter<Edge> {
    post(move |State(edge): State<Edge>, mut request: HttpRequest| async move {
        let context = context_of(&request);
        answer(&edge, codec, context, &mut request).await
    })
    .fallback(move |request: HttpRequest| refuse_method(codec, "POST", request))
}

fn counting_route(codec: &'static dyn Codec, counting: &'static dyn Counting) -> MethodRouter<Edge> {
    post(move |State(edge): State<Edge>, request: HttpRequest| count(edge, codec, counting, request))
        .fallback(move |request: HttpRequest| refuse_method(codec, "POST", request))
}

fn list_route() -> MethodRouter<Edge> {
    get(|State(edge): State<Edge>, request: HttpRequest| list_models(edge, request))
        .fallback(refuse_list_method)
}

fn model_route() -> MethodRouter<Edge> {
    get(|State(edge): State<Edge>, id: Result<Path<String>, PathRejection>, request: HttpRequest| {
        // What cannot be read is no model's name.
        let id = id.map(|Path(id)| id).unwrap_or_default();
        read_model(edge, id, request)
    })
    .fallback(refuse_list_method)
}

async fn refuse_list_method(request: HttpRequest) -> Response {
    refuse_method(codec_of_lists(request.headers()), "GET", request).await
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
        Ok(mut response) => {
            add_request_id(&mut response, codec, &context.request_id);
            response
        }
        Err(error) => protocol_response(&error, codec, &context.request_id),
    }
}

async fn try_answer(
    edge: &Edge,
    codec: &'static dyn Codec,
    context: &Arc<Context>,
    request: &mut HttpRequest,
) -> Result<Response, Error> {
    let incoming = take_in(edge, codec, context, request).await?;
    let envelope = envelope(&incoming, context);
    let asked = incoming.request;
    let events = edge.provider.chat(asked.clone()).await?;
    match asked.stream {
        true => {
            let writer = codec.stream_writer_to(&asked, envelope);
            Ok(streamed(events, writer, codec.keep_alive(), context.request_id.clone()))
        }
        false => whole(events, codec, &asked, &envelope).await,
    }
}

/// Takes a request in: its body, and the fields of its head that are part of what it says.
async fn take_in(
    edge: &Edge,
    codec: &'static dyn Codec,
    context: &Arc<Context>,
    request: &mut HttpRequest,
) -> Result<Incoming, Error> {
    let is_json = intake::require_json(request.headers());
    let body = intake::read(std::mem::take(request.body_mut()), edge.limits).await?;
    is_json?;
    read_incoming(codec, context, request.headers(), body)
}

/// Reads a request whose body has been taken in, with the fields of its head that are part of what it says.
///
/// # Errors
/// When the body is none of the protocol's.
pub fn read_incoming(
    codec: &'static dyn Codec,
    context: &Arc<Context>,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Incoming, Error> {
    let incoming = codec.read_request(body)?;
    let headers = passed_headers(codec, headers);
    let request = incoming.request.within(context.clone()).with_headers(headers);
    Ok(Incoming { request, ..incoming })
}

/// The fields of a protocol that a request has; several of one name are one, as HTTP has it.
fn passed_headers(codec: &dyn Codec, headers: &HeaderMap) -> Vec<PassedHeader> {
    let passed = codec.request_headers().iter().filter_map(|field| {
        let values: Vec<&str> =
            headers.get_all(field.name).iter().filter_map(|value| value.to_str().ok()).collect();
        let value = values.join(",");
        (!value.is_empty() && value.len() <= MAX_PASSED_BYTES).then(|| (field.name, value.into_boxed_str()))
    });
    passed.collect()
}

/// Answers a request for the count of its tokens.
async fn count(
    edge: Edge,
    codec: &'static dyn Codec,
    counting: &'static dyn Counting,
    mut request: HttpRequest,
) -> Response {
    let context = context_of(&request);
    let counted = match take_in(&edge, codec, &context, &mut request).await {
        Ok(incoming) => edge.counter.count_tokens(incoming.request).await,
        Err(error) => Err(error),
    };
    listed(counted.map(|count| counting.write_count(&count)), codec, &context.request_id)
}

fn streamed(
    events: EventStream,
    writer: Box<dyn StreamWriter>,
    keep_alive: Option<Bytes>,
    request_id: Arc<str>,
) -> Response {
    let body = ProtocolStream::new(events, writer, request_id, keep_alive);
    let mut response = Response::new(Body::new(body));
    response.headers_mut().extend(EVENT_STREAM_HEADERS.map(|(name, value)| (Some(name), value)));
    response
}

async fn whole(
    events: EventStream,
    codec: &'static dyn Codec,
    asked: &Request,
    envelope: &Envelope,
) -> Result<Response, Error> {
    let event = gather(events).await?;
    Ok(json_response(codec.write_reply_to(asked, &event, envelope)?))
}

fn json_response(body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// The one event of a whole answer, or one put together from pieces.
///
/// # Errors
/// What the answer broke with; or when there was none.
pub async fn gather(mut events: EventStream) -> Result<Event, Error> {
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

async fn list_models(edge: Edge, request: HttpRequest) -> Response {
    let (codec, context) = (codec_of_lists(request.headers()), context_of(&request));
    let models = edge.models.list_models_for(&context).await.map(|models| codec.write_models(&models));
    listed(models, codec, &context.request_id)
}

async fn read_model(edge: Edge, id: String, request: HttpRequest) -> Response {
    let (codec, context) = (codec_of_lists(request.headers()), context_of(&request));
    let found = edge.models.list_models_for(&context).await.and_then(|models| {
        let model = models.into_iter().find(|model| *model.id == *id);
        model.ok_or_else(|| {
            let message =
                format!("the model '{id}' is listed by no provider; {MODELS_ROUTE} lists those that are");
            Error::new(ErrorKind::NotFound, message)
        })
    });
    listed(found.map(|model| codec.write_model(&model)), codec, &context.request_id)
}

/// The response of a body in a protocol, or of a failure to make one.
fn listed(body: Result<Bytes, Error>, codec: &dyn Codec, request_id: &str) -> Response {
    match body {
        Ok(body) => {
            let mut response = json_response(body);
            add_request_id(&mut response, codec, request_id);
            response
        }
        Err(error) => protocol_response(&error, codec, request_id),
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
