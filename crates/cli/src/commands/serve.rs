//! `playhouse serve`: the production server.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use playhouse_agent::mcp::INHERITED;
use playhouse_llm::{CountTokens, Models, Provider};
use playhouse_provider::{CallSink, PriceTable, Quote, Traced, vendor};
use playhouse_server::{
    Accounts, App, AppParts, ChatSettings, ConnectionLimits, Keyring, LimitParts, Listener, Roster, Stack,
    StackConfig, assemble, connect_tools, open_store,
};
use playhouse_store::shared::Shared;
use playhouse_store::{
    Store, StoreConfig, prune_expired_calls, prune_expired_idempotency_keys, prune_expired_responses,
    prune_expired_runs,
};
use playhouse_telemetry::otlp::ChatTarget;
use playhouse_telemetry::{LogGuard, Metrics, Otlp, Tracer, error, info, log, warn};
use tokio::runtime::Builder;

use super::sharing;
use super::signals::StopSignals;
use crate::args::ServeArgs;
use crate::config::{Config, Purpose, load};
use crate::console::Console;
use crate::environment::Environment;
use crate::exit;
use crate::failure::{Failure, plain_reason};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit the binary was built from, where the build says so.
const REVISION: Option<&str> = option_env!("PLAYHOUSE_REVISION");
/// How long the end waits for a database that is away.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the end waits for a receiver of traces and metrics.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the database is looked after.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
/// How often call records that are old enough are removed.
const RETENTION_INTERVAL: Duration = Duration::from_secs(3600);

pub(super) fn run(args: &ServeArgs, console: &Console) -> Result<u8, Failure> {
    let mut loaded = load(&args.flags, &console.environment, Purpose::Serve)?;
    lend_environment(&mut loaded.config, &console.environment);
    start(Start {
        config: loaded.config,
        notices: loaded.notices,
        double: None,
        color: !console.out.is_plain(),
        greet: None,
    })
}

/// Gives the programs of MCP servers what they need of our environment to run, and nothing else.
pub(super) fn lend_environment(config: &mut Config, environment: &Environment) {
    let lent = INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), environment.text(name)?.into())));
    let lent: BTreeMap<String, OsString> = lent.collect();
    config.mcp.values_mut().for_each(|server| server.environment.clone_from(&lent));
}

/// What a server is started with.
pub struct Start {
    /// The configuration, checked.
    pub config: Config,
    /// What is not wrong but worth a line in the log.
    pub notices: Vec<String>,
    /// Who answers instead of the configured providers.
    pub double: Option<Answering>,
    /// Whether a log in text form may be coloured.
    pub color: bool,
    /// Told once the server listens, and where.
    pub greet: Option<Greet>,
}

/// What is done when a server listens.
pub type Greet = Box<dyn FnOnce(SocketAddr) + Send>;

/// Who answers, and what calls of it cost.
pub struct Answering {
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// Who says which models there are.
    pub models: Arc<dyn Models>,
    /// Who counts the tokens of requests.
    pub counter: Arc<dyn CountTokens>,
    /// What calls cost.
    pub prices: Arc<PriceTable>,
    /// What calls of it may cost at most, where prices are known.
    pub quote: Option<Arc<dyn Quote>>,
    /// The model for those who name none.
    pub default_model: &'static str,
}

impl Answering {
    /// The same, with a span for every call: nothing stands between that would make one.
    fn traced(self, tracer: &Tracer) -> Self {
        let target = ChatTarget::new(self.default_model, None);
        Self { provider: Arc::new(Traced::new(self.provider, tracer.clone(), target)), ..self }
    }
}

/// Starts a server on a runtime of its own, and waits until it has ended.
pub(super) fn start(start: Start) -> Result<u8, Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::work(format!("cannot start: {}", plain_reason(&error))))?;
    runtime.block_on(run_server(start))
}

