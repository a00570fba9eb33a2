//! A request that has to do with state, read, and what was said before it.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use playhouse_edge::read_incoming;
use playhouse_llm::{Context, Error, Request};
use playhouse_store::{
    ChainBounds, ChainGap, IdempotencyKey, NewResponse, ResponseStatus, Scope, StoredResponse,
};
use playhouse_wire::openai::responses::RequestHead;
use playhouse_wire::openai::responses::state::{
    Mark, made_in, referenced, refusals, resolved, said_again, told_upstream,
};
use playhouse_wire::{Envelope, OpenAiResponses};
use serde_json::Value;

use super::id;
use super::kept::{body_of, input_of};
use crate::app::App;
use crate::failure::store_failure;

/// The longest chain that is gone on from.
pub(super) const MOST_IN_CHAIN: u32 = 1_000;

/// What is asked, and what its answer will be known by.
pub(super) struct Asked {
    /// As it is stored.
    pub(super) id: Arc<str>,
    pub(super) head: RequestHead,
    pub(super) mark: Mark,
    /// For the provider: all that was said before is in it.
    pub(super) request: Request,
    previous: Option<Arc<str>>,
    created_at_us: i64,
}

impl Asked {
    /// Reads a request, and what was said before it from the store.
    pub(super) async fn read(
        app: &App,
        context: &Arc<Context>,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Self, Error> {
        let mut head = RequestHead::read(body).map_err(Error::invalid_request)?;
        check(&head)?;
        let scope = Scope::of(context.key_id.as_ref());
        let (previous, said_before) = match &head.previous_response_id {
            Some(told) => said_up_to(app, &scope, told).await?,
            None => (None, Vec::new()),
        };
        look_up(app, &scope, &mut head.input).await?;
        let body = told_upstream(body, &head, &said_before).map_err(Error::invalid_request)?;
        let request = read_incoming(&OpenAiResponses, context, headers, body)?.request;
        let (id, now) = (id::new(), jiff::Timestamp::now());
        let mark = Mark {
            id: id::told(&id),
            created: now.as_second().unsigned_abs(),
            previous: head.previous_response_id.clone(),
            store: head.store,
            background: head.background,
        };
        Ok(Self { id, mark, request, previous, created_at_us: now.as_microsecond(), head })
    }

    /// What its answer needs that the provider may not say.
    pub(super) fn envelope(&self) -> Envelope {
        Envelope {
            id: self.mark.id.trim_start_matches("resp_").into(),
            created: self.mark.created,
            model: self.request.model.clone(),
            include_usage: true,
        }
    }

    /// Its answer as it is kept from the beginning: it runs.
    pub(super) fn begun(&self, body: &Value, idempotency: Option<IdempotencyKey>) -> NewResponse {
        NewResponse { idempotency, ..self.kept(ResponseStatus::InProgress, None, body) }
    }

    /// Its answer as it is kept once it has ended.
    pub(super) fn ended(&self, status: &str, body: &Value) -> NewResponse {
        let now_us = jiff::Timestamp::now().as_microsecond();
        self.kept(status_named(status), Some(now_us), body)
    }

    fn kept(&self, status: ResponseStatus, ended_at_us: Option<i64>, body: &Value) -> NewResponse {
        NewResponse {
            id: self.id.clone(),
            key_id: self.request.context.key_id.clone(),
            previous: self.previous.clone(),
            status,
            background: self.head.background,
            streamed: self.head.stream,
            model: self.head.model.as_str().into(),
            created_at_us: self.created_at_us,
            ended_at_us,
            input: Value::from(self.head.input.clone()).to_string(),
            body: body.to_string(),
            items: items_of(body),
            idempotency: None,
        }
    }
}

/// The ids of what an answer made.
pub(super) fn items_of(body: &Value) -> Vec<Arc<str>> {
    made_in(body).map(Arc::from).collect()
}

/// The status of an answer that has ended like this.
pub(super) fn status_named(name: &str) -> ResponseStatus {
    let ended = ResponseStatus::named(name).filter(|status| !status.is_running());
    ended.unwrap_or(ResponseStatus::Completed)
}

/// Reads a response with those it goes on from.
pub(super) async fn chain_of(app: &App, scope: &Scope, told: &str) -> Result<Vec<StoredResponse>, Error> {
    let Some(id) = id::stored(told) else { return Err(refusals::previous_not_found(told)) };
    let max_bytes = app.body_limits().max_bytes as u64;
    let bounds = ChainBounds { max_responses: MOST_IN_CHAIN, max_bytes };
    let chain = app.store().response_chain(scope, &id, bounds).await;
    let chain = chain.map_err(|error| store_failure(&error))?;
    match chain.gap {
        None => Ok(chain.responses),
        Some(ChainGap::Missing(missing)) => Err(refusals::previous_not_found(&id::told(&missing))),
        Some(ChainGap::TooLarge) => Err(refusals::chain_too_large(told, MOST_IN_CHAIN, max_bytes)),
    }
}

fn check(head: &RequestHead) -> Result<(), Error> {
    if head.background && !head.store {
        return Err(refusals::background_without_store());
    }
    match &head.conversation {
        Some(_) => Err(refusals::conversation()),
        None => Ok(()),
    }
}

/// Puts what an input only names in its place, as the responses made it that are kept.
async fn look_up(app: &App, scope: &Scope, input: &mut Vec<Value>) -> Result<(), Error> {
    let items: Vec<Arc<str>> = referenced(input).map(Arc::from).collect();
    if items.is_empty() {
        return Ok(());
    }
    let responses = app.store().responses_with_items(scope, items).await;
    let responses = responses.map_err(|error| store_failure(&error))?;
    let bodies: Vec<Value> = responses.iter().map(body_of).collect();
    *input = resolved(input, &bodies).map_err(|id| refusals::item_not_found(&id))?;
    Ok(())
}

/// The response that is gone on from, and all that was said in it and before.
async fn said_up_to(app: &App, scope: &Scope, told: &str) -> Result<(Option<Arc<str>>, Vec<Value>), Error> {
    let chain = chain_of(app, scope, told).await?;
    let last = chain.last();
    if last.is_some_and(|last| last.status.is_running()) {
        return Err(refusals::previous_in_progress(told));
    }
    let id = last.map(|last| last.id.clone());
    let said = chain.iter().flat_map(|response| said_again(&input_of(response), &body_of(response)));
    Ok((id, said.collect()))
}
