//! Where a provider is and how it wants to be asked: address, key, fixed headers.

use std::fmt;
use std::sync::Arc;

use ::http::uri::Scheme;
use ::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use bytes::{Bytes, BytesMut};
use playhouse_llm::{Error, ErrorKind};
use secrecy::{ExposeSecret, SecretString};

use super::head;
use crate::catalog::{KeyHeader, Paths, Vendor};
use crate::config::ProviderConfig;

/// Where [`Paths::Versioned`] begin.
const VERSION_PATH: &str = "/v1";
const USER_AGENT: &str = concat!("playhouse/", env!("CARGO_PKG_VERSION"));

/// A provider's configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The vendor is in no catalog.
    #[error("unknown vendor '{0}'; use one of the catalog's names, or \"custom\" with a base_url")]
    UnknownVendor(String),
    /// Nobody knows where it is.
    #[error("no base_url; the vendor '{0}' has no address of its own, so set base_url")]
    NoBaseUrl(String),
    /// The address is not one.
    #[error("base_url '{url}' is not usable: {reason}; it should look like https://api.example.com/v1")]
    BadBaseUrl {
        /// The address as configured.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A header cannot be sent.
    #[error("the header '{0}' cannot be sent; names and values take visible ASCII only")]
    BadHeader(String),
    /// The key cannot be sent.
    #[error("the API key has characters that no header can carry; check for line breaks or quotes")]
    BadKey,
    /// An alias leads nowhere.
    #[error("{0}")]
    BadChain(String),
}

/// An address with the headers every request to it carries.
#[derive(Clone)]
pub struct Endpoint {
    origin: Uri,
    base_path: String,
    paths: Paths,
    api_version: Option<String>,
    /// The names of the fields that the configuration adds.
    configured: Vec<String>,
    /// As they are sent. They hold the key.
    fields: Bytes,
}

impl Endpoint {
    /// The endpoint of a configured provider.
    ///
    /// # Errors
    /// When the configuration lacks an address or holds something no request can carry.
    pub fn new(vendor: &Vendor, config: &ProviderConfig) -> Result<Self, BuildError> {
        let url = config.base_url.as_deref().or(vendor.base_url);
        let url = url.ok_or_else(|| BuildError::NoBaseUrl(vendor.name.to_owned()))?;
        let (origin, base_path) = split_url(url)?;
        let base_path = match vendor.paths {
            Paths::Versioned if !base_path.ends_with(VERSION_PATH) => base_path + VERSION_PATH,
            _ => base_path,
        };
        let mut headers = fixed_headers(&origin)?;
        if let Some(key) = &config.api_key {
            add_key(&mut headers, vendor.key_header, key)?;
        }
        for (name, value) in &config.headers {
            add_header(&mut headers, name, value)?;
        }
        let mut fields = BytesMut::new();
        headers
            .iter()
            .for_each(|(name, value)| head::add_field(&mut fields, name.as_str(), value.as_bytes()));
        let api_version = config.api_version.clone();
        let configured = config.headers.keys().map(|name| name.to_ascii_lowercase()).collect();
        Ok(Self { origin, base_path, paths: vendor.paths, api_version, configured, fields: fields.freeze() })
    }

    /// Whether the configuration says what a field of this name holds.
    pub(crate) fn settles(&self, name: &str) -> bool {
        self.configured.iter().any(|known| known == name)
    }

    /// Where to connect: scheme, host and port.
    pub(crate) fn origin(&self) -> &Uri {
        &self.origin
    }

    /// The host and the port of that, for telemetry.
    pub fn server(&self) -> Option<(Arc<str>, u16)> {
        let usual = if self.origin.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        Some((Arc::from(self.origin.host()?), self.origin.port_u16().unwrap_or(usual)))
    }

    /// Begins a request's head: what to ask for there (a protocol's path, for a model), and the
    /// fields that every request carries.
    ///
    /// # Errors
    /// When the model's name cannot be part of an address.
    pub(crate) fn begin(
        &self,
        head: &mut BytesMut,
        method: &str,
        path: &str,
        model: &str,
    ) -> Result<(), Error> {
        let base = self.base_path.as_str();
        let target: &[&str] = match (self.paths, &self.api_version) {
            (Paths::Plain | Paths::Versioned, _) => &[base, path],
            (Paths::Azure, None) => &[base, "/openai/v1", path],
            (Paths::Azure, Some(version)) if is_deployment(model) => {
                &[base, "/openai/deployments/", model, path, "?api-version=", version]
            }
            // No model is asked: the list of all is.
            (Paths::Azure, Some(version)) if model.is_empty() => {
                &[base, "/openai", path, "?api-version=", version]
            }
            (Paths::Azure, Some(_)) => &[],
        };
        let is_sendable = target.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_graphic()));
        if target.is_empty() || !is_sendable {
            let message = format!("the model name '{model}' cannot be asked for");
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        }
        head::begin(head, method, target);
        head.extend_from_slice(&self.fields);
        Ok(())
    }
}

