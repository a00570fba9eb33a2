//! `/v1/responses/{id}`: a response that is there.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use http::Uri;
use playhouse_llm::{Context, Error};
use playhouse_store::Scope;
use playhouse_wire::openai::responses::state::{encode_deleted, listed, refusals};
use playhouse_wire::openai::stored::encode_page;
use serde_json::Value;

use super::asked::chain_of;
use super::kept::{Kept, body_of, input_of};
use super::query::{ListQuery, told_after};
use super::{answer, id, json};
use crate::app::App;
use crate::native::extract::Within;
use crate::native::sse;

/// Reads a response, or follows it.
pub(super) async fn read(
    State(app): State<App>,
    Extension(context): Extension<Arc<Context>>,
    within: Within,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    answer(try_read(&app, within.scope(), &id, &uri).await, &context)
}

async fn try_read(app: &App, scope: Scope, id: &str, uri: &Uri) -> Result<Response, Error> {
    let after = told_after(uri)?;
    let kept = Kept::told(app, scope, id)?;
    let response = kept.read().await?;
    match after {
        None => Ok(json(body_of(&response))),
        Some(_) if !response.background => Err(refusals::stream_synchronous()),
        Some(_) if !response.streamed => Err(refusals::stream_whole()),
        Some(after) => Ok(sse::response(kept.follower(after))),
    }
}

/// Deletes a response.
pub(super) async fn delete(
    State(app): State<App>,
    Extension(context): Extension<Arc<Context>>,
    within: Within,
    Path(id): Path<String>,
) -> Response {
    let deleted = async {
        match Kept::told(&app, within.scope(), &id)?.delete().await? {
            true => Ok(json(encode_deleted(&id))),
            false => Err(refusals::not_found(&id)),
        }
    };
    answer(deleted.await, &context)
}

/// Lists what was asked in a response: all that was said before, and its own input.
pub(super) async fn input_items(
    State(app): State<App>,
    Extension(context): Extension<Arc<Context>>,
    within: Within,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    answer(try_list(&app, within.scope(), &id, &uri).await, &context)
}

async fn try_list(app: &App, scope: Scope, told: &str, uri: &Uri) -> Result<Response, Error> {
    let query = ListQuery::of(uri)?;
    Kept::told(app, scope.clone(), told)?.read().await?;
    let chain = chain_of(app, &scope, told).await?;
    let items = chain.iter().flat_map(|response| {
        let (at, body) = (id::told(&response.id), body_of(response));
        listed(&at, &input_of(response), Some(&body).filter(|_| at != told))
    });
    let (page, has_more) = page_of(items.collect(), &query);
    let page = serde_json::from_slice(&encode_page(&page, has_more)).unwrap_or_default();
    Ok(json(page))
}

/// The part of a list that is wanted, and whether more follows.
fn page_of(mut items: Vec<Value>, query: &ListQuery) -> (Vec<Value>, bool) {
    if !query.is_ascending {
        items.reverse();
    }
    let place = |named: &Option<String>, items: &[Value]| {
        let named = named.as_deref()?;
        items.iter().position(|item| item.get("id").and_then(Value::as_str) == Some(named))
    };
    if let Some(before) = place(&query.before, &items) {
        items.truncate(before);
    }
    if let Some(after) = place(&query.after, &items) {
        items.drain(..=after);
    }
    let has_more = items.len() > query.limit;
    items.truncate(query.limit);
    (items, has_more)
}
