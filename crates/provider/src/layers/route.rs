//! Finding who serves a model.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use playhouse_llm::{BoxAnswer, Error, ErrorKind, ModelInfo, Models, Provider, Request};

use super::{Balance, Deployment, Dice, Fallback, Hedge, HedgeBudget, Vacancy};
use crate::catalog::Vendor;
use crate::config::ModelConfig;
use crate::http::BuildError;
use crate::price::{Price, PriceTable, Quote};

/// A provider as routing knows it.
#[derive(Clone)]
pub struct Upstream {
    /// The name in configuration, logs and metrics.
    pub name: Arc<str>,
    /// What is known of its vendor.
    pub vendor: &'static Vendor,
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// Who says which models there are.
    pub models: Arc<dyn Models>,
    /// Whether there is room for a request, as far as that is known before it is asked.
    pub vacancy: Vacancy,
}

/// Finds who serves the model a request names: an alias's chain, the provider named before a `/`,
/// the provider whose models it belongs to, else the default (first) one.
pub struct Route {
    upstreams: Vec<Upstream>,
    aliases: Vec<Arc<str>>,
    chains: HashMap<Arc<str>, Arc<dyn Provider>>,
    /// The dearest price of what each alias may ask.
    dearest: HashMap<Arc<str>, Price>,
    prices: Arc<PriceTable>,
}

impl Route {
    /// Routes over these providers, the first being the default, and these aliases. The budget of
    /// second tries is shared by the aliases that are hedged.
    ///
    /// # Errors
    /// When a chain is empty or names a provider there is not.
    pub fn new<M: Into<ModelConfig>>(
        upstreams: Vec<Upstream>,
        aliases: impl IntoIterator<Item = (Arc<str>, M)>,
        prices: Arc<PriceTable>,
        hedges: &Arc<HedgeBudget>,
    ) -> Result<Self, BuildError> {
        let mut route =
            Self { upstreams, aliases: Vec::new(), chains: HashMap::new(), dearest: HashMap::new(), prices };
        for (alias, model) in aliases {
            let model = model.into();
            let named = model.chain.iter().chain(model.balance.keys());
            if let Some(dearest) = named.filter_map(|name| route.price_of(name)).reduce(Price::or_dearer) {
                route.dearest.insert(alias.clone(), dearest);
            }
            let chain = route.alias(&alias, &model, hedges)?;
            route.aliases.push(alias.clone());
            route.chains.insert(alias, chain);
        }
        Ok(route)
    }

    fn alias(
        &self,
        alias: &str,
        model: &ModelConfig,
        hedges: &Arc<HedgeBudget>,
    ) -> Result<Arc<dyn Provider>, BuildError> {
        let chain = self.chain(alias, model)?;
        Ok(match model.hedge_after_ms {
            0 => Arc::new(chain),
            after_ms => Arc::new(Hedge::new(chain, Duration::from_millis(after_ms), hedges.clone())),
        })
    }

    /// What is balanced first, then the chain.
    fn chain(&self, alias: &str, model: &ModelConfig) -> Result<Fallback, BuildError> {
        if model.chain.is_empty() && model.balance.is_empty() {
            return Err(BuildError::BadChain(format!(
                "models.{alias} has neither a chain nor anything to balance; name at least one provider/model"
            )));
        }
        let mut links = Vec::new();
        if !model.balance.is_empty() {
            let members =
                model.balance.iter().map(|(name, weight)| Ok((self.deployment(alias, name)?, *weight)));
            let dice = Dice::new(fastrand::u64(..));
            links.push(Balance::new(members.collect::<Result<_, _>>()?, model.balance_by, dice));
        }
        for name in &model.chain {
            links.push(Balance::alone(self.deployment(alias, name)?));
        }
        Ok(Fallback::of_groups(links))
    }

    /// The deployment a chain names. It is shown from now on where circuits are.
    fn deployment(&self, alias: &str, name: &str) -> Result<Deployment, BuildError> {
        let (upstream, model) = self.named(name).ok_or_else(|| {
            BuildError::BadChain(format!(
                "models.{alias} names '{name}', but no such provider is configured; write provider/model"
            ))
        })?;
        let model: Arc<str> = Arc::from(model);
        if let Some(circuits) = &upstream.vacancy.circuits {
            circuits.watch(&model);
        }
        Ok(Deployment { provider: upstream.provider.clone(), model, vacancy: upstream.vacancy.clone() })
    }

    /// The price of what `provider/model` names.
    fn price_of(&self, name: &str) -> Option<Price> {
        let (upstream, model) = self.named(name)?;
        self.prices.price(&upstream.name, model)
    }

    /// The provider and model that `provider/model` names, if there is such a provider.
    fn named<'a>(&self, name: &'a str) -> Option<(&Upstream, &'a str)> {
        let (provider, model) = name.split_once('/')?;
        let upstream = self.upstreams.iter().find(|upstream| &*upstream.name == provider)?;
        Some((upstream, model))
    }

    /// The provider a bare model name goes to.
    fn owner(&self, model: &str) -> Option<&Upstream> {
        let [only] = self.upstreams.as_slice() else {
            let by_table = |upstream: &&Upstream| self.prices.knows(upstream.vendor.name, model);
            let by_prefix = |upstream: &&Upstream| upstream.vendor.claims(model);
            let mut upstreams = self.upstreams.iter();
            return upstreams
                .clone()
                .find(by_table)
                .or_else(|| upstreams.clone().find(by_prefix))
                .or_else(|| upstreams.next());
        };
        Some(only)
    }
}

// Written out rather than as an `async fn`: finding the way needs no future of its own.
impl Provider for Route {
    fn chat<'life, 'future>(&'life self, request: Request) -> BoxAnswer<'future>
    where
        'life: 'future,
        Self: 'future,
    {
        if let Some(chain) = self.chains.get(&request.model) {
            return chain.chat(request);
        }
        if let Some((upstream, model)) = self.named(&request.model) {
            return upstream.provider.chat(request.for_model(Arc::from(model)));
        }
        match self.owner(&request.model) {
            Some(upstream) => upstream.provider.chat(request),
            None => Box::pin(async move {
                let message = format!("no provider serves the model '{}'", request.model);
                Err(Error::new(ErrorKind::NotFound, message))
            }),
        }
    }
}

impl Quote for Route {
    fn dearest(&self, model: &str) -> Option<Price> {
        if self.chains.contains_key(model) {
            return self.dearest.get(model).copied();
        }
        if self.named(model).is_some() {
            return self.price_of(model);
        }
        self.prices.price(&self.owner(model)?.name, model)
    }
}

#[async_trait]
impl Models for Route {
    /// The aliases first, then what each provider lists; one that does not answer is left out.
    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error> {
        let aliases = self.aliases.iter().map(|alias| ModelInfo {
            id: alias.clone(),
            owned_by: Arc::from("playhouse"),
            created: None,
        });
        let mut models: Vec<ModelInfo> = aliases.collect();
        let lists = self.upstreams.iter().map(|upstream| upstream.models.list_models());
        let lists = futures_util::future::join_all(lists).await;
        for (position, (upstream, list)) in self.upstreams.iter().zip(lists).enumerate() {
            let listed = list.unwrap_or_default().into_iter();
            models.extend(listed.map(|model| qualified(upstream, position, model)));
        }
        Ok(models)
    }
}

/// The default provider's models go by their own names, the others' by `provider/model`.
fn qualified(upstream: &Upstream, position: usize, model: ModelInfo) -> ModelInfo {
    if position == 0 {
        return model;
    }
    ModelInfo { id: format!("{}/{}", upstream.name, model.id).into(), ..model }
}
