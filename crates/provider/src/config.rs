//! What can be configured of providers, their models, the way they are asked and their prices.
//!
//! Plain data: who reads files and variables fills it in, and says what is wrong with it.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// `[providers.<name>]`: one place that answers.
///
/// ```
/// use playhouse_provider::ProviderConfig;
///
/// let config = ProviderConfig { api_key: Some("sk-secret".into()), ..ProviderConfig::default() };
/// assert_eq!(config.vendor, "custom");
/// assert!(!format!("{config:?}").contains("sk-secret"));
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderConfig {
    /// The catalog's name of the vendor. Default: the section's own name if the catalog has it,
    /// else `custom`.
    pub vendor: String,
    /// The address, up to and including the version (`https://api.example.com/v1`). Default: the
    /// vendor's own; `custom` and `azure` have none.
    pub base_url: Option<String>,
    /// The key to show. Default: the vendor's own variable (`OPENAI_API_KEY`), else none.
    #[serde(skip_serializing)]
    pub api_key: Option<SecretString>,
    /// The API version that Azure's deployment paths need (`2024-10-21`). Default: none, which
    /// asks at Azure's `/openai/v1` paths.
    pub api_version: Option<String>,
    /// Headers to send beside the usual ones, treated as secrets. Default: none.
    #[serde(skip_serializing)]
    pub headers: BTreeMap<String, String>,
}

impl Default for ProviderConfig {
    fn default() -> Self {
        Self {
            vendor: "custom".to_owned(),
            base_url: None,
            api_key: None,
            api_version: None,
            headers: BTreeMap::new(),
        }
    }
}

impl fmt::Debug for ProviderConfig {
    /// Names the headers only: their values may be credentials.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProviderConfig")
            .field("vendor", &self.vendor)
            .field("base_url", &self.base_url)
            .field("api_key", &self.api_key)
            .field("api_version", &self.api_version)
            .field("headers", &self.headers.keys())
            .finish()
    }
}

/// `[models.<alias>]`: a model name of one's own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Whom to ask, each as `provider/model`; the next one is asked when one fails. No default.
    pub chain: Vec<String>,
}

/// `[upstream]`: how every provider is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpstreamConfig {
    /// Tries after the first, as long as the caller has seen nothing. Default: 2.
    pub retries: u32,
    /// The wait before the second try, in milliseconds; it doubles with each further one.
    /// Default: 250.
    pub retry_base_ms: u64,
    /// The longest wait before another try, in milliseconds. Default: 8000.
    pub retry_max_ms: u64,
    /// How long connecting may take, in milliseconds. Default: 5000.
    pub connect_timeout_ms: u64,
    /// From the request to the first output of a stream, in milliseconds. Default: 120000.
    pub first_token_timeout_ms: u64,
    /// The longest silence within a stream, in milliseconds. Default: 60000.
    pub idle_timeout_ms: u64,
    /// How long a call may take as a whole, in milliseconds. Default: 600000.
    pub total_timeout_ms: u64,
    /// The largest whole answer, in bytes. Default: 33554432 (32 MiB).
    pub max_reply_bytes: usize,
    /// The longest line of a stream, in bytes. Default: 4194304 (4 MiB).
    pub max_line_bytes: usize,
    /// Calls to one provider at the same time; 0 is no limit. Default: 0.
    pub max_concurrent: u32,
}

impl Default for UpstreamConfig {
    fn default() -> Self {
        Self {
            retries: 2,
            retry_base_ms: 250,
            retry_max_ms: 8_000,
            connect_timeout_ms: 5_000,
            first_token_timeout_ms: 120_000,
            idle_timeout_ms: 60_000,
            total_timeout_ms: 600_000,
            max_reply_bytes: 32 << 20,
            max_line_bytes: 4 << 20,
            max_concurrent: 0,
        }
    }
}

/// `[prices."provider/model"]`: what a model costs, in US dollars per million tokens, above the
/// table that ships.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceConfig {
    /// Tokens read by the model. No default.
    pub input_usd_per_mtok: f64,
    /// Tokens written by the model. No default.
    pub output_usd_per_mtok: f64,
    /// Tokens read from the vendor's cache. Default: the price of input.
    pub cache_read_usd_per_mtok: Option<f64>,
    /// Tokens written to the vendor's cache. Default: the price of input.
    pub cache_write_usd_per_mtok: Option<f64>,
}
