//! What can be configured of the server, of who may call it, and of native chat.
//!
//! Plain data: who reads files and variables fills it in, and says what is wrong with it.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// `[server]`: where it listens, where its files are, what it bounds.
///
/// ```
/// use playhouse_server::config::ServerConfig;
///
/// assert_eq!(ServerConfig::default().listen, "127.0.0.1:8000");
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// The address to listen on, as `host:port`. Default: `127.0.0.1:8000`.
    pub listen: String,
    /// The folder for the database and other files; made if missing. Default: `playhouse-data`.
    pub data_dir: PathBuf,
    /// The largest request body, in bytes. Default: 20971520 (20 MiB).
    pub max_body_bytes: usize,
    /// Connections at the same time; more wait to be accepted. Default: 20000.
    pub max_connections: usize,
    /// Requests at the same time; more are answered 503 with `Retry-After`. Default: 10000.
    pub max_concurrent_requests: usize,
    /// How long a request's head may take to arrive, in milliseconds. Default: 10000.
    pub header_timeout_ms: u64,
    /// How long a request's body may take to arrive, in milliseconds. Default: 30000.
    pub body_timeout_ms: u64,
    /// How long a connection may wait for its next request, in milliseconds. Default: 75000.
    pub idle_timeout_ms: u64,
    /// How long a client may leave an answer unread, in milliseconds. Default: 60000.
    pub write_timeout_ms: u64,
    /// How long running requests and turns may take to finish after SIGTERM, in milliseconds. Default: 30000.
    pub shutdown_grace_ms: u64,
    /// How long new requests are still answered after SIGTERM, in milliseconds: until whoever sends them has
    /// seen that the server is not ready any more. Default: 0.
    pub drain_delay_ms: u64,
    /// How often the server says in the database that it lives, in milliseconds. Default: 1000.
    pub lease_beat_ms: u64,
    /// After how many beats without a word another server is taken for dead, and its turns and runs are ended
    /// as interrupted. Default: 5.
    pub lease_missed_beats: u32,
    /// For how long an `Idempotency-Key` is remembered, in hours. Default: 24.
    pub idempotency_hours: u32,
    /// Whether to listen beyond loopback although no API keys are set. Default: false.
    pub allow_open: bool,
    /// Whether `/metrics` is shown to callers without an API key. Default: false.
    pub open_metrics: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8000".to_owned(),
            data_dir: PathBuf::from("playhouse-data"),
            max_body_bytes: 20 << 20,
            max_connections: 20_000,
            max_concurrent_requests: 10_000,
            header_timeout_ms: 10_000,
            body_timeout_ms: 30_000,
            idle_timeout_ms: 75_000,
            write_timeout_ms: 60_000,
            shutdown_grace_ms: 30_000,
            drain_delay_ms: 0,
            lease_beat_ms: 1_000,
            lease_missed_beats: 5,
            idempotency_hours: 24,
            allow_open: false,
            open_metrics: false,
        }
    }
}

/// `[auth]`: who may call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// The operators' keys, which open everything; with none, and none made by `playhouse keys`, anybody may
    /// call. Default: none.
    #[serde(skip_serializing)]
    pub api_keys: Vec<SecretString>,
    /// How long what was read of a stored key is believed, in milliseconds: a key that is revoked on another
    /// replica works for so long. Default: 5000.
    pub key_ttl_ms: u64,
    /// How long keys that were known go on working while the database is away, in milliseconds.
    /// Default: 600000.
    pub key_grace_ms: u64,
    /// How many tokens an answer is taken to have, for limits and budgets, whose length the request does not
    /// limit. Default: 4096.
    pub assumed_answer_tokens: u64,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self { api_keys: Vec::new(), key_ttl_ms: 5_000, key_grace_ms: 600_000, assumed_answer_tokens: 4_096 }
    }
}

/// `[chat]`: the native chat.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChatConfig {
    /// The model for requests that name none. Default: the default provider's own default.
    pub model: Option<String>,
    /// What the model is told before every conversation. Default: nothing.
    pub system_prompt: Option<String>,
    /// The most messages of a session that are sent along. Default: 100.
    pub history_messages: u32,
    /// The most tokens of a session, by estimate, that are sent along. Default: 32000.
    pub history_tokens: u32,
    /// What becomes of a turn, or of a run asked for at `/v1/agents`, when its client leaves: `continue` or
    /// `cancel`. A request may say otherwise. Default: `continue`.
    pub on_disconnect: OnDisconnect,
    /// Turns at the same time, those whose client has left too; more are answered 503 with `Retry-After`.
    /// Default: 10000.
    pub max_running_turns: usize,
}

/// What becomes of a turn or run when its client leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDisconnect {
    /// It goes on, and can be followed again.
    #[default]
    Continue,
    /// It ends at once, as interrupted.
    Cancel,
}

impl Default for ChatConfig {
    fn default() -> Self {
        Self {
            model: None,
            system_prompt: None,
            history_messages: 100,
            history_tokens: 32_000,
            on_disconnect: OnDisconnect::default(),
            max_running_turns: 10_000,
        }
    }
}
