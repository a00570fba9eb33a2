//! The application: everything that answers requests, without a socket.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use playhouse_edge::{BodyLimits, Edge};
use playhouse_llm::{CountTokens, Error, ModelInfo, Models, Provider};
use playhouse_provider::{CircuitReading, Estimate, Meter, PriceTable, Quote};
use playhouse_store::shared::{Shared, SharedLimits};
use playhouse_store::{
    HistoryWindow, NewResponse, PostgresStore, ResponseFinisher, ResponseKeeper, RunFinisher, SqliteStore,
    Store, StoreConfig, StoreError, TurnFinisher,
};
use playhouse_telemetry::metrics::GaugeGuard;
use playhouse_telemetry::{Metrics, Tracer, warn};
use tokio::task::JoinHandle;

use crate::agents::desk::{RunDesk, Running};
use crate::agents::models::WithAgents;
use crate::agents::roster::Roster;
use crate::config::{AuthConfig, ChatConfig, OnDisconnect, ServerConfig};
use crate::front::auth::Keyring;
use crate::front::{Front, door::Door};
use crate::keys::gate::Gate;
use crate::keys::{book::KeyBook, ticket::Settlements};
use crate::lifecycle::Lifecycle;
use crate::routes::Routes;
use crate::sink::Accounts;
use crate::turns::desk::{Halt, TurnDesk};
use crate::turns::lease::LeaseKeeper;

/// The database's file within the data directory.
pub const DATABASE_FILE: &str = "playhouse.db";

/// Responses that wait for a database that is away are not larger than this, each.
const MOST_BYTES_TO_WAIT: usize = 256 << 10;

/// An application could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The database or the call ledger cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The data directory cannot be made.
    #[error("the data directory '{path}' cannot be made: {source}; choose another with --data-dir")]
    DataDir {
        /// The directory.
        path: String,
        /// What the operating system says.
        source: std::io::Error,
    },
}

/// What an application is made of.
pub struct AppParts {
    /// Who answers; the app meters it.
    pub provider: Arc<dyn Provider>,
    /// Who says which models there are.
    pub models: Arc<dyn Models>,
    /// Who counts the tokens of requests.
    pub counter: Arc<dyn CountTokens>,
    /// Where sessions and call records are kept.
    pub store: Arc<dyn Store>,
    /// What is shared with other replicas.
    pub shared: Shared,
    /// Where what is measured of calls goes.
    pub accounts: Arc<Accounts>,
    /// What calls cost.
    pub prices: Arc<PriceTable>,
    /// Who may call.
    pub keyring: Keyring,
    /// What calls with stored keys are held against.
    pub limits: LimitParts,
    /// How native chat asks.
    pub chat: ChatSettings,
    /// The agents.
    pub agents: Roster,
    /// Whether what tools are called with, and what they answer, may be logged.
    pub capture: bool,
    /// What bounds requests.
    pub server: ServerConfig,
}

/// What calls with stored keys are held against, beside what replicas share.
#[derive(Default)]
pub struct LimitParts {
    /// What calls may cost at most, where prices are known.
    pub quote: Option<Arc<dyn Quote>>,
    /// What is configured of keys.
    pub auth: AuthConfig,
}

/// How native chat asks the model.
#[derive(Clone, Debug)]
pub struct ChatSettings {
    /// The model for requests that name none.
    pub model: Arc<str>,
    /// What the model is told before every conversation.
    pub system_prompt: Option<String>,
    /// How much of a conversation is sent along.
    pub history: HistoryWindow,
    /// What becomes of a turn whose client leaves.
    pub on_disconnect: OnDisconnect,
    /// Turns at the same time.
    pub max_running_turns: usize,
}

