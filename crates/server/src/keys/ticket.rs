//! What was set aside for a call, until it is settled.

use std::sync::Arc;

use playhouse_llm::CallRecord;
use playhouse_provider::Settle;
use playhouse_store::shared::{Quotas, Reservation};
use tokio::sync::watch;

use super::claims::Claims;

/// Settlements that are under way.
#[derive(Clone)]
pub(crate) struct Settlements {
    quotas: Arc<dyn Quotas>,
    pending: Arc<watch::Sender<usize>>,
}

/// What was set aside for one call. Dropped before the call was made, it is given back.
pub(super) struct Ticket {
    settlements: Settlements,
    claims: Claims,
    reservation: Option<Reservation>,
}

/// The call of a key without limits.
pub(super) struct Free;

impl Settlements {
    pub(crate) fn new(quotas: Arc<dyn Quotas>) -> Self {
        Self { quotas, pending: Arc::new(watch::channel(0).0) }
    }

    /// Waits until everything that has ended is settled.
    pub(crate) async fn flush(&self) {
        // An error would mean that nobody counts any more, and the counter is ours.
        let _ = self.pending.subscribe().wait_for(|pending| *pending == 0).await;
    }

    /// In the background: a call's end must not wait for the counters.
    fn settle(&self, reservation: Reservation, used: Vec<u64>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let this = self.clone();
        this.pending.send_modify(|pending| *pending += 1);
        runtime.spawn(async move {
            this.quotas.settle(reservation, &used).await;
            this.pending.send_modify(|pending| *pending -= 1);
        });
    }
}

impl Ticket {
    pub(super) fn new(settlements: Settlements, claims: Claims, reservation: Reservation) -> Self {
        Self { settlements, claims, reservation: Some(reservation) }
    }
}

impl Settle for Ticket {
    fn settle(mut self: Box<Self>, record: &CallRecord) {
        if let Some(reservation) = self.reservation.take() {
            let used = self.claims.used(record);
            self.settlements.settle(reservation, used);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(reservation) = self.reservation.take() {
            let nothing = vec![0; reservation.claims.len()];
            self.settlements.settle(reservation, nothing);
        }
    }
}

impl Settle for Free {
    fn settle(self: Box<Self>, _record: &CallRecord) {}
}
