//! Finding who serves a model.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use playhouse_llm::{BoxAnswer, Error, ErrorKind, ModelInfo, Models, Provider, Request};

use super::{Deployment, Fallback};
use crate::catalog::Vendor;
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
}

/// Finds who serves the model a request names: an alias's chain, the provider named before a `/`,
/// the provider whose models it belongs to, else the default (first) one.
pub struct Route {
    upstreams: Vec<Upstream>,
    aliases: Vec<Arc<str>>,
    chains: HashMap<Arc<str>, Fallback>,
    /// The dearest price of each alias's chain.
    dearest: HashMap<Arc<str>, Price>,
    prices: Arc<PriceTable>,
}

impl Route {
    /// Routes over these providers, the first being the default, and these aliases.
    ///
    /// # Errors
    /// When a chain is empty or names a provider there is not.
    pub fn new(
        upstreams: Vec<Upstream>,
        aliases: impl IntoIterator<Item = (Arc<str>, Vec<String>)>,
        prices: Arc<PriceTable>,
    ) -> Result<Self, BuildError> {
        let mut route =
            Self { upstreams, aliases: Vec::new(), chains: HashMap::new(), dearest: HashMap::new(), prices };
        for (alias, chain) in aliases {
            let prices = chain.iter().filter_map(|name| route.price_of(name));
            if let Some(dearest) = prices.reduce(Price::or_dearer) {
                route.dearest.insert(alias.clone(), dearest);
            }
            let chain = route.chain(&alias, &chain)?;
            route.aliases.push(alias.clone());
            route.chains.insert(alias, chain);
        }
        Ok(route)
    }

    fn chain(&self, alias: &str, names: &[String]) -> Result<Fallback, BuildError> {
        if names.is_empty() {
            return Err(BuildError::BadChain(format!(
                "models.{alias}.chain is empty; name at least one provider/model"
            )));
        }
        let deployments = names.iter().map(|name| {
            let named = self.named(name);
            let deployment = named.map(|(upstream, model)| Deployment {
                provider: upstream.provider.clone(),
                model: Arc::from(model),
            });
            deployment.ok_or_else(|| {
                BuildError::BadChain(format!(
                    "models.{alias}.chain names '{name}', but no such provider is configured; write provider/model"
                ))
            })
        });
        Ok(Fallback::new(deployments.collect::<Result<_, _>>()?))
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
