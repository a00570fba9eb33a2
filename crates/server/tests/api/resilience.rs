//! What the server does when upstreams fail, over the real stack and real sockets: circuits in health
//! and metrics, kept answers in headers and records, and the table of the documentation.

use std::sync::Arc;

use axum::body::Body;
use playhouse_edge::status_of;
use playhouse_llm::{Error, ErrorKind, Request, Upstream};
use playhouse_mock::{Answer as Said, MockProvider, MockServer};
use playhouse_provider::{
    BreakerConfig, CacheConfig, CallSink, ModelConfig, ProviderConfig, Toll, Treatment, UpstreamConfig,
};
use playhouse_server::http::Request as HttpRequest;
use playhouse_server::{
    Accounts, Answer, App, AppParts, ChatSettings, Keyring, LimitParts, Roster, ServerConfig, Stack,
    StackConfig,
};
use playhouse_store::StoreConfig;
use playhouse_store::shared::{Shared, SharedLimits};
use playhouse_telemetry::{Metrics, Tracer};
use serde_json::json;

struct Gateway {
    app: App,
    _data_dir: tempfile::TempDir,
}

/// The real stack in front of an upstream that is called `lab`, with `fast` as an alias of its model.
async fn gateway(base_url: &str, breaker: BreakerConfig, cache: CacheConfig) -> Gateway {
    let data_dir = tempfile::tempdir().unwrap();
    let store = playhouse_server::open_store(data_dir.path(), &StoreConfig::default()).await.unwrap();
    let metrics = Arc::new(Metrics::new("test", "test"));
    let accounts = Accounts::start(metrics, store.clone(), &StoreConfig::default(), data_dir.path());
    let accounts = Arc::new(accounts.unwrap());
    let shared = Shared::in_process(&SharedLimits::default());
    let lab = ProviderConfig { base_url: Some(base_url.to_owned()), ..ProviderConfig::default() };
    let fast = ModelConfig::from(vec!["lab/m-1".to_owned()]);
    let upstream = UpstreamConfig { retries: 0, ..UpstreamConfig::default() };
    let config = StackConfig {
        providers: &[("lab".to_owned(), lab)],
        models: &[("fast".to_owned(), fast)],
        upstream: &upstream,
        breaker: &breaker,
        cache: &cache,
        answers: &shared.answers,
        prices: &[],
        tracer: &Tracer::default(),
    };
    let sink: Arc<dyn CallSink> = accounts.clone();
    let stack = Stack::build(&config, &sink).unwrap();
    accounts.show_circuits(stack.circuits);
    accounts.name_servers(stack.servers);
    let app = App::new(AppParts {
        provider: stack.provider,
        models: stack.models,
        counter: stack.counter,
        store,
        accounts,
        shared,
        prices: stack.prices,
        keyring: Keyring::default(),
        limits: LimitParts::default(),
        chat: ChatSettings::new(&playhouse_server::ChatConfig::default(), "fast"),
        agents: Roster::default(),
        capture: false,
        server: ServerConfig::default(),
    });
    app.lifecycle().set_ready();
    Gateway { app, _data_dir: data_dir }
}

impl Gateway {
    async fn ask(&self, fields: &str) -> Answer {
        self.ask_wishing("", fields).await
    }

    async fn ask_wishing(&self, cache_control: &str, fields: &str) -> Answer {
        let body = format!(r#"{{"model":"fast","messages":[{{"role":"user","content":"Hi"}}]{fields}}}"#);
        let request = HttpRequest::post("/v1/chat/completions")
            .header("content-type", "application/json")
            .header("cache-control", cache_control);
        self.app.call(request.body(Body::from(body)).unwrap()).await
    }

    async fn metric(&self, line: &str) -> bool {
        self.app.get("/metrics").await.text().lines().any(|told| told == line)
    }
}

#[tokio::test]
async fn an_open_circuit_is_a_503_and_seen_in_health_and_metrics() {
    // Nobody listens there.
    let breaker = BreakerConfig { consecutive_failures: 2, ..BreakerConfig::default() };
    let gateway = gateway("http://127.0.0.1:1/v1", breaker, CacheConfig::default()).await;
    let health = gateway.app.get("/health/detailed").await.json();
    assert_eq!(
        health,
        json!({"status": "healthy", "checks": {"database": "ok"}, "upstreams": {"lab/m-1": "closed"}})
    );
    assert!(gateway.metric(r#"playhouse_circuit_state{model="m-1",provider="lab"} 0"#).await);
    for _ in 0..2 {
        assert_eq!(gateway.ask("").await.status(), 502);
    }
    let metrics = gateway.app.get("/metrics").await.text();
    let lab = r#"gen_ai_provider_name="lab",gen_ai_request_model="fast",gen_ai_response_model="",server_address="127.0.0.1",server_port="1"} 2"#;
    let failed = |line: &str| {
        line.starts_with("gen_ai_client_operation_duration_seconds_count") && line.ends_with(lab)
    };
    assert!(metrics.lines().any(failed), "{metrics}");

    let refused = gateway.ask("").await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.json()["error"]["code"], "circuit_open");
    let wait_s: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&wait_s), "{wait_s}");

