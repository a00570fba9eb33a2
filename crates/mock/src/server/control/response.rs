//! Answers of the control API.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use playhouse_edge::Problem;
use playhouse_llm::{Error, ErrorKind};
use serde::Serialize;

/// An answer, or why there is none.
pub(super) type Answered = Result<Response<Bytes>, Error>;

/// The page runs its own script only, and asks nobody but this server.
const PAGE_POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                           connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn json(value: &impl Serialize) -> Answered {
    written(StatusCode::OK, "application/json", value)
}

pub(super) fn html(page: &'static str) -> Response<Bytes> {
    let body = Bytes::from_static(page.as_bytes());
    let mut response = typed(StatusCode::OK, "text/html; charset=utf-8", body);
    set(&mut response, header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    response
}

pub(super) fn no_content() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

pub(super) fn moved(to: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    set(&mut response, header::LOCATION, to);
    response
}

pub(super) fn failure(error: &Error) -> Response<Bytes> {
    problem(&Problem::from(error), Problem::from(error).status)
}

/// A problem, perhaps with more fields than usual.
pub(super) fn problem(problem: &impl Serialize, status: u16) -> Response<Bytes> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // A problem is strings and numbers: it always serializes.
    written(status, "application/problem+json", problem).unwrap_or_else(|_| Response::new(Bytes::new()))
}

pub(super) fn not_allowed(path: &str, methods: &[Method]) -> Response<Bytes> {
    let methods: Vec<&str> = methods.iter().map(Method::as_str).collect();
    let methods = methods.join(", ");
    let error = Error::new(ErrorKind::MethodNotAllowed, format!("'{path}' takes {methods} only"));
    let mut response = failure(&error);
    set(&mut response, header::ALLOW, &methods);
    response
}

fn written(status: StatusCode, content_type: &str, value: &impl Serialize) -> Answered {
    let body = serde_json::to_vec(value)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("the answer cannot be written: {error}")))?;
    Ok(typed(status, content_type, body.into()))
}

fn typed(status: StatusCode, content_type: &str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, content_type);
    set(&mut response, header::CACHE_CONTROL, "no-store");
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

/// Sets a header; all of them are written in this folder and can be one.
fn set(response: &mut Response<Bytes>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
