//! What works in the background, for as long as anybody uses what is shared.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::JoinHandle;

use super::quotas::RedisQuotas;
use crate::shared::{Claim, Decision, LimitState, Quotas, Reservation};

/// Tasks that end with the last handle to them.
pub(super) struct Tasks(Vec<JoinHandle<()>>);

impl Tasks {
    pub(super) fn new(tasks: impl IntoIterator<Item = JoinHandle<()>>) -> Arc<Self> {
        Arc::new(Self(tasks.into_iter().collect()))
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// What a task uses itself, in the hands of somebody for whom the tasks go on.
pub(super) struct Tied<T> {
    pub(super) it: Arc<T>,
    pub(super) _tasks: Arc<Tasks>,
}

#[async_trait]
impl Quotas for Tied<RedisQuotas> {
    async fn reserve(&self, scope: &str, claims: &[Claim], now_us: i64) -> Decision {
        self.it.reserve(scope, claims, now_us).await
    }

    async fn settle(&self, reservation: Reservation, used: &[u64]) {
        self.it.settle(reservation, used).await;
    }

    async fn seed(&self, scope: &str, claim: &Claim, spent: u64) {
        self.it.seed(scope, claim, spent).await;
    }

    async fn peek(&self, scope: &str, claims: &[Claim], now_us: i64) -> Vec<Option<LimitState>> {
        self.it.peek(scope, claims, now_us).await
    }
}
