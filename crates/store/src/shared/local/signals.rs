//! Signals within this process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::lock;
use crate::shared::{SharedError, SharedLimits, Signals};

/// [`Signals`] that reach this process only.
#[derive(Debug)]
pub struct LocalSignals {
    kept: Duration,
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When each was raised last.
    raised: HashMap<Arc<str>, Instant>,
    /// The same in the order in which they are forgotten.
    order: VecDeque<(Instant, Arc<str>)>,
    listeners: HashMap<Arc<str>, Arc<Notify>>,
}

impl LocalSignals {
    /// Nothing is raised yet.
    pub fn new(limits: &SharedLimits) -> Self {
        Self { kept: limits.signal_kept, most: limits.signals.max(1), state: Mutex::default() }
    }

    /// Tells those who listen here.
    pub(in crate::shared) fn raise_here(&self, subject: &str) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        state.forget(now, self.kept, self.most - 1);
        let subject: Arc<str> = subject.into();
        state.raised.insert(subject.clone(), now);
        if let Some(listeners) = state.listeners.get(&subject) {
            listeners.notify_waiters();
        }
        state.order.push_back((now, subject));
    }

    fn is_raised(&self, subject: &str) -> bool {
        lock(&self.state).is_raised(subject, self.kept)
    }

    /// A place among those who are told, unless the signal has been raised.
    fn listen(&self, subject: &str) -> Option<Listener<'_>> {
        let mut state = lock(&self.state);
        if state.is_raised(subject, self.kept) {
            return None;
        }
        let subject: Arc<str> = subject.into();
        let notify = state.listeners.entry(subject.clone()).or_default().clone();
        Some(Listener { signals: self, subject, notify })
    }
}

impl State {
    fn is_raised(&self, subject: &str, kept: Duration) -> bool {
        self.raised.get(subject).is_some_and(|raised| raised.elapsed() < kept)
    }

    /// Forgets what was raised too long ago, and the oldest beyond what may be remembered.
    fn forget(&mut self, now: Instant, kept: Duration, most: usize) {
        while let Some((raised, _)) = self.order.front() {
            if self.order.len() <= most && now - *raised < kept {
                break;
            }
            let Some((raised, subject)) = self.order.pop_front() else { break };
            if self.raised.get(&subject) == Some(&raised) {
                self.raised.remove(&subject);
            }
        }
    }
}

/// Somebody who waits; takes the subject away with the last of them.
struct Listener<'a> {
    signals: &'a LocalSignals,
    subject: Arc<str>,
    notify: Arc<Notify>,
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.signals.state);
        // The map's and this one: nobody else waits.
        if Arc::strong_count(&self.notify) <= 2 {
            state.listeners.remove(&self.subject);
        }
    }
}

#[async_trait]
impl Signals for LocalSignals {
    async fn raise(&self, subject: &str) -> Result<(), SharedError> {
        self.raise_here(subject);
        Ok(())
    }

    async fn raised(&self, subject: &str) {
        let Some(listener) = self.listen(subject) else { return };
        // Told of whatever is raised from here on; what was raised just before is looked up.
        let told = listener.notify.notified();
        if !self.is_raised(subject) {
            told.await;
        }
    }
}
