//! A small HTTP client for the commands that ask a running server.

use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;

use crate::failure::plain_reason;

/// The address of a server, up to where its routes begin.
#[derive(Clone, Debug)]
pub(crate) struct ServerUrl(String);

impl ServerUrl {
    /// Reads an address as a person types it; `localhost:8000` will do.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = full.trim_end_matches('/').to_owned();
        let uri: Uri = url
            .parse()
            .map_err(|_| format!("'{text}' is not the address of a server; write http://HOST:PORT"))?;
        match (uri.scheme_str(), uri.host()) {
            (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(Self(url)),
            _ => Err(format!("'{text}' cannot be asked; write http://HOST:PORT or https://HOST")),
        }
    }

    /// The address of a route.
    pub(crate) fn route(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The address as it is shown.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Sends a request on a connection of its own and waits for the head of the response.
///
/// # Errors
/// The innermost reason, in words.
pub(crate) async fn send(
    request: Request<Full<Bytes>>,
    connect_timeout: Duration,
) -> Result<Response<Incoming>, String> {
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    http.enforce_http(false);
    http.set_connect_timeout(Some(connect_timeout));
    if request.uri().scheme() != Some(&Scheme::HTTPS) {
        return send_over(http, request).await;
    }
    // Reading the machine's certificates takes time and may fail: only where they are needed.
    let builder = HttpsConnectorBuilder::new().with_native_roots();
    let builder = builder.map_err(|error| format!("cannot read the machine's CA certificates: {error}"))?;
    send_over(builder.https_only().enable_http1().wrap_connector(http), request).await
}

async fn send_over<C>(connector: C, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, String>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
    client.request(request).await.map_err(|error| root_cause(&error))
}

fn root_cause(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    plain_reason(cause)
}

#[cfg(test)]
mod tests {
    use super::ServerUrl;

    #[test]
    fn addresses_are_taken_as_people_type_them() {
        for (typed, route) in [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000/health"),
            ("localhost:8000/", "http://localhost:8000/health"),
            ("https://llm.example.com/base/", "https://llm.example.com/base/health"),
        ] {
            assert_eq!(ServerUrl::parse(typed).unwrap().route("/health"), route);
        }
        for typed in ["", "ftp://x", "http://", "a b"] {
            assert!(ServerUrl::parse(typed).is_err(), "{typed}");
        }
    }
}
