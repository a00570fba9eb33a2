//! A model at a provider, and whether it has room.

use std::sync::Arc;

use playhouse_llm::{Error, EventStream, Provider, Request};
use tokio::sync::Semaphore;

use super::circuits::Circuits;

/// A model at a provider: one place that can serve a request.
#[derive(Clone)]
pub struct Deployment {
    /// Who serves it.
    pub provider: Arc<dyn Provider>,
    /// What the model is called there.
    pub model: Arc<str>,
    /// Whether there is room for it.
    pub vacancy: Vacancy,
}

/// What is known of a provider before it is asked: whether it would refuse at once.
#[derive(Clone, Default)]
pub struct Vacancy {
    /// The circuits of its models, where they have a breaker.
    pub circuits: Option<Arc<Circuits>>,
    /// The places for calls under way, where they are bounded.
    pub slots: Option<Arc<Semaphore>>,
}

impl Deployment {
    /// A model at a provider of which nothing is known.
    pub fn new(provider: Arc<dyn Provider>, model: impl Into<Arc<str>>) -> Self {
        Self { provider, model: model.into(), vacancy: Vacancy::default() }
    }

    pub(super) async fn ask(&self, request: &Request) -> Result<EventStream, Error> {
        self.provider.chat(request.for_model(self.model.clone())).await
    }

    /// Whether it would not refuse at once.
    pub(super) fn is_free(&self) -> bool {
        let has_slot = self.vacancy.slots.as_ref().is_none_or(|slots| slots.available_permits() > 0);
        has_slot && self.vacancy.circuits.as_ref().is_none_or(|circuits| circuits.is_passable(&self.model))
    }
}
