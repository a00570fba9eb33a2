//! How long a deployment takes to its first token, as far as its latest answers tell.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use playhouse_llm::{Error, Event, EventStream};
use tokio::time::Instant;

/// How long an observation matters: after this time a third of it is left.
const MEMORY: Duration = Duration::from_secs(10);
/// What a failure counts as: one that fails fast must not look fast.
const FAILURE: Duration = Duration::from_secs(5);
/// Nobody is faster than this, so that calls under way matter also among those not yet measured.
const FLOOR_SECONDS: f64 = 0.001;

/// How busy and how slow a deployment is.
#[derive(Debug, Default)]
pub(super) struct Load {
    under_way: AtomicU32,
    /// Streams by their first token, whole answers by their end: they do not compare.
    streams: Mutex<PeakMean>,
    wholes: Mutex<PeakMean>,
}

/// A moving mean that follows a rise at once and forgets it slowly.
#[derive(Clone, Copy, Debug, Default)]
struct PeakMean {
    seconds: f64,
    at: Option<Instant>,
}

impl Load {
    /// What a further call would have to wait for: the time of an answer, times those before it.
    pub(super) fn cost(&self, is_stream: bool, now: Instant) -> f64 {
        let mean = *self.cell(is_stream).lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = f64::from(self.under_way.load(Ordering::Relaxed));
        mean.aged(now).max(FLOOR_SECONDS) * (under_way + 1.0)
    }

    fn observe(&self, is_stream: bool, took: Duration, now: Instant) {
        self.cell(is_stream).lock().unwrap_or_else(PoisonError::into_inner).observe(took.as_secs_f64(), now);
    }

    fn cell(&self, is_stream: bool) -> &Mutex<PeakMean> {
        if is_stream { &self.streams } else { &self.wholes }
    }
}

impl PeakMean {
    fn aged(self, now: Instant) -> f64 {
        self.seconds * self.weight(now)
    }

    fn observe(&mut self, seconds: f64, now: Instant) {
        let weight = self.weight(now);
        let mean = self.seconds * weight + seconds * (1.0 - weight);
        self.seconds = if seconds >= self.seconds * weight { seconds } else { mean };
        self.at = Some(now);
    }

    fn weight(self, now: Instant) -> f64 {
        let Some(at) = self.at else { return 0.0 };
        (-now.saturating_duration_since(at).as_secs_f64() / MEMORY.as_secs_f64()).exp()
    }
}

/// A call under way, which is timed.
pub(super) struct Timing {
    load: Arc<Load>,
    is_stream: bool,
    started: Instant,
    is_observed: bool,
}

impl Timing {
    pub(super) fn start(load: &Arc<Load>, is_stream: bool) -> Self {
        load.under_way.fetch_add(1, Ordering::Relaxed);
        Self { load: load.clone(), is_stream, started: Instant::now(), is_observed: false }
    }

    /// Takes note of a failure, as a slow answer.
    pub(super) fn failed(mut self) {
        let took = self.started.elapsed().max(FAILURE);
        self.observe(took);
    }

    /// The answer's events, timed on their way.
    pub(super) fn follow(mut self, events: EventStream) -> EventStream {
        if !self.is_stream {
            self.observe(self.started.elapsed());
            return events;
        }
        Box::pin(Timed { events, timing: self })
    }

    fn observe(&mut self, took: Duration) {
        if !std::mem::replace(&mut self.is_observed, true) {
            self.load.observe(self.is_stream, took, Instant::now());
        }
    }
}

impl Drop for Timing {
    fn drop(&mut self) {
        self.load.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Timed {
    events: EventStream,
    timing: Timing,
}

impl Stream for Timed {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.events.as_mut().poll_next(context));
        match &item {
            Some(Ok(event)) if event.outline().has_output => {
                let took = self.timing.started.elapsed();
                self.timing.observe(took);
            }
            Some(Err(_)) => {
                let took = self.timing.started.elapsed().max(FAILURE);
                self.timing.observe(took);
            }
            _ => {}
        }
        Poll::Ready(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_follows_a_rise_at_once_and_forgets_it_slowly() {
        let start = Instant::now();
        let mut mean = PeakMean::default();
        mean.observe(0.2, start);
        mean.observe(2.0, start);
        assert_eq!(mean.aged(start), 2.0);
        mean.observe(0.2, start + Duration::from_secs(1));
        let after = mean.aged(start + Duration::from_secs(1));
        assert!(after > 1.5 && after < 2.0, "{after}");
        assert!(mean.aged(start + Duration::from_secs(60)) < 0.01, "it is tried again one day");
    }

    #[test]
    fn calls_under_way_make_a_deployment_dearer() {
        let load = Arc::new(Load::default());
        let now = Instant::now();
        let idle = load.cost(true, now);
        let timing = Timing::start(&load, true);
        assert_eq!(load.cost(true, now), idle * 2.0);
        drop(timing);
        assert_eq!(load.cost(true, now), idle);
    }
}
