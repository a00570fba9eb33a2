//! An app with an operator's key, over a provider whose counts and end a test decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::body::Body;
use playhouse_agent::AgentConfig;
use playhouse_llm::{
    Error, ErrorKind, Event, EventStream, ModelInfo, Models, Operation, Provider, Reply, Request as Call,
    Usage,
};
use playhouse_provider::{Price, PriceConfig, PriceTable, Quote};
use playhouse_server::http::{Method, Request};
use playhouse_server::{
    Accounts, Answer, App, AppParts, AuthConfig, ChatConfig, ChatSettings, Keyring, LimitParts, Roster,
    ServerConfig, assemble,
};
use playhouse_store::shared::{Shared, SharedLimits};
use playhouse_store::{SqliteStore, Store, StoreConfig};
use playhouse_wire::{Codec, OpenAiEmbeddings};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;

pub(crate) const OPERATOR: &str = "sk-operator";

/// Answers with these counts, once it may.
pub(crate) struct Worker {
    /// What it counts; `None` for a vendor that counts nothing.
    pub(crate) usage: Option<Usage>,
    pub(crate) fails: bool,
    /// One permit an answer.
    pub(crate) may_answer: Semaphore,
    /// How many calls have reached it.
    pub(crate) asked: AtomicUsize,
}

/// Ten dollars for a million tokens of any kind.
struct TenDollars;

pub(crate) struct Keyed {
    pub(crate) app: App,
    pub(crate) worker: Arc<Worker>,
    pub(crate) store: Arc<dyn Store>,
    _data_dir: Arc<TempDir>,
    _ledger_dir: TempDir,
}

impl Worker {
    /// Counts so much, and answers at once.
    pub(crate) fn counting(prompt_tokens: u64, completion_tokens: u64) -> Self {
        Self {
            usage: Some(Usage::new(prompt_tokens, completion_tokens)),
            fails: false,
            may_answer: Semaphore::new(Semaphore::MAX_PERMITS),
            asked: AtomicUsize::new(0),
        }
    }

