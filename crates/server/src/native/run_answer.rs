//! A run as the answer to a request: whole, or as server-sent events.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use playhouse_agent::{RunEvent, RunStatus};
use playhouse_edge::Identity;
use playhouse_llm::Error;
use playhouse_store::Scope;

use super::run_events;
use super::runs::RunView;
use crate::agents::desk::{BegunRun, unknown_run};
use crate::app::App;
use crate::failure::store_failure;

const RUN_ID: HeaderName = HeaderName::from_static("x-run-id");

/// Answers with a run that has begun.
///
/// # Errors
/// When the model refused before the run had done anything; the error is the model's.
pub(super) async fn answer(
    app: &App,
    run: BegunRun,
    stream: bool,
    identity: &Identity,
) -> Result<Response, Error> {
    let id = run.id.clone();
    let mut response = match stream {
        true => run_events::response(run, identity.request_id.clone()),
        false => Json(ended(app, run).await?).into_response(),
    };
    // An id is a UUID.
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(RUN_ID, id);
    }
    Ok(response)
}

/// Waits for the end of a run.
async fn ended(app: &App, mut run: BegunRun) -> Result<RunView, Error> {
    let mut end = None;
    while let Some(event) = run.events.recv().await {
        if let RunEvent::Done(run) = event {
            end = Some(run);
        }
    }
    if let Some(end) = end
        && end.status == RunStatus::Failed
        && end.steps.is_empty()
        && let Some(error) = &end.error
    {
        return Err(error.clone());
    }
    // It is in the store before it counts as ended.
    app.runs().running.ended(&run.id).await;
    let stored = app.store().run(&Scope::Everything, &run.id).await.map_err(|error| store_failure(&error))?;
    stored.map(RunView::from).ok_or_else(|| unknown_run(&run.id))
}