    let health = gateway.app.get("/health/detailed").await;
    assert_eq!((health.status().as_u16(), &health.json()["status"]), (200, &json!("degraded")));
    assert_eq!(health.json()["upstreams"], json!({"lab/m-1": "open"}));
    assert!(gateway.metric(r#"playhouse_circuit_state{model="m-1",provider="lab"} 3"#).await);
    assert!(gateway.metric(r#"playhouse_circuit_opened_total{model="m-1",provider="lab"} 1"#).await);
    // What was refused is no attempt.
    let attempts = r#"playhouse_upstream_attempts_total{model="m-1",outcome="unreachable",provider="lab"} 2"#;
    assert!(gateway.metric(attempts).await);
}

#[tokio::test]
async fn health_never_calls_a_model() {
    let mock = MockProvider::replies(["Hello!"]);
    let upstream = MockServer::start(mock).await.unwrap();
    let gateway = gateway(&upstream.base_url(), BreakerConfig::default(), CacheConfig::default()).await;
    gateway.app.get("/health/detailed").await;
    assert!(upstream.journal().is_empty());
}

#[tokio::test]
async fn without_breakers_nothing_is_shown_of_upstreams() {
    let off = BreakerConfig { enabled: false, ..BreakerConfig::default() };
    let gateway = gateway("http://127.0.0.1:1/v1", off, CacheConfig::default()).await;
    for _ in 0..15 {
        assert_eq!(gateway.ask("").await.status(), 502);
    }
    let health = gateway.app.get("/health/detailed").await.text();
    assert_eq!(health, r#"{"status":"healthy","checks":{"database":"ok"}}"#);
}

/// Lets what is kept in the background be kept.
async fn settle() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn headers_and_records_say_whether_an_answer_was_kept() {
    let mock = MockProvider::new(|_: &Request| Said::text("Hello!"));
    let upstream = MockServer::start(mock).await.unwrap();
    let cache = CacheConfig { enabled: true, ..CacheConfig::default() };
    let gateway = gateway(&upstream.base_url(), BreakerConfig::default(), cache).await;
    for stream in ["", r#","stream":true"#] {
        let cold = format!(r#","temperature":0{stream}"#);
        let mut bodies = Vec::new();
        for (wish, said) in
            [("", "miss"), ("", "hit"), ("no-cache", "miss"), ("max-age=0, no-store", ""), ("", "hit")]
        {
            let answer = gateway.ask_wishing(wish, &cold).await;
            assert_eq!((answer.status().as_u16(), answer.header("x-playhouse-cache")), (200, said), "{wish}");
            bodies.push(answer.text());
            settle().await;
        }
        assert_eq!(bodies[0], bodies[1]);
        assert_eq!(gateway.ask(stream).await.header("x-playhouse-cache"), "");
    }
    assert_eq!(upstream.journal().len(), 8);

    gateway.app.flush().await;
    let calls = gateway.app.get("/v1/calls").await.json();
    let calls = calls["calls"].as_array().or(calls["data"].as_array()).unwrap().clone();
    let kept: Vec<_> = calls.iter().filter(|call| call["provider"] == "cache").collect();
    assert_eq!(kept.len(), 4);
    assert!(kept.iter().all(|call| call["attempts"] == 0 && call["cost_usd"] == 0.0), "{kept:?}");
    assert!(gateway.metric(r#"playhouse_cache_answers_total{outcome="hit"} 4"#).await);
    assert!(gateway.metric(r#"playhouse_cache_answers_total{outcome="miss"} 4"#).await);
}

/// The kinds that an upstream's own refusal can be.
const REFUSALS: [ErrorKind; 9] = [
    ErrorKind::InvalidRequest,
    ErrorKind::Unauthenticated,
    ErrorKind::PermissionDenied,
    ErrorKind::NotFound,
    ErrorKind::Conflict,
    ErrorKind::TooLarge,
    ErrorKind::RateLimited,
    ErrorKind::Overloaded,
    ErrorKind::Upstream,
];

fn row(error: &Error, who: &str) -> String {
    let treatment = Treatment::of(error);
    let yes = |is_so: bool| if is_so { "yes" } else { "no" };
    let toll = match treatment.toll {
        Toll::Nothing => "nothing",
        Toll::Failure => "a failure",
        Toll::RateLimit => "a pause",
    };
    let status = match error.upstream_status() {
        Some(_) => "its own".to_owned(),
        None => status_of(error).as_u16().to_string(),
    };
    let kind = error.kind.as_str();
    let (again, next) = (yes(treatment.is_retried), yes(treatment.fails_over));
    format!("| `{kind}` | {who} | {again} | {next} | {toll} | {status} |")
}

fn refused(kind: ErrorKind) -> Error {
    let upstream =
        Upstream { provider: Arc::from("lab"), status: Some(418), code: None, class: None, body: None };
    Error { upstream: Some(Box::new(upstream)), ..Error::new(kind, "no") }
}

#[test]
fn the_table_of_the_documentation_is_what_the_code_does() {
    let mut rows = vec![
        "| error | told by | asked again | next deployment, other try | for the breaker | status |"
            .to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for kind in ErrorKind::ALL {
        if REFUSALS.contains(&kind) {
            rows.push(row(&refused(kind), "the upstream"));
        }
        rows.push(row(&Error::new(kind, "no"), "Playhouse"));
    }
    let table = rows.join("\n");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/resilience.md");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains(&table), "docs/resilience.md must hold this table:\n{table}");
}
