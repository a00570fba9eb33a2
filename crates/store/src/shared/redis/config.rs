//! The `[redis]` section of the configuration.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// `[redis]`: what replicas share. The doc comments are the documentation's rows.
///
/// ```
/// use playhouse_store::shared::RedisConfig;
///
/// assert!(RedisConfig::default().url.is_none());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisConfig {
    /// Where Redis or Valkey is: `redis://[user:password@]host[:port][/database]`, `rediss://` over TLS.
    /// Default: none; nothing is shared then.
    #[serde(skip_serializing)]
    pub url: Option<SecretString>,
    /// How long a command may take, in milliseconds, before Redis counts as away. Default: 250.
    pub command_timeout_ms: u64,
    /// How long connecting may take, in milliseconds. Default: 1000.
    pub connect_timeout_ms: u64,
    /// What the names of all keys begin with; replicas that share have the same. Default: `playhouse:`.
    pub key_prefix: String,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            url: None,
            command_timeout_ms: 250,
            connect_timeout_ms: 1_000,
            key_prefix: "playhouse:".to_owned(),
        }
    }
}
