//! The gate before every call: whether its key may have it made.

use std::sync::Arc;

use playhouse_llm::{Context, Error, ErrorKind, ModelInfo, Request};
use playhouse_provider::{BoxReservation, Quote, Reserve, Settle};
use playhouse_store::shared::{Decision, Quotas};
use playhouse_store::{ApiKey, ApiKeys, KeyState};
use playhouse_telemetry::Metrics;
use playhouse_telemetry::metrics::Refusal;

use super::book::{Glance, KeyBook};
use super::bound::Bound;
use super::claims::{Claims, nano_usd};
use super::refusal;
use super::ticket::{Free, Settlements, Ticket};
use crate::failure::store_failure;

/// How often a counter's beginning is looked up for one call: others may look it up at the same time, or
/// the counters be lost in between.
const MOST_SEEDINGS: usize = 4;

/// Lets calls through whose keys may have them made. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) book: Arc<KeyBook>,
    pub(crate) store: Arc<dyn ApiKeys>,
    pub(crate) quotas: Arc<dyn Quotas>,
    pub(crate) settlements: Settlements,
    pub(crate) quote: Option<Arc<dyn Quote>>,
    pub(crate) metrics: Arc<Metrics>,
    /// How many tokens an answer is taken to have whose length the request does not limit.
    pub(crate) assumed_answer_tokens: u64,
}

impl Gate {
    /// Whether the key of a request may ask a model; before anything is begun for it.
    pub(crate) async fn check_model(&self, context: &Context, model: &str) -> Result<(), Error> {
        let Some(id) = &context.key_id else { return Ok(()) };
        let key = self.key(id).await?;
        self.allow(&key, model)
    }

    /// Those of the models that the key of a request may ask; `asked` says which model one stands for.
    pub(crate) async fn visible(
        &self,
        context: &Context,
        mut models: Vec<ModelInfo>,
        asked: impl Fn(&ModelInfo) -> Arc<str>,
    ) -> Result<Vec<ModelInfo>, Error> {
        if let Some(id) = &context.key_id {
            let key = self.key(id).await?;
            models.retain(|model| key.settings.allows(&asked(model)));
        }
        Ok(models)
    }

    async fn key(&self, id: &Arc<str>) -> Result<Arc<ApiKey>, Error> {
        let found = match self.book.glance_at_id(id) {
            Glance::Known(key) => key,
            Glance::Ask => self.book.find_by_id(id).await?,
        };
        found.ok_or_else(refusal::gone)
    }

    fn allow(&self, key: &ApiKey, model: &str) -> Result<(), Error> {
        if key.settings.allows(model) {
            return Ok(());
        }
        self.metrics.observe_refusal(Refusal::Model);
        Err(refusal::model(key, model))
    }

    async fn admit(self, key: Arc<ApiKey>, request: Request) -> Result<Box<dyn Settle>, Error> {
        let now_us = jiff::Timestamp::now().as_microsecond();
        if key.state(now_us) != KeyState::Active {
            return Err(refusal::gone());
        }
        self.allow(&key, &request.model)?;
        if !key.settings.is_limited() {
            return Ok(Box::new(Free));
        }
        let bound = Bound::of(&request, self.assumed_answer_tokens)?;
        let price = self.quote.as_ref().and_then(|quote| quote.dearest(&request.model));
        let claims = Claims::of(&key.settings, bound, price, now_us);
        self.reserve_all(&key, claims, &request.context, now_us).await
    }

    async fn reserve_all(
        self,
        key: &ApiKey,
        claims: Claims,
        context: &Context,
        now_us: i64,
    ) -> Result<Box<dyn Settle>, Error> {
        for _ in 0..MOST_SEEDINGS {
            match self.quotas.reserve(&key.id, &claims.claims, now_us).await {
                Decision::Granted(reservation) => {
                    let standing = claims.standing(&reservation.states);
                    let ticket = Ticket::new(self.settlements, claims, reservation);
                    context.allowance.iter().for_each(|allowance| allowance.note(standing));
                    return Ok(Box::new(ticket));
                }
                Decision::Exceeded(exceeded) => {
                    let standing = claims.standing(&exceeded.states);
                    context.allowance.iter().for_each(|allowance| allowance.note(standing));
                    let (error, reason) = refusal::exceeded(key, &claims, &exceeded);
                    self.metrics.observe_refusal(reason);
                    return Err(error);
                }
                Decision::NeedsSeed(places) => self.seed(key, &claims, &places).await?,
            }
        }
        let message = "the counters of this API key's budget cannot be read; try again shortly";
        Err(Error::new(ErrorKind::Overloaded, message).retry_after(std::time::Duration::from_secs(1)))
    }

    /// Begins budgets' counters with what the call log says was spent.
    async fn seed(&self, key: &ApiKey, claims: &Claims, places: &[usize]) -> Result<(), Error> {
        for claim in places.iter().filter_map(|place| claims.claims.get(*place)) {
            let playhouse_store::shared::Window::Period(period) = claim.window else { continue };
            let usage = self.store.key_usage(&key.id, period.start_us).await;
            let spent = usage.map_err(|error| store_failure(&error))?.cost_usd;
            self.quotas.seed(&key.id, claim, nano_usd(spent)).await;
        }
        Ok(())
    }
}

impl Reserve for Gate {
    fn reserve<'call>(&'call self, request: &'call Request) -> Option<BoxReservation<'call>> {
        let id = request.context.key_id.as_ref()?;
        if let Glance::Known(Some(key)) = self.book.glance_at_id(id) {
            let is_free = !key.settings.is_limited() && key.settings.models.is_empty();
            if is_free && key.revoked_at_us.is_none() && key.settings.expires_at_us.is_none() {
                return None;
            }
        }
        Some(Box::pin(self.ask(id.clone(), request.clone())))
    }
}

impl Gate {
    /// In a task of its own, which goes on when the caller goes away meanwhile: what has been set aside by
    /// then is given back, and not forgotten.
    async fn ask(&self, id: Arc<str>, request: Request) -> Result<Box<dyn Settle>, Error> {
        let key = self.key(&id).await?;
        if !key.settings.is_limited() {
            return self.clone().admit(key, request).await;
        }
        let admitted = tokio::spawn(self.clone().admit(key, request));
        admitted.await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Internal, "the limits of this API key could not be checked"))
        })
    }
}
