//! stub
use axum::body::Body;
use axum::response::Response;
use http::request::Parts;

use super::Double;

pub(super) async fn answer(_double: &Double, _parts: &Parts, _path: &str, _body: Body) -> Response {
    Response::new(Body::empty())
}
