//! Calls that nobody waits for any more.

use rmcp::RoleClient;
use rmcp::model::{CancelledNotificationParam, RequestId};
use rmcp::service::Peer;
use tokio::runtime::Handle;

/// What a server reads as the reason.
const REASON: &str = "nobody waits for the answer any more";

/// Tells the server, when it is dropped before the answer came, that it need not go on.
pub(super) struct Abandoned(Option<(Peer<RoleClient>, RequestId)>);

impl Abandoned {
    /// For this request.
    pub(super) fn new(peer: Peer<RoleClient>, id: RequestId) -> Self {
        Self(Some((peer, id)))
    }

    /// The answer came, or never will.
    pub(super) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        let Some((peer, id)) = self.0.take() else { return };
        // Without a runtime there is no connection either.
        let Ok(runtime) = Handle::try_current() else { return };
        let cancelled = CancelledNotificationParam::new(Some(id), Some(REASON.to_owned()));
        runtime.spawn(async move {
            // A server that is gone need not be told.
            let _ = peer.notify_cancelled(cancelled).await;
        });
    }
}
