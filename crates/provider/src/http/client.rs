//! What all providers' connections are made with: DNS, TCP, TLS.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::http::Uri;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use playhouse_llm::{Error, ErrorKind, Phase};
use rustls::RootCertStore;
use tokio::net::TcpStream;
use tower_service::Service;

/// A connection, with or without TLS.
pub(crate) type Socket = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Makes connections; cheap to clone.
#[derive(Clone, Debug)]
pub struct HttpClient {
    connector: HttpsConnector<HttpConnector>,
    connect_timeout: Duration,
    /// Without certificates, plain addresses can still be reached.
    certificates: Result<(), TlsError>,
}

/// The machine's certificates cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot set up TLS: {0}; install the operating system's CA certificates (package ca-certificates)")]
pub struct TlsError(Arc<str>);

/// Why a request got no response head.
#[derive(Debug)]
pub(crate) enum SendFailure {
    /// No connection in time.
    ConnectTimeout(Duration),
    /// No connection.
    Connect(Box<dyn StdError + Send + Sync>),
    /// The connection failed before the response had begun.
    Exchange(io::Error),
}

impl HttpClient {
    /// A client that gives a connection attempt, TLS included, this long.
    ///
    /// # Errors
    /// When TLS cannot be set up at all.
    pub fn new(connect_timeout: Duration) -> Result<Self, TlsError> {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.enforce_http(false);
        http.set_connect_timeout(Some(connect_timeout));
        http.set_keepalive(Some(Duration::from_secs(60)));
        let (tls_config, certificates) = tls_config()?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls_config)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        Ok(Self { connector, connect_timeout, certificates })
    }

    /// Whether `https` addresses can be reached.
    ///
    /// # Errors
    /// When the machine has no usable CA certificates.
    pub fn check_certificates(&self) -> Result<(), TlsError> {
        self.certificates.clone()
    }

    /// Opens a connection to the host of this address.
    pub(crate) async fn connect(&self, uri: Uri) -> Result<Socket, SendFailure> {
        let connecting = self.connector.clone().call(uri);
        match tokio::time::timeout(self.connect_timeout, connecting).await {
            Ok(connected) => connected.map_err(SendFailure::Connect),
            Err(_) => Err(SendFailure::ConnectTimeout(self.connect_timeout)),
        }
    }
}

/// What TLS is spoken with, and whether there are certificates to trust.
fn tls_config() -> Result<(rustls::ClientConfig, Result<(), TlsError>), TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let failed = |error: &dyn std::fmt::Display| TlsError(error.to_string().into());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?;
    let (builder, certificates) = match builder.clone().with_native_roots() {
        Ok(builder) => (builder, Ok(())),
        Err(error) => (builder.with_root_certificates(RootCertStore::empty()), Err(failed(&error))),
    };
    Ok((builder.with_no_client_auth(), certificates))
}

impl SendFailure {
    /// The failure in the vocabulary; names the provider and the cause, never the key.
    pub(crate) fn into_error(self, provider: &str) -> Error {
        match self {
            Self::ConnectTimeout(limit) => {
                let limit_ms = limit.as_millis();
                let message =
                    format!("provider '{provider}' did not accept a connection within {limit_ms} ms");
                Error::new(ErrorKind::Timeout(Phase::Connect), message)
            }
            Self::Connect(error) => {
                let message = format!("provider '{provider}' cannot be reached: {}", root_cause(&*error));
                Error::new(ErrorKind::Unreachable, message)
            }
            Self::Exchange(error) if error.kind() == io::ErrorKind::InvalidData => {
                Error::bad_reply(format!("provider '{provider}' answered something unreadable: {error}"))
            }
            Self::Exchange(error) => {
                let message =
                    format!("provider '{provider}' closed the connection without answering: {error}");
                Error::new(ErrorKind::Unreachable, message)
            }
        }
    }
}

fn root_cause(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
