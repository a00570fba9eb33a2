//! An app over a mock, with a data directory of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use playhouse_llm::{Chunk, Error, Event, EventStream, Provider, Request as Asked};
use playhouse_mock::{Answer as Said, MockProvider};
use playhouse_server::http::Request;
use playhouse_server::{Accounts, Answer, App, AppParts, ChatConfig, ChatSettings, LimitParts, ServerConfig};
use playhouse_store::shared::{Shared, SharedLimits};
use playhouse_store::{SqliteStore, Store, StoreConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) mock: MockProvider,
    _data_dir: TempDir,
}

impl TestApp {
    pub(crate) fn saying(texts: &[&str]) -> Self {
        Self::over(MockProvider::replies(texts))
    }

    pub(crate) fn answering(respond: impl Fn(&Asked) -> Said + Send + Sync + 'static) -> Self {
        Self::over(MockProvider::new(respond))
    }

    pub(crate) fn over(mock: MockProvider) -> Self {
        Self::with_data(mock, tempfile::tempdir().unwrap())
    }

    /// An app that finds this data when it starts.
    pub(crate) fn with_data(mock: MockProvider, data_dir: TempDir) -> Self {
        let app = App::with_provider(mock.clone(), data_dir.path()).unwrap();
        Self { app, mock, _data_dir: data_dir }
    }

    pub(crate) async fn chat(&self, message: &str, session_id: &str) -> Answer {
        self.post("/v1/chat", json!({ "message": message, "session_id": session_id })).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.app.post(path, body.to_string()).await
    }

    /// What the model was sent last, as `role: text` lines.
    pub(crate) fn last_prompt(&self) -> Vec<String> {
        let messages = self.mock.journal().last_messages();
        messages.iter().map(|message| format!("{:?}: {}", message.role, message.text())).collect()
    }
}

/// Several servers over one database and what they share, as replicas.
pub(crate) struct Replicas {
    pub(crate) mock: MockProvider,
    provider: Arc<dyn Provider>,
    pub(crate) store: SqliteStore,
    pub(crate) shared: Shared,
    _data_dir: Arc<TempDir>,
}

impl Replicas {
    pub(crate) fn over(mock: MockProvider) -> Self {
        let data_dir = tempfile::tempdir().unwrap();
        let path = data_dir.path().join(playhouse_server::DATABASE_FILE);
        let store = SqliteStore::open(&path, &StoreConfig::default()).unwrap();
        let shared = Shared::in_process(&SharedLimits::default());
        Self { provider: Arc::new(mock.clone()), mock, store, shared, _data_dir: Arc::new(data_dir) }
    }

    /// Servers whose model says one word and then nothing more.
    pub(crate) fn endless() -> Self {
        Self::answered_by(Endless)
    }

    /// Servers over this provider.
    pub(crate) fn answered_by(provider: impl Provider + 'static) -> Self {
        Self { provider: Arc::new(provider), ..Self::over(MockProvider::replies(["unused"])) }
    }

    /// The same database, with nothing else shared.
    pub(crate) fn sharing_nothing(&self) -> Self {
        let shared = Shared::in_process(&SharedLimits::default());
        Self {
            mock: self.mock.clone(),
            provider: self.provider.clone(),
            store: self.store.clone(),
            shared,
            _data_dir: self._data_dir.clone(),
        }
    }

    /// One more server, which takes others for dead after some tenths of a second.
    pub(crate) fn server(&self) -> App {
        self.server_with(self.store.as_another_replica(), ChatConfig::default())
    }

    /// One more server that writes to this store.
    pub(crate) fn server_with(&self, store: SqliteStore, chat: ChatConfig) -> App {
        let store: Arc<dyn Store> = Arc::new(store);
        let metrics = Arc::new(playhouse_telemetry::Metrics::new("test", "test"));
        // Each has a ledger of its own, as each process has; it goes with the folder around it.
        let ledger_dir = tempfile::tempdir_in(self._data_dir.path()).unwrap().keep();
        let accounts = Accounts::start(metrics, store.clone(), &StoreConfig::default(), &ledger_dir);
        let app = App::new(AppParts {
            provider: self.provider.clone(),
            models: Arc::new(self.mock.clone()),
            counter: Arc::new(playhouse_provider::Estimate),
            accounts: Arc::new(accounts.unwrap()),
            store,
            prices: Arc::default(),
            keyring: playhouse_server::Keyring::default(),
            limits: LimitParts::default(),
            chat: ChatSettings::new(&chat, "default"),
            agents: playhouse_server::Roster::default(),
            capture: false,
            shared: self.shared.clone(),
            server: ServerConfig { lease_beat_ms: 50, lease_missed_beats: 6, ..ServerConfig::default() },
        });
        app.lifecycle().set_ready();
        app
    }
}

