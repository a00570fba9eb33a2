//! What travels beside a request's content, and what is noted about it on the way.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::Allowance;

/// The identity of a request, shared by everything that is done for it.
#[derive(Debug, Default)]
pub struct Context {
    /// The request's id, in logs, records and headers.
    pub request_id: Arc<str>,
    /// The conversation it belongs to, if any.
    pub session_id: Option<Arc<str>>,
    /// The turn it answers, if any.
    pub turn_id: Option<Arc<str>>,
    /// The run of an agent it is a step of, if any.
    pub run_id: Option<Arc<str>>,
    /// The id of the stored API key it was asked with, if any; never the key.
    pub key_id: Option<Arc<str>>,
    /// What is left to whoever asks, where that is limited.
    pub allowance: Option<Arc<Allowance>>,
    /// The W3C trace it is part of, if any.
    pub trace: Option<TraceContext>,
    /// What happened to it so far; shared by the contexts made for parts of one request.
    pub trail: Arc<Trail>,
}

/// A W3C trace context, to be passed on as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The `traceparent` header's value.
    pub traceparent: Arc<str>,
    /// The `tracestate` header's value, if there was one.
    pub tracestate: Option<Arc<str>>,
}

/// Notes that providers leave about one call: attempts, who served it, how long upstream took.
#[derive(Debug, Default)]
pub struct Trail {
    attempts: AtomicU32,
    upstream_us: AtomicU64,
    last: Mutex<Option<Attempt>>,
    cost_usd: Mutex<Option<f64>>,
}

/// One attempt to have a call answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The provider that was asked.
    pub provider: Arc<str>,
    /// The model it was asked for, in the provider's own name.
    pub model: Arc<str>,
    /// The HTTP status it answered with, once it has.
    pub status: Option<u16>,
    /// The provider's own id of the request, once it has answered.
    pub upstream_request_id: Option<Arc<str>>,
}

impl Context {
    /// A context that is only named.
    pub fn named(request_id: impl Into<Arc<str>>) -> Self {
        Self { request_id: request_id.into(), ..Self::default() }
    }

    /// The same context for one of several calls, which has a trail of its own.
    #[must_use]
    pub fn with_trail(&self, trail: Arc<Trail>) -> Self {
        Self {
            request_id: self.request_id.clone(),
            session_id: self.session_id.clone(),
            turn_id: self.turn_id.clone(),
            run_id: self.run_id.clone(),
            key_id: self.key_id.clone(),
            allowance: self.allowance.clone(),
            trace: self.trace.clone(),
            trail,
        }
    }
}

impl Trail {
    /// Notes that a provider is about to be asked.
    pub fn begin_attempt(&self, provider: Arc<str>, model: Arc<str>) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        *self.lock() = Some(Attempt { provider, model, ..Attempt::default() });
    }

    /// Notes that the provider asked last has answered.
    pub fn answered(&self, status: u16, upstream_request_id: Option<Arc<str>>) {
        if let Some(attempt) = self.lock().as_mut() {
            attempt.status = Some(status);
            attempt.upstream_request_id = upstream_request_id;
        }
    }

    /// Adds time that was spent waiting for a provider.
    pub fn add_upstream_time(&self, waited: Duration) {
        let waited_us = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        self.upstream_us.fetch_add(waited_us, Ordering::Relaxed);
    }

    /// Notes what was paid.
    pub fn charge(&self, cost_usd: f64) {
        let mut paid = self.cost_usd.lock().unwrap_or_else(PoisonError::into_inner);
        *paid = Some(paid.unwrap_or_default() + cost_usd);
    }

    /// What was paid so far, where a price is known.
    pub fn cost_usd(&self) -> Option<f64> {
        *self.cost_usd.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often a provider was asked.
    pub fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// The time spent waiting for providers so far.
    pub fn upstream_time(&self) -> Duration {
        Duration::from_micros(self.upstream_us.load(Ordering::Relaxed))
    }

    /// The last attempt, which is the one that served the call if any did.
    pub fn last_attempt(&self) -> Option<Attempt> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Attempt>> {
        // A poisoned note is still the note: nothing in here can be half written.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
