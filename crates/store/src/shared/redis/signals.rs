//! Signals over Redis. Every replica hears all of them, so that to listen costs nothing.

use std::sync::Arc;

use async_trait::async_trait;

use super::keys::Keys;
use super::link::Link;
use super::scripts::Scripts;
use super::tasks::Tasks;
use crate::shared::{LocalSignals, SharedError, SharedLimits, Signals};

/// [`Signals`] between all replicas.
pub(super) struct RedisSignals {
    pub(super) link: Arc<Link>,
    pub(super) keys: Keys,
    pub(super) scripts: Arc<Scripts>,
    pub(super) local: Arc<LocalSignals>,
    pub(super) limits: SharedLimits,
    pub(super) _tasks: Arc<Tasks>,
}

#[async_trait]
impl Signals for RedisSignals {
    async fn raise(&self, subject: &str) -> Result<(), SharedError> {
        self.local.raise_here(subject);
        let mut script = self.scripts.raise.prepare_invoke();
        script.key(self.keys.signals()).arg(subject);
        script.arg(millis(self.limits.signal_kept)).arg(self.limits.signals).arg(self.keys.signals());
        let told = self
            .link
            .run(|mut connection, _| async move { script.invoke_async::<i64>(&mut connection).await });
        told.await.map(|_| ())
    }

    async fn raised(&self, subject: &str) {
        self.local.raised(subject).await;
    }
}

/// A time as Redis takes it.
pub(super) fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).clamp(1, u64::from(u32::MAX))
}