/// Everything that answers requests; cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    /// Who answers: models, and agents as models.
    answering: Arc<WithAgents>,
    runs: Arc<RunDesk>,
    store: Arc<dyn Store>,
    shared: Shared,
    turn_finisher: TurnFinisher,
    response_finisher: ResponseFinisher,
    response_keeper: ResponseKeeper,
    turns: Arc<TurnDesk>,
    lease: JoinHandle<()>,
    accounts: Arc<Accounts>,
    door: Door,
    gate: Gate,
    chat: ChatSettings,
    server: ServerConfig,
    lifecycle: Lifecycle,
    inflight: AtomicUsize,
}

impl ChatSettings {
    /// The configured settings, with the model to fall back on.
    pub fn new(config: &ChatConfig, default_model: &str) -> Self {
        Self {
            model: Arc::from(config.model.as_deref().unwrap_or(default_model)),
            system_prompt: config.system_prompt.clone(),
            history: HistoryWindow {
                max_messages: config.history_messages,
                max_tokens: config.history_tokens,
            },
            on_disconnect: config.on_disconnect,
            max_running_turns: config.max_running_turns,
        }
    }
}

impl App {
    /// Puts an application together. It must be done within a Tokio runtime.
    pub fn new(parts: AppParts) -> Self {
        let sink = parts.accounts.clone();
        let turn_finisher = TurnFinisher::spawn(parts.store.clone());
        let response_finisher = ResponseFinisher::spawn(parts.store.clone());
        let response_keeper = ResponseKeeper::spawn(parts.store.clone());
        let gate = gate(&parts);
        let door =
            Door { keyring: parts.keyring, book: gate.book.clone(), metrics: parts.accounts.metrics.clone() };
        let meter = Meter::new(parts.provider, parts.prices, sink).reserving(Arc::new(gate.clone()));
        let runs = Arc::new(RunDesk {
            roster: parts.agents,
            provider: Arc::new(meter),
            store: parts.store.clone(),
            metrics: parts.accounts.metrics.clone(),
            tracer: parts.accounts.tracer.clone(),
            capture: parts.capture,
            running: Arc::<Running>::default(),
            finisher: Arc::new(RunFinisher::spawn(parts.store.clone())),
        });
        let turns = Arc::new(TurnDesk::new(
            parts.store.clone(),
            parts.shared.clone(),
            parts.accounts.metrics.clone(),
            parts.chat.max_running_turns,
        ));
        let lease = LeaseKeeper {
            store: parts.store.clone(),
            desk: Arc::downgrade(&turns),
            metrics: parts.accounts.metrics.clone(),
            beat: Duration::from_millis(parts.server.lease_beat_ms.max(1)),
            missed_beats: parts.server.lease_missed_beats.max(1),
        };
        let inner = Inner {
            turns,
            lease: tokio::spawn(lease.run()),
            answering: Arc::new(WithAgents {
                desk: runs.clone(),
                models: parts.models,
                counter: parts.counter,
                gate: gate.clone(),
            }),
            runs,
            store: parts.store,
            shared: parts.shared,
            turn_finisher,
            response_finisher,
            response_keeper,
            accounts: parts.accounts,
            door,
            gate,
            chat: parts.chat,
            server: parts.server,
            lifecycle: Lifecycle::default(),
            inflight: AtomicUsize::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// An application over any provider with everything else at its defaults: the way tests
    /// begin. Sessions and records are kept in `data_dir`.
    ///
    /// # Errors
    /// When the database in the directory cannot be used.
    pub fn with_provider(provider: impl Provider + 'static, data_dir: &Path) -> Result<Self, AppError> {
        Self::with_agents(provider, Roster::default(), data_dir)
    }

    /// An application as [`with_provider`](Self::with_provider) makes it, with these agents.
    ///
    /// # Errors
    /// When the database in the directory cannot be used.
    pub fn with_agents(
        provider: impl Provider + 'static,
        agents: Roster,
        data_dir: &Path,
    ) -> Result<Self, AppError> {
        let store = open_file(data_dir, &StoreConfig::default())?;
        let metrics = Arc::new(Metrics::new("test", "test"));
        let accounts = Accounts::start(metrics, store.clone(), &StoreConfig::default(), data_dir)?;
        let app = Self::new(AppParts {
            provider: Arc::new(provider),
            models: Arc::new(NoModels),
            counter: Arc::new(Estimate),
            store,
            accounts: Arc::new(accounts),
            shared: Shared::in_process(&SharedLimits::default()),
            prices: Arc::default(),
            keyring: Keyring::default(),
            limits: LimitParts::default(),
            chat: ChatSettings::new(&ChatConfig::default(), "default"),
            agents,
            capture: false,
            server: ServerConfig::default(),
        });
        app.lifecycle().set_ready();
        Ok(app)
    }

    /// The front door: every route, with everything around it.
    pub fn front(&self) -> Front {
        let edge = Edge {
            provider: self.inner.answering.clone(),
            models: self.inner.answering.clone(),
            counter: self.inner.answering.clone(),
            limits: self.body_limits(),
        };
        Front::new(self.clone(), Routes::new(self, edge))
    }

    /// Where the server stands between its start and its end.
    pub fn lifecycle(&self) -> &Lifecycle {
        &self.inner.lifecycle
    }

    /// Waits until every run has ended, and all that waits to be stored is.
    pub async fn flush(&self) {
        self.inner.runs.running.all_ended().await;
        self.inner.runs.finisher.flush().await;
        self.inner.turn_finisher.flush().await;
        self.flush_responses().await;
        self.inner.gate.settlements.flush().await;
        self.inner.accounts.flush().await;
    }

    /// Ends what still runs as interrupted, writes what waits to be stored, and gives the lease up: the last
    /// thing before the process ends.
    pub async fn close(&self) {
        self.interrupt_turns().await;
        tokio::join!(self.leave(), self.inner.accounts.flush());
    }

    async fn leave(&self) {
        self.inner.runs.finisher.flush().await;
        self.inner.turn_finisher.flush().await;
        self.flush_responses().await;
        self.inner.lease.abort();
        if let Err(error) = self.inner.store.leave().await {
            warn!(%error, "The lease could not be given up; others end what still runs in a moment");
        }
    }

    async fn flush_responses(&self) {
        self.inner.response_finisher.flush().await;
        self.inner.response_keeper.flush().await;
    }

    /// Waits until no turn and no run runs any more.
    pub(crate) async fn all_ended(&self) {
        self.inner.turns.all_ended().await;
        self.inner.runs.running.all_ended().await;
    }

    /// Ends the turns that still run as interrupted, and waits until their ends are stored.
    pub(crate) async fn interrupt_turns(&self) {
        self.inner.turns.halt(Halt::Stopping);
        self.inner.turns.all_ended().await;
    }

    /// Who answers: models, and agents as models.
    pub(crate) fn provider(&self) -> &WithAgents {
        &self.inner.answering
    }

    /// The runs of agents.
    pub(crate) fn runs(&self) -> &RunDesk {
        &self.inner.runs
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.inner.shared
    }

    pub(crate) fn turn_finisher(&self) -> &TurnFinisher {
        &self.inner.turn_finisher
    }

    pub(crate) fn response_finisher(&self) -> &ResponseFinisher {
        &self.inner.response_finisher
    }

    /// Keeps a response that has ended. Should the database be away, it is kept as soon as that is back, unless
    /// it is too large to wait.
    pub(crate) async fn keep_response(&self, response: NewResponse) {
        let (id, bytes) = (response.id.clone(), response.input.len() + response.body.len());
        let kept = match bytes > MOST_BYTES_TO_WAIT {
            true => self.inner.store.put_response(response).await,
            false => self.inner.response_keeper.finish(response).await,
        };
        if let Err(error) = kept {
            warn!(%error, response_id = %id, bytes, "A response could not be kept at once");
        }
    }

    pub(crate) fn turns(&self) -> &TurnDesk {
        &self.inner.turns
    }

    /// What becomes of a turn or run whose client leaves, unless its request says otherwise.
    pub(crate) fn on_disconnect(&self) -> OnDisconnect {
        self.inner.chat.on_disconnect
    }

    pub(crate) fn idempotency_hours(&self) -> u32 {
        self.inner.server.idempotency_hours
    }

    pub(crate) fn chat_settings(&self) -> &ChatSettings {
        &self.inner.chat
    }

    /// Who may come in.
    pub(crate) fn door(&self) -> &Door {
        &self.inner.door
    }

    /// Who may have which calls made.
    pub(crate) fn gate(&self) -> &Gate {
        &self.inner.gate
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.inner.accounts.metrics
    }

    pub(crate) fn tracer(&self) -> &Tracer {
        &self.inner.accounts.tracer
    }

    /// Where the circuits of deployments stand.
    pub(crate) fn circuits(&self) -> Vec<CircuitReading> {
        self.inner.accounts.circuits()
    }

    pub(crate) fn render_metrics(&self) -> String {
        self.metrics().render()
    }

    pub(crate) fn open_metrics(&self) -> bool {
        self.inner.server.open_metrics
    }

    pub(crate) fn body_limits(&self) -> BodyLimits {
        let server = &self.inner.server;
        BodyLimits {
            max_bytes: server.max_body_bytes,
            timeout: Duration::from_millis(server.body_timeout_ms),
        }
    }

    pub(crate) fn max_concurrent_requests(&self) -> usize {
        self.inner.server.max_concurrent_requests
    }

    /// Requests that are being answered.
    pub(crate) fn inflight(&self) -> usize {
        self.inner.inflight.load(Ordering::Relaxed)
    }

    pub(crate) fn take_inflight_place(&self) -> InflightPlace {
        self.inner.inflight.fetch_add(1, Ordering::Relaxed);
        let gauges = [self.metrics().active_request_guard(), self.metrics().inflight_guard()];
        InflightPlace { inner: self.inner.clone(), _gauges: gauges }
    }
}

fn gate(parts: &AppParts) -> Gate {
    let LimitParts { quote, auth } = &parts.limits;
    // One count for all replicas, where they share one.
    let quotas = &parts.shared.quotas;
    let (ttl, grace) = (Duration::from_millis(auth.key_ttl_ms), Duration::from_millis(auth.key_grace_ms));
    Gate {
        book: Arc::new(KeyBook::new(parts.store.clone(), ttl, grace)),
        store: parts.store.clone(),
        quotas: quotas.clone(),
        settlements: Settlements::new(quotas.clone()),
        quote: quote.clone(),
        metrics: parts.accounts.metrics.clone(),
        assumed_answer_tokens: auth.assumed_answer_tokens,
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.lease.abort();
    }
}

/// Opens the database that is configured: PostgreSQL where a URL names one, else SQLite in the data directory.
///
/// # Errors
/// When the database cannot be used, or the directory cannot be made.
pub async fn open_store(data_dir: &Path, config: &StoreConfig) -> Result<Arc<dyn Store>, AppError> {
    match &config.database_url {
        Some(url) => Ok(Arc::new(PostgresStore::open(url, &config.postgres).await?)),
        None => open_file(data_dir, config),
    }
}

/// Opens the SQLite database in a data directory, which is made if missing.
fn open_file(data_dir: &Path, config: &StoreConfig) -> Result<Arc<dyn Store>, AppError> {
    std::fs::create_dir_all(data_dir)
        .map_err(|source| AppError::DataDir { path: data_dir.display().to_string(), source })?;
    Ok(Arc::new(SqliteStore::open(&data_dir.join(DATABASE_FILE), config)?))
}

/// A request's place among those being answered.
pub(crate) struct InflightPlace {
    inner: Arc<Inner>,
    _gauges: [GaugeGuard; 2],
}

impl Drop for InflightPlace {
    fn drop(&mut self) {
        self.inner.inflight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A list without entries, for providers that have none to give.
struct NoModels;

#[async_trait]
impl Models for NoModels {
    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error> {
        Ok(Vec::new())
    }
}
