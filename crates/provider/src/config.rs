//! What can be configured of providers, their models, the way they are asked and their prices.
//!
//! Plain data: who reads files and variables fills it in, and says what is wrong with it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::layers::{BalancePolicy, BreakerPolicy, RateLimited};

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
    /// vendor's own; `custom`, `custom-anthropic`, `custom-responses` and `azure` have none.
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
///
/// ```toml
/// [models.fast]
/// balance = { "azure/gpt-4o" = 3, "openai/gpt-4o" = 1 }
/// chain = ["groq/llama-3.3-70b-versatile"]
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// Deployments that serve the same, as `provider/model`, each with its weight; one of them is asked,
    /// and another when it fails. They are asked before the chain. Default: none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub balance: BTreeMap<String, u32>,
    /// By what one of them is chosen: `weighted` (by chance, as often as its weight says) or `latency`
    /// (the better of two drawn by chance, by its time to the first token). Default: `weighted`.
    #[serde(skip_serializing_if = "is_default")]
    pub balance_by: BalancePolicy,
    /// Whom to ask, each as `provider/model`; the next one is asked when one fails. No default, unless
    /// there is something to balance.
    pub chain: Vec<String>,
    /// After how many milliseconds without a first event a second deployment is asked beside the first;
    /// 0 is never. Default: 0.
    #[serde(skip_serializing_if = "is_default")]
    pub hedge_after_ms: u64,
    /// Whether answers to deterministic requests are kept and given again. Default: `cache.enabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<bool>,
}

impl From<Vec<String>> for ModelConfig {
    /// A chain, and nothing else.
    fn from(chain: Vec<String>) -> Self {
        Self { chain, ..Self::default() }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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
    /// How many of a hundred requests may be hedged, where that is asked for. Default: 10.
    pub hedge_max_percent: u32,
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
            hedge_max_percent: 10,
        }
    }
}

/// `[breaker]`: when a deployment that fails is left alone, and how it is tried again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerConfig {
    /// Whether deployments have circuit breakers. Default: true.
    pub enabled: bool,
    /// Failed attempts in a row, within the window, after which a deployment is left alone; 0 is never.
    /// Default: 10.
    pub consecutive_failures: u32,
    /// The share of failed attempts within the window from which on it is, in percent. Default: 50.
    pub failure_percent: u32,
    /// How many attempts the window must hold before the share counts. Default: 20.
    pub min_attempts: u32,
    /// How far back is looked, in milliseconds. Default: 30000.
    pub window_ms: u64,
    /// How long a deployment is left alone, in milliseconds. Default: 10000.
    pub cooldown_ms: u64,
    /// The longest wait that an upstream can ask for (`Retry-After`), in milliseconds. Default: 60000.
    pub max_cooldown_ms: u64,
    /// How many requests may try at the same time whether it is well again. Default: 1.
    pub probes: u32,
    /// What a refusal for too many requests (429) is: `pause` (the deployment is left alone for the time
    /// it names), `failure` or `ignore`. Default: `pause`.
    pub rate_limited: RateLimited,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        let policy = BreakerPolicy::default();
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            enabled: true,
            consecutive_failures: policy.consecutive_failures,
            failure_percent: policy.failure_percent,
            min_attempts: policy.min_attempts,
            window_ms: ms(policy.window),
            cooldown_ms: ms(policy.cooldown),
            max_cooldown_ms: ms(policy.max_cooldown),
            probes: policy.probes,
            rate_limited: policy.rate_limited,
        }
    }
}

impl BreakerConfig {
    /// The policy, if breakers are wanted.
    pub fn policy(&self) -> Option<BreakerPolicy> {
        self.enabled.then_some(BreakerPolicy {
            consecutive_failures: self.consecutive_failures,
            failure_percent: self.failure_percent,
            min_attempts: self.min_attempts,
            window: Duration::from_millis(self.window_ms),
            cooldown: Duration::from_millis(self.cooldown_ms),
            max_cooldown: Duration::from_millis(self.max_cooldown_ms),
            probes: self.probes,
            rate_limited: self.rate_limited,
        })
    }
}

/// `[cache]`: answers that are kept and given again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// Whether answers to deterministic requests are kept; an alias can say otherwise. Default: false.
    pub enabled: bool,
    /// For how long an answer is kept, in seconds. Default: 3600.
    pub ttl_s: u64,
    /// The largest answer that is kept, in bytes. Default: 262144 (256 KiB).
    pub max_answer_bytes: usize,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { enabled: false, ttl_s: 3_600, max_answer_bytes: 256 << 10 }
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
