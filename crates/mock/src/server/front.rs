//! Where a request goes: a protocol, the control API, a probe, or nowhere.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use playhouse_edge::{Identity, Problem, intake, status_of};
use playhouse_llm::Error;
use tokio::time::Instant;

use super::Double;
use super::control::{self, ControlRequest};
use super::exchange::Exchange;
use super::listen::ConnectionControl;
use super::target::{self, split_path};
use crate::protocols::{self, MockProtocol, Vendor};

/// What probes ask.
const PROBES: [&str; 4] = ["/health", "/health/ready", "/livez", "/readyz"];

/// Answers a request.
pub(super) async fn answer(
    double: &Double,
    request: Request<Body>,
    connection: ConnectionControl,
) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if let Some(protocol) = protocol_of(&parts.method, path, &parts.headers) {
        return converse(double, protocol, parts, body, connection).await;
    }
    if PROBES.contains(&path) {
        return json(StatusCode::OK, r#"{"status":"healthy"}"#);
    }
    if control::claims(path) {
        return steer(double, &parts, body).await;
    }
    let vendor = vendor_of(path, &parts.headers);
    let error = vendor.unknown_path(&parts.method, path).to_error(vendor.name());
    refuse(error, vendor, &parts, body).await
}

/// Answers what a test tells or asks the double.
async fn steer(double: &Double, parts: &Parts, body: Body) -> Response {
    let body = match intake::read(body, double.limits()).await {
        Ok(body) => body,
        Err(error) => return Problem::response(&error, ""),
    };
    let request = ControlRequest { method: &parts.method, uri: &parts.uri, headers: &parts.headers, body };
    control::answer(double, request).await.map(Body::from)
}

/// The protocol of a path. Where a path has several it is one whose vendor is addressed, and preferably
/// one that takes the method.
fn protocol_of(method: &Method, path: &str, headers: &HeaderMap) -> Option<&'static dyn MockProtocol> {
    let (_, path) = split_path(path);
    let mut claiming = protocols::protocols().iter().filter(|protocol| protocol.claims(path));
    let fits = |protocol: &&dyn MockProtocol| {
        let takes = protocol.methods().contains(method);
        (protocol.vendor().is_addressed(path, headers), takes)
    };
    // The first of those that fit equally.
    let first = *claiming.next()?;
    Some(claiming.fold(first, |best, protocol| if fits(protocol) > fits(&best) { *protocol } else { best }))
}

/// Whom a request means that has no protocol's path; the first vendor where it does not say.
fn vendor_of(path: &str, headers: &HeaderMap) -> &'static dyn Vendor {
    let mut vendors = protocols::protocols().iter().map(|protocol| protocol.vendor());
    vendors
        .find(|vendor| vendor.is_addressed(path, headers))
        .unwrap_or_else(|| protocols::protocols()[0].vendor())
}

async fn converse(
    double: &Double,
    protocol: &'static dyn MockProtocol,
    mut parts: Parts,
    body: Body,
    connection: ConnectionControl,
) -> Response {
    let (of_path, path) = split_path(parts.uri.path());
    let key = protocol.vendor().api_key(&parts.headers);
    let namespace =
        target::namespace(of_path, &parts.headers, key).and_then(|name| double.engine().namespace(name));
    let namespace = match namespace {
        Ok(namespace) => namespace,
        Err(error) => return refuse(error, protocol.vendor(), &parts, body).await,
    };
    if !protocol.methods().contains(&parts.method) {
        let violation = protocol.vendor().wrong_method(&parts.method, path);
        return refuse(violation.to_error(protocol.vendor().name()), protocol.vendor(), &parts, body).await;
    }
    let (headers, started) = (Arc::new(std::mem::take(&mut parts.headers)), Instant::now());
    Exchange { double, protocol, namespace, path, parts: &parts, headers, connection, started }
        .answer(body)
        .await
}

/// Refuses a request nobody decides on, in the shape of a protocol's vendor.
async fn refuse(error: Error, vendor: &dyn Vendor, parts: &Parts, body: Body) -> Response {
    let identity = Identity::from_headers(&parts.headers);
    let status = status_of(&error);
    let told = vendor.error_body(&error, status.as_u16(), &identity.request_id);
    let mut response = Response::new(Body::from(told));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    vendor.add_headers(&identity.request_id, response.headers_mut());
    playhouse_telemetry::info!(
        method = %parts.method,
        path = parts.uri.path(),
        status_code = status.as_u16(),
        error = error.message.as_str(),
        "Refused a request"
    );
    intake::refuse(body, response).await
}

fn json(status: StatusCode, body: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
