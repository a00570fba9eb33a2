//! When the next event is due.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::protocols::FrameKind;

/// Nobody waits longer; it keeps times far from where the clock ends.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The time of one answer. It holds nothing where nothing is waited for.
#[derive(Debug, Default)]
pub(super) struct Timing {
    waits: Option<Waits>,
    clock: Option<Box<Clock>>,
}

struct Waits {
    waits: Box<dyn Iterator<Item = Duration> + Send>,
    is_begun: bool,
    has_output: bool,
}

#[derive(Debug)]
struct Clock {
    due: Instant,
    /// The one timer, set anew for each wait.
    sleep: Pin<Box<Sleep>>,
    is_waiting: bool,
}

impl Timing {
    /// An answer with these waits; its time begins now.
    pub(super) fn paced(waits: impl Iterator<Item = Duration> + Send + 'static) -> Self {
        let waits = Waits { waits: Box::new(waits), is_begun: false, has_output: false };
        Self { waits: Some(waits), clock: Some(Clock::new()) }
    }

    pub(super) fn is_paced(&self) -> bool {
        self.waits.is_some()
    }

    /// Begins the wait before a frame of this kind, if it has one.
    pub(super) fn wait_before(&mut self, kind: FrameKind) {
        let wait = self.waits.as_mut().and_then(|waits| waits.before(kind));
        wait.into_iter().for_each(|wait| self.delay(wait));
    }

    /// Has everything that follows come later.
    pub(super) fn delay(&mut self, wait: Duration) {
        let clock = self.clock.get_or_insert_with(Clock::new);
        clock.due += wait.min(LONGEST);
        clock.is_waiting = true;
    }

    /// Ready when the wait that was begun is over.
    pub(super) fn poll_due(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self.clock.as_mut().filter(|clock| clock.is_waiting) {
            Some(clock) => clock.poll(context),
            None => Poll::Ready(()),
        }
    }
}

impl Waits {
    /// The wait before a frame: before the first of all, and before each further one with output.
    fn before(&mut self, kind: FrameKind) -> Option<Duration> {
        let is_output = kind == FrameKind::Output;
        let has_wait = !self.is_begun || (is_output && self.has_output);
        self.is_begun = true;
        self.has_output |= is_output;
        if has_wait { self.waits.next() } else { None }
    }
}

impl Clock {
    fn new() -> Box<Self> {
        let due = Instant::now();
        Box::new(Self { due, sleep: Box::pin(sleep_until(due)), is_waiting: false })
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.sleep.deadline() != self.due {
            self.sleep.as_mut().reset(self.due);
        }
        ready!(self.sleep.as_mut().poll(context));
        self.is_waiting = false;
        Poll::Ready(())
    }
}

impl fmt::Debug for Waits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("waits")
    }
}
