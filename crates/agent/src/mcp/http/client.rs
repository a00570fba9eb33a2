//! What an address is asked with: connections, TLS, headers, times.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout};

use super::HttpFailure;
use crate::mcp::McpServerConfig;
use crate::mcp::endpoint::Address;
use crate::mcp::life::Life;

/// How long a connection may take; TLS on it is part of the answer.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an idle connection is kept: less than servers keep theirs.
const IDLE: Duration = Duration::from_secs(3);
/// The least time between two streams, whatever the server wishes.
const STREAM_PACE: Duration = Duration::from_millis(250);

/// Asks one address; cheap to clone.
#[derive(Clone)]
pub(in crate::mcp) struct HttpClient(Arc<Inner>);

struct Inner {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: Uri,
    headers: HeaderMap,
    secrets: Vec<SecretString>,
    /// How long the head of an answer may take: as long as a tool runs.
    head_timeout: Duration,
    life: Arc<Life>,
    next_stream: Mutex<Instant>,
}

impl HttpClient {
    /// A client for this address.
    ///
    /// # Errors
    /// When the machine's certificates cannot be used.
    pub(super) fn new(address: &Address, config: &McpServerConfig, life: Arc<Life>) -> Result<Self, String> {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT));
        http.set_keepalive(Some(Duration::from_secs(60)));
        let tls = tls(address.uri.scheme_str() == Some("https"))?;
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .build(https.enable_http1().wrap_connector(http));
        Ok(Self(Arc::new(Inner {
            client,
            uri: address.uri.clone(),
            headers: address.headers.clone(),
            secrets: address.secrets.clone(),
            head_timeout: config.call_timeout().max(config.start_timeout()),
            life,
            next_stream: Mutex::new(Instant::now()),
        })))
    }

    pub(super) fn life(&self) -> &Arc<Life> {
        &self.0.life
    }

    pub(super) fn secrets(&self) -> &[SecretString] {
        &self.0.secrets
    }

    /// A request with the headers of the configuration and of the protocol.
    pub(super) fn request(
        &self,
        method: Method,
        protocol_headers: HashMap<HeaderName, HeaderValue>,
        body: Vec<u8>,
    ) -> Result<Request<Full<Bytes>>, HttpFailure> {
        let mut request =
            Request::builder().method(method).uri(self.0.uri.clone()).body(Full::new(body.into()))?;
        let headers = request.headers_mut();
        headers.extend(self.0.headers.clone());
        protocol_headers.into_iter().for_each(|(name, value)| drop(headers.insert(name, value)));
        Ok(request)
    }

    /// Sends a request and waits for the head of the answer.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, HttpFailure> {
        match timeout(self.0.head_timeout, self.0.client.request(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => Err(HttpFailure::Unreachable(innermost(&error))),
            Ok(Err(error)) => Err(HttpFailure::Broken(innermost(&error))),
            Err(_elapsed) => Err(HttpFailure::Silent(self.0.head_timeout)),
        }
    }

    /// Waits until another stream may be asked for.
    pub(super) async fn stream_turn(&self) {
        let mut next = self.0.next_stream.lock().await;
        sleep_until(*next).await;
        *next = Instant::now() + STREAM_PACE;
    }
}

/// TLS with the machine's certificates, which are read only where they are needed.
fn tls(is_needed: bool) -> Result<ClientConfig, String> {
    let failed = |error: &dyn std::fmt::Display| {
        format!("TLS cannot be set up: {error}; install the operating system's CA certificates")
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?;
    let builder = match is_needed {
        true => builder.with_native_roots().map_err(|error| failed(&error))?,
        false => builder.with_root_certificates(RootCertStore::empty()),
    };
    Ok(builder.with_no_client_auth())
}

fn innermost(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
