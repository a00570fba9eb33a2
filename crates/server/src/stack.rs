//! The real providers: what stands between a request and a vendor, layer by layer.

use std::sync::Arc;
use std::time::Duration;

use playhouse_llm::{CountTokens, Models, Provider};
use playhouse_provider::{
    Bounds, Breaker, BreakerConfig, BuildError, Cache, CacheConfig, CachePolicy, CallSink, CircuitBoard,
    Circuits, Endpoint, HedgeBudget, HttpClient, HttpProvider, Limit, ModelConfig, PriceConfig, PriceTable,
    ProviderConfig, Quote, Retry, RetryPolicy, Route, Tally, Timeouts, Traced, Upstream, UpstreamConfig,
    Vacancy, Vendor, vendor,
};
use playhouse_store::shared::AnswerCache;
use playhouse_telemetry::Tracer;
use playhouse_telemetry::otlp::ChatTarget;
use playhouse_wire::OpenAiChat;

/// What the stack is built from.
pub struct StackConfig<'a> {
    /// The providers by name; the first is the default.
    pub providers: &'a [(String, ProviderConfig)],
    /// The aliases and their chains.
    pub models: &'a [(String, ModelConfig)],
    /// How patiently upstreams are asked.
    pub upstream: &'a UpstreamConfig,
    /// When a deployment that fails is left alone.
    pub breaker: &'a BreakerConfig,
    /// Which answers are kept.
    pub cache: &'a CacheConfig,
    /// Where they are.
    pub answers: &'a Arc<dyn AnswerCache>,
    /// The user's own prices, by `provider/model`.
    pub prices: &'a [(String, PriceConfig)],
    /// Who makes spans of attempts.
    pub tracer: &'a Tracer,
}

/// The host and the port where a provider is, by its name.
pub type ProviderAddress = (Arc<str>, (Arc<str>, u16));

/// The providers' layers, ready to answer.
pub struct Stack {
    /// Where the providers are.
    pub servers: Vec<ProviderAddress>,
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// Who says which models there are.
    pub models: Arc<dyn Models>,
    /// Who counts the tokens of requests.
    pub counter: Arc<dyn CountTokens>,
    /// What a call of a model may cost.
    pub quote: Arc<dyn Quote>,
    /// Which deployments are left alone for now.
    pub circuits: CircuitBoard,
    /// What calls cost.
    pub prices: Arc<PriceTable>,
    /// The model for those who name none: the default provider's own default.
    pub default_model: &'static str,
}

/// The stack could not be built.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// There is nobody to ask.
    #[error(
        "no provider is configured: set OPENAI_API_KEY or ANTHROPIC_API_KEY (or another vendor's key), or write a [providers.<name>] \
         section; to try everything without a key, run `playhouse demo`"
    )]
    NoProvider,
    /// A provider's or a model's configuration cannot be used.
    #[error("{section}: {source}")]
    Build {
        /// The section of the configuration.
        section: String,
        /// What is wrong with it.
        source: BuildError,
    },
    /// There is no TLS to be had.
    #[error(transparent)]
    Tls(#[from] playhouse_provider::TlsError),
}

impl Stack {
    /// Builds the stack; what it measures of attempts goes to the sink.
    ///
    /// # Errors
    /// When there is no provider, or one cannot be used as configured.
    pub fn build(config: &StackConfig<'_>, sink: &Arc<dyn CallSink>) -> Result<Self, StackError> {
        let client = HttpClient::new(Duration::from_millis(config.upstream.connect_timeout_ms))?;
        if config.providers.iter().any(|(_, provider)| speaks_tls(provider)) {
            client.check_certificates()?;
        }
        let upstreams = config.providers.iter().map(|(name, provider)| {
            let built = upstream(name, provider, config, &client, sink);
            built.map_err(|source| StackError::Build { section: format!("providers.{name}"), source })
        });
        let upstreams: Vec<Upstream> = upstreams.collect::<Result<_, _>>()?;
        let default_vendor = upstreams.first().ok_or(StackError::NoProvider)?.vendor;
        let prices = Arc::new(price_table(&upstreams, config.prices));
        let circuits = CircuitBoard::new(upstreams.iter().filter_map(|known| known.vacancy.circuits.clone()));
        // A model is found by its alias, its provider or its owner; an alias is a chain of deployments, of
        // which some are balanced, and which may be hedged.
        let aliases = config.models.iter().map(|(alias, model)| (Arc::from(alias.as_str()), model.clone()));
        let hedges = Arc::new(HedgeBudget::new(config.upstream.hedge_max_percent));
        let route = Route::new(upstreams, aliases, prices.clone(), &hedges)
            .map_err(|source| StackError::Build { section: "models".to_owned(), source })?;
        let route = Arc::new(route);
        Ok(Self {
            servers: servers(config),
            provider: cached(route.clone(), config, sink),
            models: route.clone(),
            counter: route.clone(),
            quote: route,
            circuits,
            prices,
            default_model: default_vendor.default_model.unwrap_or("default"),
        })
    }
}

