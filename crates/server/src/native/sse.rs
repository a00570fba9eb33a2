//! Responses whose body is a stream of events that somebody follows.

use std::convert::Infallible;

use axum::body::Body;
use axum::response::Response;
use futures_util::StreamExt;
use http::HeaderMap;
use playhouse_edge::EVENT_STREAM_HEADERS;
use playhouse_llm::Error;

use super::unfit;
use crate::live::Follower;

/// The response that tells what somebody follows.
pub(crate) fn response(follower: Follower) -> Response {
    let mut response = Response::new(Body::from_stream(follower.into_stream().map(Ok::<_, Infallible>)));
    response.headers_mut().extend(EVENT_STREAM_HEADERS.map(|(name, value)| (Some(name), value)));
    response
}

/// The id of the last event that a client has: what its library sends when it connects again, or else
/// what it asks for.
pub(super) fn last_event_id(headers: &HeaderMap, after: Option<u64>) -> Result<u64, Error> {
    let Some(header) = headers.get("last-event-id") else { return Ok(after.unwrap_or_default()) };
    let id = header.to_str().ok().and_then(|id| id.trim().parse().ok());
    id.ok_or_else(|| unfit("Last-Event-ID", "Last-Event-ID takes the id of an event: a number from 1"))
}
