//! Whether the process lives, wants requests, and has what it stands on. None of it calls a model.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::future::join;
use http::StatusCode;
use playhouse_provider::{CircuitReading, CircuitState};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::app::App;
use crate::lifecycle::Phase;

/// A dependency that does not answer within this time counts as away.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How the process is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `healthy`, or `degraded` when something it stands on is away.
    status: &'static str,
}

/// Whether requests should come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ready`, `starting` or `draining`.
    status: &'static str,
}

/// How the process and what it stands on are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DetailedHealth {
    /// `healthy`, or `degraded` when something it stands on is away or a deployment's circuit is open.
    status: &'static str,
    /// What it stands on.
    checks: Checks,
    /// Where the circuits of deployments stand, by `provider/model`: `closed`, `paused`, `half_open` or `open`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    upstreams: BTreeMap<String, &'static str>,
}

/// What the process stands on: `ok` or `error` each.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Checks {
    /// Where sessions and call records are kept.
    database: &'static str,
    /// What replicas share, where they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<&'static str>,
}

/// Whether the process lives; touches nothing else.
#[utoipa::path(get, path = "/health", tag = "operations", responses((status = 200, body = Health)), security(()))]
pub(crate) async fn alive() -> Json<Health> {
    Json(Health { status: "healthy" })
}

/// Whether requests should come: 503 while starting or draining.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "operations",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)),
    security(()),
)]
pub(crate) async fn ready(State(app): State<App>) -> Response {
    let (status_code, status) = match app.lifecycle().phase() {
        Phase::Ready => (StatusCode::OK, "ready"),
        Phase::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        Phase::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
    };
    (status_code, Json(Readiness { status })).into_response()
}

/// How what the process stands on is; probed with a bound, never calls a model.
#[utoipa::path(get, path = "/health/detailed", tag = "operations", responses((status = 200, body = DetailedHealth)), security(()))]
pub(crate) async fn detailed(State(app): State<App>) -> Json<DetailedHealth> {
    let probe_redis = async { Some(app.shared().redis()?.probe().await.is_ok()) };
    let (database, redis) = join(timeout(PROBE_TIMEOUT, app.store().probe()), probe_redis).await;
    let database = matches!(database, Ok(Ok(())));
    let circuits = app.circuits();
    let is_open = circuits.iter().any(|circuit| circuit.state == CircuitState::Open);
    let is_healthy = database && redis.unwrap_or(true) && !is_open;
    let named =
        |circuit: CircuitReading| (format!("{}/{}", circuit.provider, circuit.model), circuit.state.as_str());
    Json(DetailedHealth {
        status: if is_healthy { "healthy" } else { "degraded" },
        checks: Checks { database: word(database), redis: redis.map(word) },
        upstreams: circuits.into_iter().map(named).collect(),
    })
}

fn word(answers: bool) -> &'static str {
    if answers { "ok" } else { "error" }
}