fn servers(config: &StackConfig<'_>) -> Vec<ProviderAddress> {
    let server = |(name, provider): &(String, ProviderConfig)| {
        let endpoint = Endpoint::new(vendor(&provider.vendor)?, provider).ok()?;
        Some((Arc::from(name.as_str()), endpoint.server()?))
    };
    config.providers.iter().filter_map(server).collect()
}

fn speaks_tls(provider: &ProviderConfig) -> bool {
    let own = || vendor(&provider.vendor)?.base_url;
    provider.base_url.as_deref().or_else(own).is_some_and(|url| url.starts_with("https://"))
}

fn upstream(
    name: &str,
    config: &ProviderConfig,
    stack: &StackConfig<'_>,
    client: &HttpClient,
    sink: &Arc<dyn CallSink>,
) -> Result<Upstream, BuildError> {
    let vendor = vendor(&config.vendor).ok_or_else(|| BuildError::UnknownVendor(config.vendor.clone()))?;
    let upstream = stack.upstream;
    let name: Arc<str> = Arc::from(name);
    let http = Arc::new(http_provider(name.clone(), vendor, config, upstream, client)?);
    // Every attempt is a span, whose id goes upstream.
    let traced = Traced::new(http.clone(), stack.tracer.clone(), chat_target(&name, vendor, &http));
    // Every attempt is told of, those that will be repeated too.
    let tallied = Tally::new(traced, name.clone(), sink.clone());
    // A deployment that fails too often is left alone: every attempt counts, and none is made while it is.
    let policy = stack.breaker.policy();
    let circuits = policy.map(|policy| Arc::new(Circuits::new(name.clone(), policy, sink.clone())));
    let guarded: Arc<dyn Provider> = match &circuits {
        Some(circuits) => Arc::new(Breaker::new(tallied, circuits.clone())),
        None => Arc::new(tallied),
    };
    // A failed beginning is repeated while nothing has gone to the caller.
    let retried = Retry::new(guarded, retry_policy(upstream));
    // The bound holds for calls, not for attempts: a repetition keeps its place.
    let (provider, slots): (Arc<dyn Provider>, _) = match upstream.max_concurrent {
        0 => (Arc::new(retried), None),
        max_concurrent => {
            let limited = Limit::new(retried, max_concurrent as usize);
            let slots = limited.slots();
            (Arc::new(limited), Some(slots))
        }
    };
    let (models, counter): (Arc<dyn Models>, Arc<dyn CountTokens>) = (http.clone(), http);
    Ok(Upstream { name, vendor, provider, models, counter, vacancy: Vacancy { circuits, slots } })
}

/// Answers what was answered before, where some alias or all of them want that.
fn cached(route: Arc<Route>, config: &StackConfig<'_>, sink: &Arc<dyn CallSink>) -> Arc<dyn Provider> {
    let named =
        config.models.iter().filter_map(|(alias, model)| Some((Arc::from(alias.as_str()), model.cache?)));
    let policy = CachePolicy {
        is_on: config.cache.enabled,
        aliases: named.collect(),
        kept: Duration::from_secs(config.cache.ttl_s),
        max_answer_bytes: config.cache.max_answer_bytes,
    };
    if !policy.is_on && !policy.aliases.values().any(|is_on| *is_on) {
        return route;
    }
    Arc::new(Cache::new(route, config.answers.clone(), &OpenAiChat, policy, sink.clone()))
}

/// The conventions name the vendor; one they do not know goes by its provider's name.
fn chat_target(name: &str, vendor: &Vendor, http: &HttpProvider) -> ChatTarget {
    let provider = if vendor.is_custom() { name } else { vendor.otel_name };
    let server = http.server();
    ChatTarget::new(provider, server.as_ref().map(|(host, port)| (&**host, *port)))
}

fn http_provider(
    name: Arc<str>,
    vendor: &'static Vendor,
    config: &ProviderConfig,
    upstream: &UpstreamConfig,
    client: &HttpClient,
) -> Result<HttpProvider, BuildError> {
    let endpoint = Endpoint::new(vendor, config)?;
    let timeouts = Timeouts {
        first_token: Duration::from_millis(upstream.first_token_timeout_ms),
        idle: Duration::from_millis(upstream.idle_timeout_ms),
        total: Duration::from_millis(upstream.total_timeout_ms),
    };
    let bounds =
        Bounds { max_reply_bytes: upstream.max_reply_bytes, max_line_bytes: upstream.max_line_bytes };
    let provider = HttpProvider::new(name, endpoint, vendor.codec, client.clone());
    Ok(provider.with_dialect(vendor.dialect).with_timeouts(timeouts).with_bounds(bounds))
}

fn retry_policy(upstream: &UpstreamConfig) -> RetryPolicy {
    RetryPolicy {
        retries: upstream.retries,
        base: Duration::from_millis(upstream.retry_base_ms),
        max: Duration::from_millis(upstream.retry_max_ms),
    }
}

fn price_table(upstreams: &[Upstream], own: &[(String, PriceConfig)]) -> PriceTable {
    let vendors =
        upstreams.iter().map(|upstream| (upstream.name.to_string(), upstream.vendor.name.to_owned()));
    PriceTable::new(vendors, own.iter().cloned())
}
