//! `POST /v1/responses`: which way a request goes.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;
use playhouse_edge::{Edge, intake};
use playhouse_llm::{Context, Error};
use playhouse_wire::OpenAiResponses;
use playhouse_wire::openai::responses::state::is_stateless;

use super::{Asked, answer, background, foreground};
use crate::app::App;
use crate::native::idempotency;

/// Answers a request. The body is taken out of it.
pub(crate) async fn create(app: &App, edge: &Edge, context: Arc<Context>, request: &mut Request) -> Response {
    let (parts, body) = std::mem::take(request).into_parts();
    let body = match take_in(edge, &parts.headers, body).await {
        Ok(body) => body,
        Err(error) => return answer(Err(error), &context),
    };
    if is_stateless(&body) {
        let mut request = Request::from_parts(parts, Body::from(body));
        return playhouse_edge::answer(edge, &OpenAiResponses, context, &mut request).await;
    }
    // Boxed: what has no state needs no room for it.
    answer(Box::pin(with_state(app, edge, &context, &parts, &body)).await, &context)
}

async fn take_in(edge: &Edge, headers: &HeaderMap, body: Body) -> Result<Bytes, Error> {
    let is_json = intake::require_json(headers);
    let body = intake::read(body, edge.limits).await?;
    is_json.map(|()| body)
}

async fn with_state(
    app: &App,
    edge: &Edge,
    context: &Arc<Context>,
    parts: &Parts,
    body: &Bytes,
) -> Result<Response, Error> {
    let asked = Asked::read(app, context, &parts.headers, body).await?;
    match (asked.head.background, asked.head.stream) {
        (true, _) => {
            let key = idempotency::key(app, parts, context.key_id.as_deref(), body)?;
            background::answer(app, edge, asked, key).await
        }
        (false, true) => foreground::stream(app, edge, asked).await,
        (false, false) => foreground::whole(app, edge, asked).await,
    }
}
