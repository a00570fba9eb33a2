//! Problem details (RFC 9457): the errors of native routes.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use playhouse_llm::{Error, ErrorKind};
use serde::Serialize;

use crate::failure::{add_retry_after, status_of};

/// A failure as native routes tell it.
///
/// ```
/// use playhouse_edge::Problem;
/// use playhouse_llm::{Error, ErrorKind};
///
/// let problem = Problem::from(&Error::new(ErrorKind::Conflict, "session 's1' is busy"));
/// assert_eq!(problem.status, 409);
/// assert_eq!(problem.code, "conflict");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Always `about:blank`: the status and `code` say what kind of problem this is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What failed, for which input, and what to do.
    pub detail: String,
    /// The stable name of the kind of failure.
    pub code: &'static str,
    /// The offending field of the request, where one is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
    /// The request's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// The same problem, saying of which request it is.
    #[must_use]
    pub fn of_request(self, request_id: &str) -> Self {
        Self { request_id: Some(request_id.to_owned()), ..self }
    }

    /// A request whose head cannot be read, or did not come in time: it has no route yet.
    pub fn unreadable(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                ("too_large", "the head of the request is too large or has too many fields; send less")
            }
            StatusCode::URI_TOO_LONG => {
                ("too_large", "the address of the request is too long; send what it holds in the body")
            }
            StatusCode::REQUEST_TIMEOUT => {
                ("timeout_head", "the head of the request did not arrive in time; send it at once")
            }
            _ => {
                ("invalid_request", "the request is no HTTP/1.1; check its first line and its header fields")
            }
        };
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.to_owned(),
            code,
            param: None,
            request_id: None,
        }
    }

    /// A response that tells a failure of a native route.
    pub fn response(error: &Error, request_id: &str) -> Response {
        let mut response = Self::from(error).of_request(request_id).into_response();
        add_retry_after(&mut response, error);
        if error.kind == ErrorKind::Unauthenticated {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let status = status_of(error);
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: error.message.clone(),
            code: error.kind.as_str(),
            param: error.param.clone(),
            request_id: None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // A problem is strings and a number: it always serializes.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let media_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        response
    }
}
