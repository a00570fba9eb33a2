//! The events of an upstream's stream, as its bytes arrive.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::{Duration, Instant};

use futures_core::Stream;
use futures_util::StreamExt;
use playhouse_llm::{Context, Error, ErrorKind, Event, EventStream, Outline};
use playhouse_wire::StreamReader;

use super::HttpProvider;
use super::pool::Body;
use super::watchdog::{Timeouts, Watchdog};

/// How long a connection may take to end after its answer has, to be used again.
const LINGER: Duration = Duration::from_secs(1);

/// Comments that are held at most; of more the oldest go.
const MAX_HELD: usize = 256;

/// An upstream's stream on its way up. Dropping it cancels the upstream request.
pub(crate) struct Relay {
    provider: Arc<str>,
    timeouts: Timeouts,
    body: Option<Body>,
    reader: Box<dyn StreamReader>,
    watchdog: Watchdog,
    context: Arc<Context>,
    /// What came while the beginning was awaited, to be told first.
    held: VecDeque<Event>,
    /// When waiting for the upstream began, while it lasts.
    waiting_since: Option<Instant>,
    /// Whether the answer has begun, so that what is held may be told.
    begun: bool,
    ended: bool,
}

impl Relay {
    pub(crate) fn new(
        provider: &HttpProvider,
        body: Body,
        reader: Box<dyn StreamReader>,
        watchdog: Watchdog,
        context: Arc<Context>,
        started: Instant,
    ) -> Self {
        Self {
            provider: provider.name.clone(),
            timeouts: provider.timeouts,
            body: Some(body),
            reader,
            watchdog,
            context,
            held: VecDeque::new(),
            waiting_since: Some(started),
            begun: false,
            ended: false,
        }
    }

    /// Waits for the first event that is part of the answer. Comments before it are held: telling
    /// them would end the time in which a failure can still be repeated.
    pub(crate) async fn first(&mut self) -> Option<Result<Event, Error>> {
        loop {
            match self.next().await {
                Some(Ok(event)) if says_nothing(&event) => self.hold(event),
                first => return first,
            }
        }
    }

    /// The whole stream, its first event put back.
    pub(crate) fn beginning_with(mut self, first: Event) -> EventStream {
        self.held.push_back(first);
        self.begun = true;
        Box::pin(self)
    }

    fn hold(&mut self, event: Event) {
        if self.held.len() == MAX_HELD {
            self.held.pop_front();
        }
        self.held.push_back(event);
    }

    fn poll_body(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<bool, Error>> {
        let Some(body) = &mut self.body else { return Poll::Ready(Ok(false)) };
        let Poll::Ready(data) = body.poll_data(context) else {
            self.waiting_since.get_or_insert_with(Instant::now);
            let phase = ready!(self.watchdog.poll_expired(context));
            return Poll::Ready(Err(self.timeouts.error(phase, &self.provider)));
        };
        self.note_waited();
        match data {
            Some(Ok(data)) => {
                self.watchdog.activity();
                self.reader.push(data);
                Poll::Ready(Ok(true))
            }
            Some(Err(error)) => Poll::Ready(Err(self.broke_off(&error))),
            None => Poll::Ready(self.finish_reading()),
        }
    }

    fn finish_reading(&mut self) -> Result<bool, Error> {
        let finished = self.reader.finish().map_err(|error| named(error, &self.provider));
        finished.map(|()| false)
    }

    fn note_waited(&mut self) {
        if let Some(since) = self.waiting_since.take() {
            self.context.trail.add_upstream_time(since.elapsed());
        }
    }

    fn broke_off(&self, error: &io::Error) -> Error {
        let message = format!("provider '{}' broke off in the middle of its answer: {error}", self.provider);
        Error::new(ErrorKind::Interrupted, message)
    }

    fn end(&mut self) {
        self.ended = true;
        if let Some(body) = self.body.take()
            && self.reader.is_done()
        {
            linger(body);
        }
    }
}

impl Stream for Relay {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        if self.begun
            && let Some(held) = self.held.pop_front()
        {
            return Poll::Ready(Some(Ok(held)));
        }
        while !self.ended {
            if let Some(item) = self.reader.next() {
                let item = item.map_err(|error| named(error, &self.provider));
                match &item {
                    Ok(event) if event.outline().has_output => self.watchdog.first_token(),
                    Ok(_) => {}
                    Err(_) => self.ended = true,
                }
                return Poll::Ready(Some(item));
            }
            let more = match self.reader.is_done() {
                true => self.finish_reading(),
                false => ready!(self.poll_body(context)),
            };
            match more {
                Ok(true) => {}
                Ok(false) => self.end(),
                Err(error) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        Poll::Ready(None)
    }
}

/// Whether an event holds no part of an answer; decoded only where its outline is empty.
fn says_nothing(event: &Event) -> bool {
    *event.outline() == Outline::default() && event.chunks().is_ok_and(<[_]>::is_empty)
}

/// The reader knows what is wrong with an answer, but not whose it is.
fn named(error: Error, provider: &Arc<str>) -> Error {
    if error.upstream.is_some() {
        return error.from_provider(provider);
    }
    Error { message: format!("provider '{provider}': {}", error.message), ..error }
}

/// Lets a connection whose answer is complete reach its end, so that the pool gets it back.
///
/// The end has mostly arrived with the last bytes; only where it has not is a task spent on it.
fn linger(mut body: Body) {
    let mut context = TaskContext::from_waker(std::task::Waker::noop());
    if body.is_ended() || body.poll_data(&mut context).is_ready() {
        return;
    }
    tokio::spawn(async move {
        let rest = async { while let Some(Ok(_)) = body.data().await {} };
        let _ = tokio::time::timeout(LINGER, rest).await;
    });
}