/// Runs the server until it is told to stop and its requests have ended; says what to exit with.
///
/// # Errors
/// When it cannot start.
pub async fn run_server(start: Start) -> Result<u8, Failure> {
    let Start { config, notices, double, color, greet } = start;
    let listener = bind(&config.server.listen).await?;
    let stop = StopSignals::listen()?;
    let guard = log::start(&config.logging, color).map_err(|error| Failure::work(error.to_string()))?;
    let store = open_store(&config.server.data_dir, &config.store).await;
    let store = store.map_err(|error| Failure::work(error.to_string()))?;
    let shared = Shared::connect(&config.redis, &config.shared.limits())
        .map_err(|error| Failure::work(error.to_string()))?;
    let metrics = Arc::new(Metrics::new(VERSION, REVISION.unwrap_or("unknown")));
    metrics.watch_dropped_log_lines(guard.dropped_lines());
    metrics.name_vendors(vendors_of(&config));
    sharing::watch(&shared, &metrics);
    let otlp = Otlp::start(&config.telemetry, &metrics, VERSION)
        .map_err(|error| Failure::work(error.to_string()))?;
    let accounts = Accounts::start(metrics, store.clone(), &config.store, &config.server.data_dir);
    let accounts = accounts.map_err(|error| Failure::work(error.to_string()))?;
    let accounts = Arc::new(accounts.with_tracer(otlp.tracer().clone()));
    let answering = match double {
        Some(double) => double.traced(otlp.tracer()),
        None => build_stack(&config, accounts.clone(), &shared, otlp.tracer())?,
    };
    let chat = ChatSettings::new(&config.chat, answering.default_model);
    let agents = assemble(&config.agents, &chat.model).map_err(|error| Failure::work(error.to_string()))?;
    connect_tools(&agents, config.mcp.clone());
    tokio::spawn(tell_outages(store.clone()));
    tokio::spawn(keep_retention(store.clone(), config.store.clone()));
    tokio::spawn(forget_idempotency_keys(store.clone(), config.server.idempotency_hours));
    if let Some(greet) = greet {
        greet(listener.address());
    }
    notices.iter().for_each(|notice| warn!("{notice}"));
    sharing::begin(&shared).await;
    let app = build_app(&config, answering, agents, chat, store, shared, accounts);
    info!(version = VERSION, address = %listener.address(), "Listening");
    let limits = ConnectionLimits::from(&config.server);
    let finished =
        listener.serve(app.front(), limits, app.lifecycle().clone(), stop.first(guard.flusher())).await;
    if tokio::time::timeout(FLUSH_TIMEOUT, app.close()).await.is_err() {
        warn!("Not everything could be stored before the end");
    }
    if !otlp.shut_down(EXPORT_TIMEOUT).await {
        warn!("Not all traces and metrics could be exported before the end");
    }
    Ok(farewell(finished, &guard))
}

/// What OpenTelemetry calls the vendors of the providers; a custom one has its provider's name only.
fn vendors_of(config: &Config) -> impl Iterator<Item = (String, &'static str)> {
    config.providers.iter().filter_map(|(name, provider)| {
        let vendor = vendor(&provider.vendor).filter(|vendor| !vendor.is_custom())?;
        Some((name.clone(), vendor.otel_name))
    })
}

async fn bind(address: &str) -> Result<Listener, Failure> {
    Listener::bind(address).await.map_err(|error| {
        let reason = plain_reason(&error);
        Failure::work(format!("cannot listen on {address}: {reason}; choose another address with --listen"))
    })
}

