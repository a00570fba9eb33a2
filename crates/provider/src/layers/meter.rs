//! Measuring calls: one record each, however it ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use futures_core::Stream;
use playhouse_llm::{
    CacheOutcome, CallRecord, Context, Error, Event, EventStream, FinishReason, Operation, Outcome, Provider,
    Request, Usage,
};
use uuid::Uuid;

use super::circuit::CircuitState;
use super::reserve::{Reserve, Settle};
use crate::price::PriceTable;

/// Where what is measured of calls goes. It must neither block nor fail.
pub trait CallSink: Send + Sync {
    /// Takes the record of a call that has ended.
    fn record(&self, record: CallRecord);

    /// Takes the record of a call whose provider speaks another protocol than the caller, which has no words
    /// for so many fields of the request.
    fn translated(&self, record: CallRecord, _dropped_fields: u32) {
        self.record(record);
    }

    /// Takes note of an attempt that has begun an answer, or failed to.
    fn attempt(&self, provider: &str, model: &str, error: Option<&Error>);

    /// Takes note of the pieces of a streamed answer that was complete: how many came after the first,
    /// and in what time.
    fn chunks(&self, _provider: &str, _model: &str, _later: u32, _took: Duration) {}

    /// Takes note that the circuit of a deployment stands differently from now on.
    fn circuit(&self, _provider: &str, _model: &str, _state: CircuitState) {}

    /// Takes note of what a cache of answers did for a call.
    fn cache(&self, _outcome: CacheOutcome) {}
}

/// Makes a record of every call to the provider it wraps: answered, failed, or given up.
///
/// Where calls are limited it has what they may use set aside before, and settles by their records.
pub struct Meter<P> {
    inner: P,
    prices: Arc<PriceTable>,
    sink: Arc<dyn CallSink>,
    reserve: Option<Arc<dyn Reserve>>,
}

impl<P> Meter<P> {
    /// Wraps a provider; records go to the sink, priced by the table.
    pub fn new(inner: P, prices: Arc<PriceTable>, sink: Arc<dyn CallSink>) -> Self {
        Self { inner, prices, sink, reserve: None }
    }

    /// The same layer, which asks before each call whether it may be made.
    #[must_use]
    pub fn reserving(self, reserve: Arc<dyn Reserve>) -> Self {
        Self { reserve: Some(reserve), ..self }
    }
}

#[async_trait]
impl<P: Provider> Provider for Meter<P> {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        let reserved = match self.reserve.as_ref().and_then(|reserve| reserve.reserve(&request)) {
            Some(reservation) => Some(reservation.await?),
            None => None,
        };
        let mut measure = Measure::start(&request, self.prices.clone(), self.sink.clone());
        measure.reserved = reserved;
        match self.inner.chat(request).await {
            Ok(events) => Ok(Box::pin(Metered { events, measure })),
            Err(error) => {
                measure.end(Some(&error));
                Err(error)
            }
        }
    }
}

/// The events of a measured call, on their way up.
struct Metered {
    events: EventStream,
    measure: Measure,
}

impl Stream for Metered {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.events.as_mut().poll_next(context));
        match &item {
            Some(Ok(event)) => self.measure.observe(event),
            Some(Err(error)) => self.measure.end(Some(error)),
            None => self.measure.end(None),
        }
        Poll::Ready(item)
    }
}

/// What is noted of a call while it runs. Dropped before its end, it is a call given up.
///
/// It does not hold the request: a stream may last for minutes, and its prompt is not needed.
struct Measure {
    prices: Arc<PriceTable>,
    sink: Arc<dyn CallSink>,
    context: Arc<Context>,
    operation: Operation,
    model: Arc<str>,
    stream: bool,
    id: Uuid,
    started: Instant,
    started_at_us: i64,
    ttft_ms: Option<f64>,
    /// Pieces of the answer that had something to see.
    chunks: u32,
    last_chunk_ms: f64,
    model_served: Option<Arc<str>>,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
    reserved: Option<Box<dyn Settle>>,
    ended: bool,
}

