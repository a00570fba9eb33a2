//! Answers that somebody behind a URL makes.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use playhouse_llm::{Error, ErrorKind};
use serde_json::{Value, json};

use super::Scene;
use super::compile::{self, Complaint};
use super::prepared::Prepared;
use crate::script::Reply;

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// What the names of headers have in them whose values may be credentials.
const CREDENTIALS: [&str; 7] = ["auth", "cookie", "credential", "key", "secret", "signature", "token"];

/// Whom a rule asks for its answers.
#[derive(Clone, Debug)]
pub(super) struct Callback {
    url: Uri,
}

/// The connections to those who are asked.
#[derive(Debug, Default)]
pub(super) struct Callbacks {
    client: OnceLock<Client<HttpConnector, Full<Bytes>>>,
}

impl Callback {
    pub(super) fn new(url: &str) -> Result<Self, String> {
        let parsed = url
            .parse::<Uri>()
            .map_err(|error| format!("this is no URL ({error}): use `http://host/path`"))?;
        match (parsed.scheme_str(), parsed.host()) {
            (Some("http"), Some(_)) => Ok(Self { url: parsed }),
            (Some(scheme), Some(_)) => {
                Err(format!("`{scheme}` is not spoken to callbacks: use `http://host/path`"))
            }
            _ => Err("this is no whole URL: use `http://host/path`".to_owned()),
        }
    }

    /// The URL without what may be a credential.
    fn place(&self) -> String {
        format!("http://{}{}", self.url.host().unwrap_or_default(), self.url.path())
    }
}

impl Callbacks {
    /// Asks for the answer to this request.
    pub(super) async fn ask(&self, callback: &Callback, scene: Scene<'_>) -> Result<Prepared, Error> {
        let asked = tokio::time::timeout(TIMEOUT, self.exchange(callback, scene)).await;
        let answered = match asked {
            Ok(answered) => answered.and_then(|body| read(&body)),
            Err(_) => Err(format!("it has not answered within {} s", TIMEOUT.as_secs())),
        };
        answered.map_err(|reason| {
            let (place, rule) = (callback.place(), &scene.hit.name);
            let message = format!("the callback {place} of the rule `{rule}` gave no reply: {reason}");
            Error::new(ErrorKind::Internal, message)
        })
    }

    async fn exchange(&self, callback: &Callback, scene: Scene<'_>) -> Result<Bytes, String> {
        let question = Request::builder()
            .method(Method::POST)
            .uri(callback.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(question(scene).to_string()))
            .map_err(|error| error.to_string())?;
        let answer = self.client().request(question).await.map_err(|error| described(&error))?;
        let (status, body) = (answer.status(), Limited::new(answer.into_body(), MAX_ANSWER_BYTES));
        let body = body.collect().await.map_err(|error| format!("its answer broke off: {error}"))?;
        match status.is_success() {
            true => Ok(body.to_bytes()),
            false => Err(format!("it answered with status {}", status.as_u16())),
        }
    }

    fn client(&self) -> &Client<HttpConnector, Full<Bytes>> {
        self.client.get_or_init(|| {
            let mut connector = HttpConnector::new();
            connector.set_nodelay(true);
            Client::builder(TokioExecutor::new()).build(connector)
        })
    }
}

/// A callback that answers with a callback.
pub(super) fn nested(scene: Scene<'_>) -> Error {
    let message =
        format!("the callback of the rule `{}` names another callback: send the content", scene.hit.name);
    Error::new(ErrorKind::Internal, message)
}

fn question(scene: Scene<'_>) -> Value {
    let facts = scene.facts();
    json!({
        "namespace": *scene.call.namespace,
        "protocol": facts.protocol,
        "request": facts.json(),
        "headers": told_headers(&scene.call.headers),
    })
}

fn told_headers(headers: &HeaderMap) -> BTreeMap<&str, &str> {
    let told = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    told.filter(|(name, _)| !CREDENTIALS.iter().any(|part| name.contains(part))).collect()
}

fn read(body: &[u8]) -> Result<Prepared, String> {
    let reply: Reply =
        serde_json::from_slice(body).map_err(|error| format!("its answer is no reply: {error}"))?;
    compile::compile_answered(&reply).map_err(|complaints| {
        let told: Vec<String> = complaints.into_iter().map(|Complaint { message, .. }| message).collect();
        format!("its answer is no reply: {}", told.join("; "))
    })
}

/// The last cause says what happened; those above it say that something did.
fn described(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}
