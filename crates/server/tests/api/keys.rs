//! API keys, request ids and traces.

use axum::body::Body;
use playhouse_llm::{Models, Provider};
use playhouse_mock::MockProvider;
use playhouse_server::http::Request;
use playhouse_server::{Answer, App, AppParts, Keyring, ServerConfig};
use std::sync::Arc;

use crate::support::TestApp;

struct Locked {
    app: App,
    _data_dir: tempfile::TempDir,
}

async fn locked() -> Locked {
    let data_dir = tempfile::tempdir().unwrap();
    let store_config = playhouse_store::StoreConfig::default();
    let store = playhouse_server::open_store(data_dir.path(), &store_config).await.unwrap();
    let metrics = Arc::new(playhouse_telemetry::Metrics::new("test", "test"));
    let accounts =
        playhouse_server::Accounts::start(metrics, store.clone(), &store_config, data_dir.path()).unwrap();
    let mock = Arc::new(MockProvider::echo());
    let provider: Arc<dyn Provider> = mock.clone();
    let models: Arc<dyn Models> = mock;
    let app = App::new(AppParts {
        provider,
        models,
        accounts: Arc::new(accounts),
        store,
        shared: playhouse_store::shared::Shared::in_process(&Default::default()),
        prices: Arc::default(),
        limits: playhouse_server::LimitParts::default(),
        keyring: Keyring::new([&secrecy::SecretString::from("sk-right")]),
        chat: playhouse_server::ChatSettings::new(&playhouse_server::ChatConfig::default(), "m"),
        agents: playhouse_server::Roster::default(),
        capture: false,
        server: ServerConfig::default(),
    });
    Locked { app, _data_dir: data_dir }
}

async fn get(app: &App, path: &str, key: Option<&str>) -> Answer {
    let mut request = Request::get(path);
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    app.call(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_locked_server_opens_to_its_keys_alone() {
    let locked = locked().await;
    for path in ["/v1/models", "/v1/sessions", "/v1/calls", "/metrics"] {
        assert_eq!(get(&locked.app, path, None).await.status(), 401, "{path}");
        assert_eq!(get(&locked.app, path, Some("sk-wrong")).await.status(), 401, "{path}");
        assert_eq!(get(&locked.app, path, Some("sk-right")).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn probes_and_the_contract_need_no_key() {
    let locked = locked().await;
    locked.app.lifecycle().set_ready();
    for path in
        ["/health", "/health/ready", "/health/detailed", "/livez", "/readyz", "/docs", "/openapi.json"]
    {
        assert_eq!(get(&locked.app, path, None).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn refusals_come_in_the_shape_of_their_path() {
    let locked = locked().await;
    let compatible = get(&locked.app, "/v1/models", None).await;
    assert_eq!(compatible.json()["error"]["code"], "invalid_api_key");
    let native = get(&locked.app, "/v1/sessions", None).await;
    assert_eq!((native.json()["status"].as_u64(), native.header("www-authenticate")), (Some(401), "Bearer"));
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_any_other_replaced() {
    let app = TestApp::saying(&[]);
    for (sent, kept) in [("abc-123", true), ("has space", false), (&*"x".repeat(129), false)] {
        let request = Request::get("/health").header("x-request-id", sent).body(Body::empty()).unwrap();
        let answer = app.app.call(request).await;
        assert_eq!(answer.header("x-request-id") == sent, kept, "{sent}");
        assert!(!answer.header("x-request-id").is_empty());
    }
}

#[tokio::test]
async fn the_request_id_reaches_the_provider() {
    let app = TestApp::saying(&["ok"]);
    let request = Request::post("/v1/chat/completions").header("x-request-id", "abc-123");
    let body = r#"{"model": "m", "messages": [{"role": "user", "content": "Hi"}]}"#;
    app.app.call(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(&*app.mock.journal().requests()[0].context.request_id, "abc-123");
}