impl Measure {
    fn start(request: &Request, prices: Arc<PriceTable>, sink: Arc<dyn CallSink>) -> Self {
        Self {
            prices,
            sink,
            context: request.context.clone(),
            operation: request.operation(),
            model: request.model.clone(),
            stream: request.stream,
            id: Uuid::now_v7(),
            started: Instant::now(),
            started_at_us: unix_us(),
            ttft_ms: None,
            chunks: 0,
            last_chunk_ms: 0.0,
            model_served: None,
            usage: None,
            finish: None,
            reserved: None,
            ended: false,
        }
    }

    fn observe(&mut self, event: &Event) {
        let outline = event.outline();
        if outline.has_output {
            self.chunks = self.chunks.saturating_add(1);
            self.last_chunk_ms = self.elapsed_ms();
            self.ttft_ms = self.ttft_ms.or(Some(self.last_chunk_ms));
        }
        if self.model_served.is_none() {
            self.model_served.clone_from(&outline.model);
        }
        if outline.usage.is_some() {
            self.usage.clone_from(&outline.usage);
        }
        if outline.finish.is_some() {
            self.finish.clone_from(&outline.finish);
        }
    }

    fn end(&mut self, error: Option<&Error>) {
        let outcome = if error.is_some() { Outcome::Error } else { Outcome::Ok };
        self.record(outcome, error);
    }

    fn record(&mut self, outcome: Outcome, error: Option<&Error>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let context = &self.context;
        let attempt = context.trail.last_attempt().unwrap_or_default();
        let usage = self.usage.take();
        let priced = match context.trail.cache() {
            // What was paid for once is not paid for again.
            Some(CacheOutcome::Hit) => Some(0.0),
            _ => usage.as_ref().and_then(|usage| {
                let served = self.model_served.as_deref();
                self.prices.cost_usd(&attempt.provider, &attempt.model, served, usage)
            }),
        };
        if let Some(cost_usd) = priced {
            context.trail.charge(cost_usd);
        }
        if let Some(ttft_ms) = self.ttft_ms.filter(|_| self.stream && outcome == Outcome::Ok) {
            let took = Duration::try_from_secs_f64((self.last_chunk_ms - ttft_ms) / 1000.0);
            let later = self.chunks.saturating_sub(1);
            self.sink.chunks(&attempt.provider, &self.model, later, took.unwrap_or_default());
        }
        let record = CallRecord {
            id: Arc::from(&*self.id.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
            request_id: context.request_id.clone(),
            session_id: context.session_id.clone(),
            turn_id: context.turn_id.clone(),
            run_id: context.run_id.clone(),
            key_id: context.key_id.clone(),
            started_at_us: self.started_at_us,
            operation: self.operation,
            model: self.model.clone(),
            model_served: self.model_served.take(),
            provider: Some(attempt.provider).filter(|name| !name.is_empty()),
            stream: self.stream,
            outcome,
            status: error.and_then(Error::upstream_status).or(attempt.status),
            error: error.map(|error| Arc::from(error.kind.as_str())),
            finish_reason: self.finish.take().map(|finish| Arc::from(finish.as_str())),
            attempts: context.trail.attempts(),
            ttft_ms: self.ttft_ms,
            duration_ms: self.elapsed_ms(),
            usage,
            cost_usd: priced,
            upstream_request_id: attempt.upstream_request_id,
        };
        if let Some(reserved) = self.reserved.take() {
            reserved.settle(&record);
        }
        match self.context.trail.dropped_fields() {
            0 => self.sink.record(record),
            dropped_fields => self.sink.translated(record, dropped_fields),
        }
    }

    fn elapsed_ms(&self) -> f64 {
        self.started.elapsed().as_secs_f64() * 1000.0
    }
}

impl Drop for Measure {
    fn drop(&mut self) {
        self.record(Outcome::Cancelled, None);
    }
}

fn unix_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
