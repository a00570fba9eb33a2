//! `GET /metrics`: what Prometheus scrapes.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use playhouse_telemetry::metrics::CONTENT_TYPE;

use crate::app::App;

/// All metrics, in the Prometheus text format.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operations",
    responses((status = 200, content_type = "text/plain", body = String), (status = "default", response = crate::ops::docs::ProblemResponse)),
)]
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], app.render_metrics()).into_response()
}