impl fmt::Debug for Endpoint {
    /// Names the address only: the fields hold the key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Endpoint({}{})", self.origin, self.base_path)
    }
}

/// Whether this can be the name of a deployment. A caller names it, and must not lead elsewhere.
fn is_deployment(model: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    model.bytes().all(is_fit) && model.bytes().any(|byte| byte != b'.')
}

fn split_url(url: &str) -> Result<(Uri, String), BuildError> {
    let bad = |reason: &str| BuildError::BadBaseUrl { url: url.to_owned(), reason: reason.to_owned() };
    let uri: Uri = url.parse().map_err(|error: ::http::uri::InvalidUri| bad(&error.to_string()))?;
    let parts = uri.into_parts();
    let scheme = parts.scheme.ok_or_else(|| bad("it has no scheme"))?;
    if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
        return Err(bad("only http and https are spoken"));
    }
    let authority = parts.authority.ok_or_else(|| bad("it has no host"))?;
    let path = parts.path_and_query.map(|path| path.path().trim_end_matches('/').to_owned());
    let origin = Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build();
    Ok((origin.map_err(|error| bad(&error.to_string()))?, path.unwrap_or_default()))
}

fn fixed_headers(origin: &Uri) -> Result<HeaderMap, BuildError> {
    let mut headers = HeaderMap::with_capacity(12);
    let host = origin.authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::try_from(host).map_err(|_| BuildError::BadHeader("host".to_owned()))?;
    headers.insert(header::HOST, host);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    Ok(headers)
}

fn add_key(headers: &mut HeaderMap, form: KeyHeader, key: &SecretString) -> Result<(), BuildError> {
    let key = key.expose_secret();
    let (name, text) = match form {
        KeyHeader::Bearer => (header::AUTHORIZATION, format!("Bearer {key}")),
        KeyHeader::ApiKey => (HeaderName::from_static("api-key"), key.to_owned()),
        KeyHeader::XApiKey => (HeaderName::from_static("x-api-key"), key.to_owned()),
    };
    let mut value = HeaderValue::try_from(text).map_err(|_| BuildError::BadKey)?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

fn add_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), BuildError> {
    let refuse = || BuildError::BadHeader(name.to_owned());
    let header = HeaderName::try_from(name).map_err(|_| refuse())?;
    let mut value = HeaderValue::try_from(value).map_err(|_| refuse())?;
    value.set_sensitive(true);
    headers.insert(header, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::vendor;

    /// The first line of a request to Azure's deployment paths, or why there is none.
    fn asked_of_azure(path: &str, model: &str) -> Result<String, String> {
        let config = ProviderConfig {
            base_url: Some("https://me.openai.azure.com".to_owned()),
            api_version: Some("2024-10-21".to_owned()),
            ..ProviderConfig::default()
        };
        let endpoint = Endpoint::new(vendor("azure").unwrap(), &config).unwrap();
        let mut head = BytesMut::new();
        endpoint.begin(&mut head, "GET", path, model).map_err(|error| error.message)?;
        Ok(String::from_utf8_lossy(&head).lines().next().unwrap().to_owned())
    }

    #[test]
    fn a_deployments_name_leads_nowhere_else() {
        let chat = |model| asked_of_azure("/chat/completions", model);
        let asked =
            "GET /openai/deployments/gpt-4.1_eu/chat/completions?api-version=2024-10-21 HTTP/1.1".to_owned();
        assert_eq!(chat("gpt-4.1_eu"), Ok(asked));
        for elsewhere in ["../assistants?x=", "a/b", "a?b", "a#b", "%2e%2e", "..", "a b", "\u{e4}"] {
            let refusal = format!("the model name '{elsewhere}' cannot be asked for");
            assert_eq!(chat(elsewhere), Err(refusal));
        }
    }

    #[test]
    fn anthropics_address_may_end_with_the_version() {
        for (base_url, asked) in [
            ("https://api.anthropic.com", "POST /v1/messages HTTP/1.1"),
            ("https://api.anthropic.com/", "POST /v1/messages HTTP/1.1"),
            ("https://api.anthropic.com/v1/", "POST /v1/messages HTTP/1.1"),
            ("https://gateway.example/anthropic", "POST /anthropic/v1/messages HTTP/1.1"),
        ] {
            let config = ProviderConfig { base_url: Some(base_url.to_owned()), ..ProviderConfig::default() };
            let endpoint = Endpoint::new(vendor("anthropic").unwrap(), &config).unwrap();
            let mut head = BytesMut::new();
            endpoint.begin(&mut head, "POST", "/messages", "claude-haiku-4-5").unwrap();
            assert_eq!(String::from_utf8_lossy(&head).lines().next(), Some(asked), "{base_url}");
        }
    }

    #[test]
    fn the_list_of_models_is_no_deployments() {
        let asked = "GET /openai/models?api-version=2024-10-21 HTTP/1.1".to_owned();
        assert_eq!(asked_of_azure("/models", ""), Ok(asked));
    }
}
