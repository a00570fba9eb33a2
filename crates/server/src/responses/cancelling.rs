//! `POST /v1/responses/{id}/cancel`: ending a response that nobody waits for.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use playhouse_llm::{Context, Error, ErrorKind};
use playhouse_store::{ResponseStatus, Scope, StoredResponse};
use playhouse_wire::openai::responses::state::refusals;
use tokio::time::timeout;

use super::kept::{Kept, body_of};
use super::{answer, json};
use crate::app::App;
use crate::native::extract::Within;

/// How long a response may take to end once it is cancelled.
const PATIENCE: Duration = Duration::from_secs(5);

/// Cancels a response, wherever it runs.
pub(super) async fn cancel(
    State(app): State<App>,
    Extension(context): Extension<Arc<Context>>,
    within: Within,
    Path(id): Path<String>,
) -> Response {
    answer(try_cancel(&app, within.scope(), &id).await, &context)
}

async fn try_cancel(app: &App, scope: Scope, id: &str) -> Result<Response, Error> {
    let kept = Kept::told(app, scope, id)?;
    let response = kept.read().await?;
    if !check(&response)? {
        return Ok(json(body_of(&response)));
    }
    // Should others be out of reach, it may still be here.
    let _ = app.turns().shared.signals.raise(&kept.subject().cancel_signal()).await;
    match timeout(PATIENCE, kept.ended()).await {
        Ok(ended) => ended.map(|response| json(body_of(&response))),
        Err(_) => {
            let message =
                format!("The response '{id}' did not end yet; it may be answered by a server out of reach.");
            Err(Error::new(ErrorKind::Overloaded, message).retry_after(PATIENCE))
        }
    }
}

/// Whether there is something to cancel; who cancels twice is told the same twice.
fn check(response: &StoredResponse) -> Result<bool, Error> {
    match response.status {
        _ if !response.background => Err(refusals::cancel_synchronous()),
        ResponseStatus::InProgress => Ok(true),
        ResponseStatus::Cancelled => Ok(false),
        status => Err(refusals::cancel_ended(status.as_str())),
    }
}
