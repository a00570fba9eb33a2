//! What travels beside a request's content, and what is noted about it on the way.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
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
    /// What the caller wants of a cache of answers.
    pub cache_wish: CacheWish,
    /// What happened to it so far; shared by the contexts made for parts of one request.
    pub trail: Arc<Trail>,
}

/// A span of a W3C trace, as those know it who are asked within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace's id.
    pub trace_id: [u8; 16],
    /// The span's id.
    pub span_id: [u8; 8],
    /// The flags of the `traceparent` header.
    pub flags: u8,
    /// The `tracestate` header's value, if there was one.
    pub tracestate: Option<Arc<str>>,
}

/// What a caller wants of a cache of answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheWish {
    /// Nothing special.
    #[default]
    Any,
    /// A new answer, which may be kept (`no-cache`).
    Fresh,
    /// To be neither answered from it nor kept in it (`no-store`).
    Avoid,
}

/// What a cache of answers did for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheOutcome {
    /// It had the answer, so nobody was asked.
    Hit,
    /// It did not have the answer.
    Miss,
}

impl CacheOutcome {
    /// The name in headers and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
        }
    }
}

/// Notes that providers leave about one call: attempts, who served it, how long upstream took.
#[derive(Debug, Default)]
pub struct Trail {
    attempts: AtomicU32,
    upstream_us: AtomicU64,
    last: Mutex<Option<Attempt>>,
    cost_usd: Mutex<Option<f64>>,
    cache: AtomicU8,
    /// The trail this one branched off, which counts its attempts and its time too.
    trunk: Option<Arc<Trail>>,
    dropped_fields: AtomicU32,
}

const CACHE_HIT: u8 = 1;
const CACHE_MISS: u8 = 2;

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
            cache_wish: self.cache_wish,
            trail,
        }
    }
}

impl Trail {
    /// A trail for one of several tries that run at the same time. Its attempts and its time count
    /// for the whole; who answered last is its own, until the whole [`adopt`](Self::adopt)s it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use playhouse_llm::Trail;
    ///
    /// let whole = Arc::new(Trail::default());
    /// let (one, other) = (Trail::branch(&whole), Trail::branch(&whole));
    /// one.begin_attempt("a".into(), "m".into());
    /// other.begin_attempt("b".into(), "m".into());
    /// whole.adopt(&one);
    /// assert_eq!((whole.attempts(), &*whole.last_attempt().unwrap().provider), (2, "a"));
    /// ```
    pub fn branch(trunk: &Arc<Self>) -> Self {
        Self { trunk: Some(trunk.clone()), ..Self::default() }
    }

    /// Takes over who answered last on a branch: it is the one that counts.
    pub fn adopt(&self, branch: &Self) {
        let last = branch.last_attempt();
        *self.lock() = last;
    }

    /// Notes that a provider is about to be asked.
    pub fn begin_attempt(&self, provider: Arc<str>, model: Arc<str>) {
        self.count_attempt();
        *self.lock() = Some(Attempt { provider, model, ..Attempt::default() });
    }

    fn count_attempt(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        if let Some(trunk) = &self.trunk {
            trunk.count_attempt();
        }
    }

    /// Notes that an answer comes from somewhere that is no attempt: nobody was asked.
    pub fn served_by(&self, provider: Arc<str>, model: Arc<str>) {
        *self.lock() = Some(Attempt { provider, model, ..Attempt::default() });
    }

    /// Notes what a cache of answers did.
    pub fn note_cache(&self, outcome: CacheOutcome) {
        let noted = match outcome {
            CacheOutcome::Hit => CACHE_HIT,
            CacheOutcome::Miss => CACHE_MISS,
        };
        self.cache.store(noted, Ordering::Relaxed);
    }

    /// What a cache of answers did, if one was asked.
    pub fn cache(&self) -> Option<CacheOutcome> {
        match self.cache.load(Ordering::Relaxed) {
            CACHE_HIT => Some(CacheOutcome::Hit),
            CACHE_MISS => Some(CacheOutcome::Miss),
            _ => None,
        }
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
        if let Some(trunk) = &self.trunk {
            trunk.add_upstream_time(waited);
        }
    }

    /// Notes which fields of the request the provider asked last was not told of.
    pub fn note_dropped(&self, fields: &[String]) {
        let count = u32::try_from(fields.len()).unwrap_or(u32::MAX);
        self.dropped_fields.store(count, Ordering::Relaxed);
        if let Some(trunk) = &self.trunk {
            trunk.note_dropped(fields);
        }
    }

    /// How many fields of the request were dropped, because the provider's protocol has no word for them.
    pub fn dropped_fields(&self) -> u32 {
        self.dropped_fields.load(Ordering::Relaxed)
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
