//! A second try beside a first one that is slow to begin.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{Either, select};
use playhouse_llm::{Error, EventStream, Provider, Request, Trail};
use playhouse_wire::manner_of;
use tokio::time::sleep;

use super::fallback::{Course, Fallback};
use super::treatment::Treatment;

/// What a second try takes out of the budget; a request pays in its percentage of it.
const PRICE: u32 = 100;
/// How many second tries can be saved up.
const MAX_SAVED: u32 = 10;

/// Asks a second deployment of a chain when the first has not begun to answer in time.
///
/// The first to answer wins, and the other is cancelled at once. The second try goes to whom the
/// chain would ask next, or to the first one again where there is nobody else.
pub struct Hedge {
    inner: Fallback,
    after: Duration,
    budget: Arc<HedgeBudget>,
}

/// The share of requests that may have a second try, shared by all chains.
#[derive(Debug)]
pub struct HedgeBudget {
    percent: u32,
    saved: AtomicU32,
}

impl HedgeBudget {
    /// A budget of this percentage of requests; one second try is there from the start.
    pub fn new(percent: u32) -> Self {
        let saved = if percent == 0 { 0 } else { PRICE };
        Self { percent: percent.min(100), saved: AtomicU32::new(saved) }
    }

    fn pay_in(&self) {
        let saved = |saved: u32| Some(saved.saturating_add(self.percent).min(PRICE * MAX_SAVED));
        // It never refuses to be raised.
        let _ = self.saved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, saved);
    }

    fn try_spend(&self) -> bool {
        let spent = |saved: u32| saved.checked_sub(PRICE);
        self.saved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spent).is_ok()
    }
}

impl Hedge {
    /// Wraps a chain; the second try begins after this time without a first event.
    pub fn new(inner: Fallback, after: Duration, budget: Arc<HedgeBudget>) -> Self {
        Self { inner, after, budget }
    }

    async fn race(&self, request: &Request) -> Result<EventStream, Error> {
        let course = self.inner.course();
        let (one, other) = (Leg::new(request), Leg::new(request));
        let mut first = pin!(self.inner.run(&course, &one.request));
        let pause = pin!(sleep(self.after));
        if let Either::Left((begun, _)) = select(first.as_mut(), pause).await {
            return one.end(begun);
        }
        if !self.budget.try_spend() {
            return one.end(first.await);
        }
        let second = pin!(self.run_second(&course, &other.request));
        match select(first, second).await {
            Either::Left((Err(error), second)) if Treatment::of(&error).fails_over => other.end(second.await),
            Either::Left((begun, _)) => one.end(begun),
            Either::Right((Ok(events), _)) => {
                // Until now it was the first try that was waited for.
                request.context.trail.add_upstream_time(self.after);
                other.end(Ok(events))
            }
            Either::Right((Err(_), first)) => one.end(first.await),
        }
    }

    /// The second try: of those that are left, or where nobody is, from the beginning.
    async fn run_second(&self, course: &Course, request: &Request) -> Result<EventStream, Error> {
        if course.is_done() {
            return self.inner.run(&self.inner.course(), request).await;
        }
        self.inner.run(course, request).await
    }
}

#[async_trait]
impl Provider for Hedge {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        if !manner_of(&request).may_be_doubled() {
            return self.inner.chat(request).await;
        }
        self.budget.pay_in();
        self.race(&request).await
    }
}

/// One of the tries of a request, which keeps its own notes until it is known which one counts.
struct Leg {
    request: Request,
    trail: Arc<Trail>,
    whole: Arc<Trail>,
}

impl Leg {
    fn new(request: &Request) -> Self {
        let whole = request.context.trail.clone();
        let trail = Arc::new(Trail::branch(&whole));
        let context = Arc::new(request.context.with_trail(trail.clone()));
        Self { request: request.clone().within(context), trail, whole }
    }

    /// Makes this the try that counts.
    fn end(&self, begun: Result<EventStream, Error>) -> Result<EventStream, Error> {
        self.whole.adopt(&self.trail);
        begun
    }
}
