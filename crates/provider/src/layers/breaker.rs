//! Leaving alone, for a while, a deployment that fails.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use futures_core::Stream;
use playhouse_llm::{Error, ErrorKind, Event, EventStream, Provider, Request};
use tokio::time::Instant;

use super::circuit::{Circuit, Closure, Leave, Settled};
use super::circuits::Circuits;
use super::treatment::{Toll, Treatment};

/// A circuit breaker for each model of the provider it wraps.
///
/// A deployment that fails too often is left alone: whoever asks is refused at once. After a while
/// a few requests are let through as probes; one that is answered closes the circuit.
pub struct Breaker<P> {
    inner: P,
    circuits: Arc<Circuits>,
}

impl<P> Breaker<P> {
    /// Wraps the provider whose circuits these are.
    pub fn new(inner: P, circuits: Arc<Circuits>) -> Self {
        Self { inner, circuits }
    }
}

#[async_trait]
impl<P: Provider> Provider for Breaker<P> {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        let mut attempt = Attempt::begin(&self.circuits, &request.model)?;
        let is_stream = request.stream;
        match self.inner.chat(request).await {
            Ok(events) if is_stream => {
                attempt.has_begun();
                Ok(Box::pin(Watched { events, attempt }))
            }
            Ok(events) => {
                attempt.settle(Settled::Answered);
                Ok(events)
            }
            Err(error) => {
                attempt.settle(settled(&error));
                Err(error)
            }
        }
    }
}

fn settled(error: &Error) -> Settled {
    match Treatment::of(error).toll {
        Toll::Nothing if error.kind == ErrorKind::Cancelled || error.upstream.is_none() => Settled::Unknown,
        Toll::Nothing => Settled::Refused,
        toll => Settled::Failed(toll, error.retry_after),
    }
}

/// An attempt under way. Dropped before it is settled, nobody knows what became of it.
struct Attempt {
    circuits: Arc<Circuits>,
    model: Arc<str>,
    /// None for a deployment that has not failed so far.
    leave: Option<(Arc<Circuit>, Leave)>,
    is_settled: bool,
}

impl Attempt {
    fn begin(circuits: &Arc<Circuits>, model: &Arc<str>) -> Result<Self, Error> {
        let leave = match circuits.find(model) {
            None => None,
            Some(circuit) => {
                let admitted = circuit.admit(Instant::now());
                let leave = admitted.map_err(|closure| refusal(closure, circuits.provider(), model))?;
                Some((circuit, leave))
            }
        };
        Ok(Self { circuits: circuits.clone(), model: model.clone(), leave, is_settled: false })
    }

    /// A stream that has begun shows that the deployment answers, which is what a probe is for; its
    /// end is still of interest.
    fn has_begun(&mut self) {
        let Some((circuit, leave)) = &self.leave else { return };
        if leave.is_probe() {
            self.note(circuit, *leave, Settled::Answered);
            let circuit = circuit.clone();
            let leave = circuit.follow();
            self.leave = Some((circuit, leave));
        }
    }

    fn settle(&mut self, settled: Settled) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        if self.leave.is_none() && matches!(settled, Settled::Failed(..)) {
            let made = self.circuits.find_or_make(&self.model, Instant::now());
            self.leave = made.map(|circuit| (circuit.clone(), circuit.follow()));
        }
        if let Some((circuit, leave)) = &self.leave {
            self.note(circuit, *leave, settled);
        }
    }

    fn note(&self, circuit: &Circuit, leave: Leave, settled: Settled) {
        if let Some(state) = circuit.settle(leave, settled, Instant::now()) {
            self.circuits.tell(&self.model, state);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.settle(Settled::Unknown);
    }
}

/// The events of a stream, whose end is noted.
struct Watched {
    events: EventStream,
    attempt: Attempt,
}

impl Stream for Watched {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.events.as_mut().poll_next(context));
        match &item {
            Some(Ok(_)) => {}
            Some(Err(error)) => self.attempt.settle(settled(error)),
            None => self.attempt.settle(Settled::Answered),
        }
        Poll::Ready(item)
    }
}

fn refusal(closure: Closure, provider: &str, model: &str) -> Error {
    match closure {
        Closure::Open(wait) => {
            let message = format!(
                "'{provider}/{model}' failed too often and is left alone for now; try again in {} s",
                whole_seconds(wait)
            );
            Error::new(ErrorKind::CircuitOpen, message).retry_after(wait)
        }
        Closure::Paused(wait) => {
            let message = format!(
                "'{provider}/{model}' asked for a pause, as it has had too many requests; try again in {} s",
                whole_seconds(wait)
            );
            Error::new(ErrorKind::RateLimited, message).retry_after(wait)
        }
    }
}

fn whole_seconds(wait: Duration) -> u128 {
    wait.as_millis().div_ceil(1000)
}
