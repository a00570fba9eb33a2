//! What this client tells servers of itself, and what it hears of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::model::{ClientCapabilities, ClientConfig, Implementation, ProtocolVersion};
use rmcp::service::NotificationContext;
use rmcp::{ClientHandler, RoleClient};

/// A client that calls tools and offers a server nothing: no roots, no sampling, no questions to people.
pub(super) struct Client {
    changed: Arc<AtomicBool>,
}

impl Client {
    /// A client that notes here when the tools are others.
    pub(super) fn new(changed: Arc<AtomicBool>) -> Self {
        Self { changed }
    }
}

impl ClientHandler for Client {
    fn get_info(&self) -> ClientConfig {
        let own = Implementation::new("playhouse", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), own)
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.changed.store(true, Ordering::Relaxed);
    }
}
