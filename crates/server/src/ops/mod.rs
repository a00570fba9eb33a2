//! Operations routes: health, metrics, and the pages that describe the API.

pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod metrics;

use axum::routing::get;

use crate::routes::Route;

/// The routes of operations.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        ("/health", get(health::alive)),
        ("/livez", get(health::alive)),
        ("/health/ready", get(health::ready)),
        ("/readyz", get(health::ready)),
        ("/health/detailed", get(health::detailed)),
        ("/metrics", get(metrics::metrics)),
        ("/openapi.json", get(docs::openapi_json)),
        ("/docs", get(docs::page)),
    ]
}
