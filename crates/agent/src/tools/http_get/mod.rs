//! The web, as far as it is allowed.
//!
//! An address goes one way: `target` (what is written) → `hosts` (is it allowed) → `network` (where does it
//! lead, and is that out in the open) → `exchange` (ask) → `content` (what can be read); each redirect goes
//! it again.

mod address;
mod config;
mod content;
mod exchange;
mod hosts;
mod network;
mod target;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use http::header;
use hyper_rustls::ConfigBuilderExt;
use rustls::ClientConfig;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

pub use config::{HttpGetConfig, HttpGetError};

use self::exchange::{Body, Exchange};
use self::hosts::AllowedHosts;
use self::network::Network;
use self::target::Target;
use crate::tool::{Tool, ToolError, input_schema};

/// The tool `http_get`: reads a page of the web, from hosts that are allowed.
///
/// It takes `{"url": "..."}`. The host must be on the list and lead to public addresses only; redirects are
/// held to the same. Only text is shown. It has no cookies, no credentials and uses no proxy.
///
/// ```
/// use playhouse_agent::{ToolRegistry, tools::{HttpGet, HttpGetConfig}};
/// use serde_json::json;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let tool = HttpGet::new(HttpGetConfig::allowing(["example.com", "*.example.org"])).unwrap();
/// let tools = ToolRegistry::new().with(tool).unwrap();
/// let result = tools.execute("http_get", json!({"url": "http://localhost/secrets"})).await;
/// assert_eq!(
///     result.error.unwrap(),
///     "the host 'localhost' may not be asked; allowed are: example.com, *.example.org",
/// );
/// # });
/// ```
pub struct HttpGet {
    description: String,
    schema: Value,
    config: HttpGetConfig,
    hosts: AllowedHosts,
    network: Network,
    tls: Arc<ClientConfig>,
}

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// The address, with `https://` or `http://`.
    url: String,
}

impl HttpGet {
    /// The tool for these hosts, within these limits.
    ///
    /// # Errors
    /// When no host is allowed, one is none, or the machine has no usable CA certificates.
    pub fn new(config: HttpGetConfig) -> Result<Self, HttpGetError> {
        Self::over(config, Network::public(), tls_config)
    }

    fn over(
        config: HttpGetConfig,
        network: Network,
        tls: impl FnOnce() -> Result<ClientConfig, HttpGetError>,
    ) -> Result<Self, HttpGetError> {
        let hosts = AllowedHosts::new(&config.allowed_hosts)?;
        let description = format!(
            "Reads a web page or another text by HTTP GET. Only these hosts may be asked: {}.",
            hosts.told()
        );
        let tls = Arc::new(tls()?);
        Ok(Self { description, schema: input_schema::<Input>(), config, hosts, network, tls })
    }

    async fn read(&self, url: &str) -> Result<String, String> {
        let mut target = Target::parse(url)?;
        for _ in 0..=self.config.max_redirects {
            let exchange = self.ask(&target).await?;
            match exchange.location() {
                Some(location) => {
                    target =
                        target.redirected(&location).map_err(|error| format!("it redirects, but {error}"))?
                }
                None => return self.tell(&target, exchange).await,
            }
        }
        Err(format!(
            "there are more than {} redirects, the last to {}",
            self.config.max_redirects, target.uri
        ))
    }

    async fn ask(&self, target: &Target) -> Result<Exchange, String> {
        if !self.hosts.allow(target) {
            let asked = target.authority();
            return Err(format!("the host '{asked}' may not be asked; allowed are: {}", self.hosts.told()));
        }
        let addresses = self.network.addresses(target).await?;
        let timeout = self.config.connect_timeout();
        let socket = network::connect(target, addresses, timeout, self.tls.clone()).await?;
        Exchange::begin(socket, target, &self.config).await
    }

    /// What a model is told: status, kind and address, then the text.
    async fn tell(&self, target: &Target, mut exchange: Exchange) -> Result<String, String> {
        let response = &exchange.response;
        let field =
            |name| response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let kind = field(header::CONTENT_TYPE).unwrap_or_else(|| "none".into());
        let head = format!("HTTP {}\naddress: {}\ncontent-type: {kind}\n\n", response.status(), target.uri);
        let charset = match content::charset(response.headers()) {
            Ok(charset) => charset,
            Err(why) => {
                let size =
                    field(header::CONTENT_LENGTH).map(|size| format!(", {size} bytes")).unwrap_or_default();
                return Ok(format!("{head}[not shown: {why}{size}]"));
            }
        };
        let Body { bytes, is_cut } = exchange.read(self.config.max_body_bytes).await?;
        let cut = if is_cut { format!("\n[cut: the first {} bytes]", bytes.len()) } else { String::new() };
        Ok(head + &charset.text(&bytes) + &cut)
    }
}

#[async_trait]
impl Tool for HttpGet {
    fn name(&self) -> &str {
        "http_get"
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn input_schema(&self) -> &Value {
        &self.schema
    }

    /// GET is, by its definition.
    fn is_idempotent(&self) -> bool {
        true
    }

    async fn call(&self, arguments: Value, deadline: Instant) -> Result<String, ToolError> {
        let Input { url } = serde_json::from_value(arguments)
            .map_err(|error| ToolError::new(format!("the arguments do not fit: {error}")))?;
        let started = Instant::now();
        let deadline = deadline.min(started + self.config.timeout());
        match timeout_at(deadline, self.read(&url)).await {
            Ok(read) => read.map_err(ToolError::new),
            Err(_) => {
                let waited_ms = (deadline - started).as_millis();
                Err(ToolError::new(format!("it took longer than {waited_ms} ms")))
            }
        }
    }
}

fn tls_config() -> Result<ClientConfig, HttpGetError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| HttpGetError::Tls(error.to_string()))?;
    let builder = builder.with_native_roots().map_err(|error| HttpGetError::Tls(error.to_string()))?;
    Ok(builder.with_no_client_auth())
}
