//! A run as the answer to a request: whole, or as server-sent events.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use playhouse_agent::{Run, RunStatus};
use playhouse_edge::Identity;
use playhouse_llm::Error;
use playhouse_store::Scope;
use playhouse_telemetry::RequestScope;

use super::extract::Failure;
use super::run_events::RunTeller;
use super::runs::RunView;
use super::sse;
use super::stored_run::RunInStore;
use crate::agents::desk::BegunRun;
use crate::app::App;
use crate::config::OnDisconnect;
use crate::live::{Follower, Subject, Teller};
use crate::turns::NotBegun;

const RUN_ID: HeaderName = HeaderName::from_static("x-run-id");

/// How a run is asked for.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    pub(super) stream: bool,
    pub(super) on_disconnect: OnDisconnect,
}

/// Answers with a run that has begun, or that the same request has begun before.
///
/// # Errors
/// When it did not begin, or the model refused before the run had done anything; the error is the model's.
pub(super) async fn answer(
    app: &App,
    begun: Result<BegunRun, NotBegun>,
    wish: Wish,
    identity: &Identity,
) -> Result<Response, Failure> {
    let answered = match begun {
        Ok(run) => answer_with(app, run, wish, identity).await,
        Err(NotBegun::Before(id)) => answer_again(app, &id, wish.stream).await,
        Err(NotBegun::KeyTaken) => return Err(Failure::key_taken(identity)),
        Err(NotBegun::Refused(error)) => Err(error),
    };
    answered.map_err(|error| Failure::new(error, identity))
}

/// The response that tells a run as it goes.
pub(super) fn streamed(follower: Follower, run_id: &str) -> Response {
    named(sse::response(follower), run_id)
}

async fn answer_with(app: &App, run: BegunRun, wish: Wish, identity: &Identity) -> Result<Response, Error> {
    let stored = RunInStore::of(app, Scope::Everything, &run.id);
    let id = run.id.clone();
    let subject = Subject::Run(id.clone());
    let (teller, told) = Teller::new(&subject, app.turns().shared.live.clone(), wish.on_disconnect);
    let signals = app.turns().shared.signals.clone();
    let teller = RunTeller { run, request_id: identity.request_id.clone(), teller, subject, signals };
    let scope = RequestScope::new(identity.request_id.clone());
    if wish.stream {
        tokio::spawn(scope.run(teller.tell_all()));
        return Ok(streamed(stored.follower(0).told(told), &id));
    }
    let telling = tokio::spawn(scope.run(teller.watch_silently()));
    let end = telling.await.unwrap_or_default();
    drop(told);
    refusal(end).map_or(Ok(()), Err)?;
    // It is in the store before it counts as ended.
    app.runs().running.ended(&id).await;
    Ok(named(Json(RunView::from(stored.read().await?)).into_response(), &id))
}

/// The answer of a run that the same request has begun before.
async fn answer_again(app: &App, run_id: &str, stream: bool) -> Result<Response, Error> {
    // Whoever has the key has the run: a key is its caller's own.
    let stored = RunInStore::of(app, Scope::Everything, run_id);
    if stream {
        let run = stored.read().await?;
        return Ok(streamed(stored.follower(0), &run.summary.id));
    }
    let run = stored.ended().await?;
    Ok(named(Json(RunView::from(run)).into_response(), run_id))
}

/// The model's own refusal, if that is all that came of a run.
fn refusal(end: Option<Arc<Run>>) -> Option<Error> {
    let end = end.filter(|end| end.status == RunStatus::Failed && end.steps.is_empty())?;
    end.error.clone()
}

fn named(mut response: Response, run_id: &str) -> Response {
    // An id is a UUID.
    if let Ok(id) = HeaderValue::from_str(run_id) {
        response.headers_mut().insert(RUN_ID, id);
    }
    response
}