/// Says `One` and then nothing more.
struct Endless;

#[async_trait]
impl Provider for Endless {
    async fn chat(&self, _: Asked) -> Result<EventStream, Error> {
        let said = stream::iter([Ok(Event::chunk(Chunk::text("One")))]);
        Ok(Box::pin(said.chain(stream::pending())))
    }
}

/// Waits until a turn stands so.
pub(crate) async fn turn_in(app: &App, turn_id: &str, state: &str) -> Value {
    let reached = async {
        loop {
            let turn = app.get(&format!("/v1/turns/{turn_id}")).await.json();
            if turn["state"] == state {
                return turn;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), reached).await;
    waited.unwrap_or_else(|_| panic!("turn {turn_id} is not {state} after 20 s"))
}

/// A streamed answer that is read piece by piece.
pub(crate) struct Reading {
    /// Empty for what is no turn.
    pub(crate) turn_id: String,
    body: Body,
    pub(crate) text: String,
}

impl Reading {
    /// Begins to read what a request is answered with.
    pub(crate) async fn of(app: &App, request: Request<Body>) -> Self {
        let response = app.front().answer(request).await;
        assert_eq!(response.status(), 200);
        let turn_id = response.headers().get("x-turn-id").map(|id| id.to_str().unwrap().to_owned());
        let turn_id = turn_id.unwrap_or_default();
        Self { turn_id, body: response.into_body(), text: String::new() }
    }

    /// Begins to read a turn that is asked for here.
    pub(crate) async fn chat(app: &App, body: Value) -> Self {
        Self::of(app, post("/v1/chat", &body, &[])).await
    }

    /// Reads until this has come.
    pub(crate) async fn until(&mut self, wanted: &str) {
        let bound = tokio::time::Instant::now() + Duration::from_secs(10);
        while !self.text.contains(wanted) {
            let frame = tokio::time::timeout_at(bound, self.body.frame()).await;
            let frame = frame.unwrap_or_else(|_| panic!("no {wanted} within 10 s in {}", self.text));
            let frame = frame.unwrap_or_else(|| panic!("no {wanted} in {}", self.text)).unwrap();
            self.text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }

    /// Reads to the end.
    pub(crate) async fn rest(mut self) -> String {
        let rest = tokio::time::timeout(Duration::from_secs(20), self.body.collect()).await;
        let rest = rest.unwrap_or_else(|_| panic!("no end within 20 s after {}", self.text));
        self.text.push_str(std::str::from_utf8(&rest.unwrap().to_bytes()).unwrap());
        self.text
    }
}

/// A request with a JSON body.
pub(crate) fn post(path: &str, body: &Value, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::post(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_string())).unwrap()
}

/// The text of a stream's deltas.
pub(crate) fn said(stream: &str) -> String {
    let events = events_in(stream);
    let deltas = events.iter().filter(|(_, name, _)| name == "delta");
    deltas.map(|(_, _, data)| data["content"].as_str().unwrap()).collect()
}

/// The events of a native stream: id, name, data.
pub(crate) fn events(answer: &Answer) -> Vec<(u64, String, Value)> {
    events_in(&answer.text())
}

/// The events in a text: id, name, data.
pub(crate) fn events_in(text: &str) -> Vec<(u64, String, Value)> {
    let blocks = text.split("\n\n").filter(|block| !block.is_empty() && !block.starts_with(':'));
    let events = blocks.map(|block| {
        let field = |name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_else(|| panic!("no {name} in {block}")).to_owned()
        };
        (field("id").parse().unwrap(), field("event"), serde_json::from_str(&field("data")).unwrap())
    });
    events.collect()
}
