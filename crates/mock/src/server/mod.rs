//! The double behind every protocol, on a port of its own.

pub mod body;
pub mod listen;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use playhouse_edge::{BodyLimits, Edge, router};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::MockProvider;

/// A running double; it stops when dropped.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use playhouse_mock::{MockProvider, MockServer};
///
/// let server = MockServer::start(MockProvider::echo()).await?;
/// println!("point the client at {}", server.base_url());
/// # Ok(())
/// # }
/// ```
pub struct MockServer {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl MockServer {
    /// Starts a double on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(provider: MockProvider) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let app = app(provider);
        let serving = tokio::spawn(async move {
            // Ends with the task; there is nobody to tell.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { address, serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL for OpenAI clients, with `/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn app(provider: MockProvider) -> Router {
    let provider = Arc::new(provider);
    router(Edge { provider: provider.clone(), models: provider, limits: BodyLimits::default() })
}
