//! What of the web a model may read.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Which hosts [`HttpGet`](super::HttpGet) may ask, and how much it takes from them.
///
/// ```
/// use playhouse_agent::tools::HttpGetConfig;
///
/// let config: HttpGetConfig = serde_json::from_str(r#"{"allowed_hosts": ["*.example.com"]}"#).unwrap();
/// assert_eq!(config.max_redirects, 3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpGetConfig {
    /// The hosts that may be asked: `example.com`, `*.example.com` for all below it, `example.com:8443` for
    /// another port than the usual ones. Without any there is no tool.
    pub allowed_hosts: Vec<String>,
    /// How long a call may take, redirects included, in milliseconds. Default: 10000.
    pub timeout_ms: u64,
    /// How long a connection to one address may take, in milliseconds. Default: 5000.
    pub connect_timeout_ms: u64,
    /// How much of a body is read, in bytes; the rest is cut off. Default: 262144.
    pub max_body_bytes: usize,
    /// How large the head of a response may be, in bytes. Default: 16384.
    pub max_head_bytes: usize,
    /// How many redirects are followed. Default: 3.
    pub max_redirects: u32,
}

impl Default for HttpGetConfig {
    fn default() -> Self {
        Self {
            allowed_hosts: Vec::new(),
            timeout_ms: 10_000,
            connect_timeout_ms: 5_000,
            max_body_bytes: 256 << 10,
            max_head_bytes: 16 << 10,
            max_redirects: 3,
        }
    }
}

impl HttpGetConfig {
    /// The configuration that lets these hosts be asked.
    pub fn allowing<H: Into<String>>(hosts: impl IntoIterator<Item = H>) -> Self {
        Self { allowed_hosts: hosts.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }
}

/// The tool `http_get` cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpGetError {
    /// No host may be asked.
    #[error("http_get has no allowed_hosts; name the hosts it may ask, such as \"*.example.com\"")]
    NoHosts,
    /// A host is none.
    #[error("allowed_hosts of http_get has '{host}': {reason}")]
    BadHost {
        /// The host as configured.
        host: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The machine's certificates cannot be used.
    #[error(
        "http_get cannot set up TLS: {0}; install the operating system's CA certificates (package ca-certificates)"
    )]
    Tls(String),
}
