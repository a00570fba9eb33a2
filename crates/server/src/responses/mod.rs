//! OpenAI's responses and their state: answers that are kept, gone on from, and made without anybody waiting.
//!
//! What neither is kept nor goes on from anything is the edge's alone. The rest is asked of the provider with all
//! that was said before, and told under an id of this server's.
//!
//! In reading order: `id` → [`asked`](Asked) (a request, and what was said before it) → `creation` (which way it
//! goes) → `foreground` (its caller waits) and `background` (a task of its own) → `kept` (as it is stored) →
//! `reading` and `cancelling` (the routes of those that are there) → `query` (what they are asked with).

mod asked;
mod background;
mod cancelling;
mod creation;
mod foreground;
mod id;
mod kept;
mod query;
mod reading;

use axum::Json;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use playhouse_edge::protocol_response;
use playhouse_llm::{Context, Error};
use playhouse_wire::OpenAiResponses;
use serde_json::Value;

use self::asked::Asked;
pub(crate) use self::creation::create;
use crate::routes::Route;

/// The routes of responses that are there.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        ("/v1/responses/{id}", get(reading::read).delete(reading::delete)),
        ("/v1/responses/{id}/cancel", post(cancelling::cancel)),
        ("/v1/responses/{id}/input_items", get(reading::input_items)),
    ]
}

/// What a route of the protocol answers.
fn answer(outcome: Result<Response, Error>, context: &Context) -> Response {
    outcome.unwrap_or_else(|error| protocol_response(&error, &OpenAiResponses, &context.request_id))
}

fn json(body: Value) -> Response {
    Json(body).into_response()
}
