//! From a host to a connection: names are resolved once, every address is looked at, and one of those
//! very addresses is connected to. So a name that leads elsewhere the next time gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use super::address;
use super::target::Target;

/// A connection, with or without TLS.
pub(super) type Socket = MaybeHttpsStream<TokioIo<TcpStream>>;
/// Finds the addresses of a name.
type Resolve = dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync;

/// Addresses of a name that are tried.
const MAX_ADDRESSES: usize = 8;

/// How hosts are found, and which addresses may be connected to.
pub(super) struct Network {
    resolve: Box<Resolve>,
    /// What an address is that may not; `None` of one that may.
    inside: fn(IpAddr) -> Option<&'static str>,
}

impl Network {
    /// The internet, as the machine resolves its names; nothing but public addresses.
    pub(super) fn public() -> Self {
        Self { resolve: Box::new(|host, port| look_up(host, port).boxed()), inside: address::inside }
    }

    /// A network for tests.
    #[cfg(test)]
    pub(super) fn with(
        resolve: impl Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync + 'static,
        inside: fn(IpAddr) -> Option<&'static str>,
    ) -> Self {
        Self { resolve: Box::new(resolve), inside }
    }

    /// The addresses of a host, all of which may be connected to.
    ///
    /// # Errors
    /// When there are none, or one of them leads inside.
    pub(super) async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, String> {
        let host = &target.host;
        let addresses = match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, target.port)],
            Err(_) => (self.resolve)(host.clone(), target.port)
                .await
                .map_err(|error| format!("the host '{host}' cannot be found: {error}"))?,
        };
        if addresses.is_empty() {
            return Err(format!("the host '{host}' has no address"));
        }
        match addresses.iter().find_map(|address| (self.inside)(address.ip())) {
            Some(what) => {
                Err(format!("the host '{host}' leads to {what}; only public addresses may be read"))
            }
            None => Ok(addresses.into_iter().take(MAX_ADDRESSES).collect()),
        }
    }
}

async fn look_up(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

/// Connects to one of these addresses, which are the target's.
pub(super) async fn connect(
    target: &Target,
    addresses: Vec<SocketAddr>,
    timeout: Duration,
    tls: Arc<ClientConfig>,
) -> Result<Socket, String> {
    let mut connector = HttpsConnector::from((Pinned { addresses, timeout }, tls));
    let connected = connector.call(target.uri.clone()).await;
    connected.map_err(|error| format!("cannot connect to '{}': {}", target.host, root_cause(&*error)))
}

/// Connects to addresses that are already known, whatever the host is called.
#[derive(Clone)]
struct Pinned {
    addresses: Vec<SocketAddr>,
    timeout: Duration,
}

impl Service<Uri> for Pinned {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _uri: Uri) -> Self::Future {
        let Self { addresses, timeout } = self.clone();
        Box::pin(async move {
            let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
            for address in addresses {
                match tokio::time::timeout(timeout, TcpStream::connect(address)).await {
                    Ok(Ok(stream)) => return Ok(TokioIo::new(stream)),
                    Ok(Err(error)) => last = error,
                    Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, "it did not answer in time"),
                }
            }
            Err(last)
        })
    }
}

/// The innermost reason, which is the one that says something.
pub(super) fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