    /// The same, but answers only when it is let.
    pub(crate) fn waiting(self) -> Self {
        Self { may_answer: Semaphore::new(0), ..self }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Provider for Worker {
    async fn chat(&self, request: Call) -> Result<EventStream, Error> {
        request.context.trail.begin_attempt("mock".into(), request.model.clone());
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.may_answer.acquire().await.unwrap().forget();
        if self.fails {
            return Err(Error::new(ErrorKind::Unreachable, "nobody is there"));
        }
        if request.operation() == Operation::Embeddings {
            return Ok(embedding(&request, self.usage.as_ref()));
        }
        let reply =
            Reply { usage: self.usage.clone(), model: request.model.to_string(), ..Reply::text("Hi") };
        Ok(Box::pin(futures_util::stream::iter([Ok(Event::reply(reply))])))
    }
}

/// One vector, whatever is embedded.
fn embedding(request: &Call, usage: Option<&Usage>) -> EventStream {
    let usage =
        usage.map(|usage| json!({"prompt_tokens": usage.prompt_tokens, "total_tokens": usage.total_tokens}));
    let body = json!({"object": "list", "model": &*request.model, "usage": usage,
        "data": [{"object": "embedding", "index": 0, "embedding": [0.6, 0.8]}]});
    let event = OpenAiEmbeddings.read_reply(body.to_string().into()).unwrap();
    Box::pin(futures_util::stream::iter([Ok(event)]))
}

#[async_trait]
impl Models for Worker {
    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error> {
        let named = |id: &str| ModelInfo { id: id.into(), owned_by: "mock".into(), created: None };
        Ok(["small", "large", "small-2026"].map(named).into())
    }
}

/// One agent, which asks the model `large`.
fn agents() -> Roster {
    assemble([(&"helper".to_owned(), &AgentConfig::default())], "large").unwrap()
}

impl Quote for TenDollars {
    fn dearest(&self, _model: &str) -> Option<Price> {
        Some(Price { input: 10.0, output: 10.0, cache_read: None, cache_write: None })
    }
}

impl Keyed {
    pub(crate) fn over(worker: Worker) -> Self {
        Self::with_keys(worker, &[OPERATOR])
    }

    /// An app with these keys in its configuration.
    pub(crate) fn with_keys(worker: Worker, keys: &[&str]) -> Self {
        let data_dir = Arc::new(tempfile::tempdir().unwrap());
        let store =
            SqliteStore::open(&data_dir.path().join("playhouse.db"), &StoreConfig::default()).unwrap();
        Self::put_together(Arc::new(worker), Arc::new(store), data_dir, keys)
    }

    /// Another replica over the same store, which counts for itself.
    pub(crate) fn another(&self) -> Self {
        let data_dir = self._data_dir.clone();
        Self::put_together(self.worker.clone(), self.store.clone(), data_dir, &[OPERATOR])
    }

    fn put_together(
        worker: Arc<Worker>,
        store: Arc<dyn Store>,
        data_dir: Arc<TempDir>,
        keys: &[&str],
    ) -> Self {
        let metrics = Arc::new(playhouse_telemetry::Metrics::new("test", "test"));
        let price =
            PriceConfig { input_usd_per_mtok: 10.0, output_usd_per_mtok: 10.0, ..PriceConfig::default() };
        let prices = ["small", "large", "m"].map(|model| (format!("mock/{model}"), price.clone()));
        let keys: Vec<secrecy::SecretString> = keys.iter().map(|key| (*key).into()).collect();
        let auth = AuthConfig { key_ttl_ms: 50, ..AuthConfig::default() };
        // Each has a ledger of its own, as each replica has.
        let ledger_dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::start(metrics, store.clone(), &StoreConfig::default(), ledger_dir.path());
        let accounts = accounts.unwrap();
        let app = App::new(AppParts {
            provider: worker.clone(),
            models: worker.clone(),
            counter: Arc::new(playhouse_provider::Estimate),
            accounts: Arc::new(accounts),
            shared: Shared::in_process(&SharedLimits::default()),
            store: store.clone(),
            prices: Arc::new(PriceTable::new([], prices)),
            keyring: Keyring::new(&keys),
            limits: LimitParts { quote: Some(Arc::new(TenDollars)), auth },
            chat: ChatSettings::new(&ChatConfig::default(), "m"),
            agents: agents(),
            capture: false,
            server: ServerConfig::default(),
        });
        Self { app, worker, store, _data_dir: data_dir, _ledger_dir: ledger_dir }
    }

    /// Has an operator make a key; its id and the key itself.
    pub(crate) async fn make(&self, settings: Value) -> (String, String) {
        let made = self.send(Method::POST, "/v1/admin/keys", OPERATOR, &settings).await;
        assert_eq!(made.status(), 201, "{}", made.text());
        let text = |name: &str| made.json()[name].as_str().unwrap().to_owned();
        (text("id"), text("key"))
    }

    pub(crate) async fn send(&self, method: Method, path: &str, key: &str, body: &Value) -> Answer {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = if key.is_empty() { request } else { request.header("x-api-key", key) };
        self.app.call(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, key: &str) -> Answer {
        self.send(Method::GET, path, key, &Value::Null).await
    }

    pub(crate) async fn complete(&self, key: &str, max_tokens: u64) -> Answer {
        let body = json!({"model": "small", "max_tokens": max_tokens,
            "messages": [{"role": "user", "content": "Hello"}]});
        self.send(Method::POST, "/v1/chat/completions", key, &body).await
    }

    pub(crate) async fn chat(&self, key: &str, session_id: &str, message: &str) -> Answer {
        let body = json!({"message": message, "session_id": session_id});
        self.send(Method::POST, "/v1/chat", key, &body).await
    }
}
