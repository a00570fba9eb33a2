//! Errors as HTTP: the one place where a failure gets its status.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use playhouse_llm::{Error, ErrorKind};
use playhouse_wire::Codec;

/// Answered where the caller went away first; it is only ever seen in logs.
pub const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The status a failure is answered with: the upstream's own where that is the one that refused.
///
/// ```
/// use playhouse_edge::status_of;
/// use playhouse_llm::{Error, ErrorKind};
///
/// assert_eq!(status_of(&Error::new(ErrorKind::Unreachable, "no route to host")), 502);
/// ```
pub fn status_of(error: &Error) -> StatusCode {
    let upstream = error.upstream_status().and_then(|status| StatusCode::from_u16(status).ok());
    let refused = upstream.filter(|status| status.is_client_error() || status.is_server_error());
    refused.unwrap_or_else(|| status_of_kind(error.kind))
}

fn status_of_kind(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::InvalidRequest => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::RateLimited | ErrorKind::BudgetExhausted => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Overloaded | ErrorKind::CircuitOpen => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Unreachable | ErrorKind::Upstream | ErrorKind::BadReply | ErrorKind::Interrupted => {
            StatusCode::BAD_GATEWAY
        }
        ErrorKind::Cancelled => {
            StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A failure in the shape of a protocol's vendor.
pub fn protocol_response(error: &Error, codec: &dyn Codec, request_id: &str) -> Response {
    let status = status_of(error);
    let body = codec.write_error(error, status.as_u16(), request_id);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    add_retry_after(&mut response, error);
    response
}

/// Tells the caller when to come back, where somebody said so.
pub(crate) fn add_retry_after(response: &mut Response, error: &Error) {
    let Some(wait) = error.retry_after else { return };
    // Rounded up: a caller must not come back too early.
    let wait_s = wait.as_millis().div_ceil(1000);
    if let Ok(value) = HeaderValue::try_from(wait_s.to_string()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
}