fn build_stack(
    config: &Config,
    accounts: Arc<Accounts>,
    shared: &Shared,
    tracer: &Tracer,
) -> Result<Answering, Failure> {
    let pairs = |name: &String| name.clone();
    let providers: Vec<_> =
        config.providers.iter().map(|(name, value)| (pairs(name), value.clone())).collect();
    let models: Vec<_> = config.models.iter().map(|(name, value)| (pairs(name), value.clone())).collect();
    let prices: Vec<_> = config.prices.iter().map(|(name, value)| (pairs(name), value.clone())).collect();
    let stack = StackConfig {
        providers: &providers,
        models: &models,
        upstream: &config.upstream,
        breaker: &config.breaker,
        cache: &config.cache,
        answers: &shared.answers,
        prices: &prices,
        tracer,
    };
    let sink: Arc<dyn CallSink> = accounts.clone();
    let stack = Stack::build(&stack, &sink).map_err(|error| Failure::work(error.to_string()))?;
    accounts.show_circuits(stack.circuits);
    accounts.name_servers(stack.servers);
    Ok(Answering {
        provider: stack.provider,
        models: stack.models,
        counter: stack.counter,
        prices: stack.prices,
        quote: Some(stack.quote),
        default_model: stack.default_model,
    })
}

fn build_app(
    config: &Config,
    answering: Answering,
    agents: Roster,
    chat: ChatSettings,
    store: Arc<dyn Store>,
    shared: Shared,
    accounts: Arc<Accounts>,
) -> App {
    App::new(AppParts {
        provider: answering.provider,
        models: answering.models,
        counter: answering.counter,
        store,
        shared,
        accounts,
        prices: answering.prices,
        keyring: Keyring::new(&config.auth.api_keys),
        limits: LimitParts { quote: answering.quote, auth: config.auth.clone() },
        chat,
        agents,
        capture: config.logging.capture,
        server: config.server.clone(),
    })
}

fn farewell(finished: bool, guard: &LogGuard) -> u8 {
    match finished {
        true => info!("Stopped"),
        false => warn!("Stopped; some requests did not finish within the grace time"),
    }
    guard.flush();
    exit::OK
}

/// Tells when the database goes away and when it is back: nobody may be asking for it meanwhile.
async fn tell_outages(store: Arc<dyn Store>) {
    let mut ticks = tokio::time::interval(PROBE_INTERVAL);
    let mut was_away = false;
    loop {
        ticks.tick().await;
        match store.probe().await {
            Ok(()) if was_away => info!("The database is back"),
            Err(error) if !was_away => {
                error!(%error, "The database is away; call records wait, sessions are refused")
            }
            _ => continue,
        }
        was_away = !was_away;
    }
}

/// Forgets idempotency keys that are old enough, now and then, for as long as the process lives.
async fn forget_idempotency_keys(store: Arc<dyn Store>, hours: u32) {
    let mut ticks = tokio::time::interval(RETENTION_INTERVAL);
    loop {
        ticks.tick().await;
        let before = jiff::Timestamp::now().as_microsecond() - i64::from(hours) * 3_600_000_000;
        if let Err(error) = prune_expired_idempotency_keys(&*store, before).await {
            warn!(%error, "Old idempotency keys could not be removed");
        }
    }
}

/// Removes call records, runs and responses that are old enough, now and then, for as long as the process lives.
async fn keep_retention(store: Arc<dyn Store>, config: StoreConfig) {
    let mut ticks = tokio::time::interval(RETENTION_INTERVAL);
    loop {
        ticks.tick().await;
        let now_us = jiff::Timestamp::now().as_microsecond();
        match prune_expired_calls(&*store, config.call_retention_days, now_us).await {
            Ok(0) => {}
            Ok(removed) => info!(removed, "Old call records removed"),
            Err(error) => warn!(%error, "Old call records could not be removed"),
        }
        match prune_expired_runs(&*store, config.run_retention_days, now_us).await {
            Ok(0) => {}
            Ok(removed) => info!(removed, "Old runs removed"),
            Err(error) => warn!(%error, "Old runs could not be removed"),
        }
        match prune_expired_responses(&*store, config.response_retention_days, now_us).await {
            Ok(0) => {}
            Ok(removed) => info!(removed, "Old responses removed"),
            Err(error) => warn!(%error, "Old responses could not be removed"),
        }
    }
}
