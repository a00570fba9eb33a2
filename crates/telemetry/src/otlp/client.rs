//! Posting an export: one small HTTP client, made for it.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret, SecretString};

use super::export::Export;

/// Exports cannot be sent as configured.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is not one.
    #[error("the OTLP endpoint '{0}' is not usable; it should look like http://collector:4318")]
    Endpoint(String),
    /// A header cannot be sent.
    #[error("the OTLP header '{0}' cannot be sent; names and values take visible ASCII only")]
    Header(String),
    /// There is no TLS to be had.
    #[error(
        "cannot set up TLS for the OTLP endpoint: {0}; install the operating system's CA certificates \
         (package ca-certificates)"
    )]
    Tls(Arc<str>),
}

/// Why an export was not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It may be taken later, at the earliest after this long.
    Later(String, Option<Duration>),
    /// It never will be.
    Never(String),
}

/// Sends exports; one address after another keeps its connection.
pub(super) struct Client {
    http: HyperClient<HttpsConnector<HttpConnector>, Export>,
    headers: HeaderMap,
    timeout: Duration,
}

/// More of an answer is not read.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// A receiver may not put us off for longer.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

impl Client {
    pub(super) fn new(
        urls: &[&Uri],
        headers: &BTreeMap<String, SecretString>,
        timeout: Duration,
        version: &str,
    ) -> Result<Self, ClientError> {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.enforce_http(false);
        http.set_connect_timeout(Some(timeout));
        let needs_tls = urls.iter().any(|url| url.scheme() == Some(&Scheme::HTTPS));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls_config(needs_tls)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let http = HyperClient::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, headers: header_map(headers, version)?, timeout })
    }

    /// Posts an export.
    pub(super) async fn post(&self, url: &Uri, export: Export) -> Result<(), Refusal> {
        let mut request = Request::new(export);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = url.clone();
        *request.headers_mut() = self.headers.clone();
        match tokio::time::timeout(self.timeout, self.exchange(request)).await {
            Ok(answered) => answered,
            Err(_) => Err(Refusal::Later(format!("no answer within {} ms", self.timeout.as_millis()), None)),
        }
    }

    async fn exchange(&self, request: Request<Export>) -> Result<(), Refusal> {
        let sent = self.http.request(request).await;
        let response = sent.map_err(|error| Refusal::Later(root_cause(&error), None))?;
        let (status, retry_after) = (response.status(), retry_after(&response));
        // Read to its end, so that the connection can be used again.
        let _ = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
        match status {
            status if status.is_success() => Ok(()),
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Err(Refusal::Later(format!("status {status}"), retry_after)),
            status => Err(Refusal::Never(format!("status {status}"))),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Later(reason, _) | Self::Never(reason) => formatter.write_str(reason),
        }
    }
}

/// An endpoint's address, if it is one.
pub(super) fn parse_url(url: &str) -> Result<Uri, ClientError> {
    let parsed = Uri::from_str(url).ok().filter(|uri| {
        let speaks = matches!(uri.scheme_str(), Some("http" | "https"));
        speaks && uri.host().is_some_and(|host| !host.is_empty())
    });
    parsed.ok_or_else(|| ClientError::Endpoint(url.to_owned()))
}

fn header_map(headers: &BTreeMap<String, SecretString>, version: &str) -> Result<HeaderMap, ClientError> {
    let mut map = HeaderMap::new();
    map.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    if let Ok(agent) = HeaderValue::from_str(&format!("playhouse/{version}")) {
        map.insert(header::USER_AGENT, agent);
    }
    for (name, value) in headers {
        let bad = || ClientError::Header(name.clone());
        let header = HeaderName::from_str(name).map_err(|_| bad())?;
        let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| bad())?;
        value.set_sensitive(true);
        map.insert(header, value);
    }
    Ok(map)
}

fn retry_after(response: &Response<Incoming>) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// What TLS is spoken with; the machine's certificates are read only if they are needed.
fn tls_config(needed: bool) -> Result<rustls::ClientConfig, ClientError> {
    let failed = |error: &dyn fmt::Display| ClientError::Tls(error.to_string().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?;
    if !needed {
        let nobody = rustls::RootCertStore::empty();
        return Ok(builder.with_root_certificates(nobody).with_no_client_auth());
    }
    let builder = builder.with_native_roots().map_err(|error| failed(&error))?;
    Ok(builder.with_no_client_auth())
}

fn root_cause(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
