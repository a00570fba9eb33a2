//! An answer's body: frames at a pace, broken off or held up where a fault says so.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep_until};

use super::listen::ConnectionControl;
use crate::fault::{At, Cut, Delivery, Ending};
use crate::journal::{Ended, Recording};
use crate::protocols::FrameKind;

/// The waits of an answer that has any.
pub(super) type Waits = Box<dyn Iterator<Item = Duration> + Send>;

/// The body of one answer. It tells its recording what went out, and how it ended.
pub(super) struct AnswerBody {
    delivery: Delivery,
    recording: Recording,
    connection: ConnectionControl,
    /// None where everything goes out at once.
    waits: Option<Waits>,
    /// What is waited for, allocated only where something is.
    sleep: Option<Pin<Box<Sleep>>>,
    /// Up to where the piece goes that is waited for.
    awaited: Option<usize>,
    /// When the piece before was due: lateness must not add up.
    due: Option<Instant>,
    /// How many bytes have gone out.
    at: usize,
    /// The event that goes out next.
    next: usize,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Sending,
    /// All that shall go out has; the connection is given the time to write it.
    Flushing,
    Ended,
}

impl AnswerBody {
    pub(super) fn new(
        delivery: Delivery,
        recording: Recording,
        connection: ConnectionControl,
        waits: Option<Waits>,
    ) -> Self {
        Self {
            delivery,
            recording,
            connection,
            waits,
            sleep: None,
            awaited: None,
            due: None,
            at: 0,
            next: 0,
            phase: Phase::Sending,
        }
    }

    /// Where the body ends, whole or not.
    fn end(&self) -> usize {
        let whole = self.delivery.frames.bytes.len();
        match self.delivery.cut {
            Some(Cut { at: At::Body(at), .. }) => at.min(whole),
            _ => whole,
        }
    }

    /// Up to where the next piece goes, and the wait before it.
    fn next_piece(&mut self) -> (usize, Duration) {
        let to = self.next_end();
        match self.delivery.stall {
            Some(stall) if self.at >= stall.after_bytes => {
                self.delivery.stall = None;
                (to, stall.lasts)
            }
            Some(stall) if stall.after_bytes < to => (stall.after_bytes, self.next_wait()),
            _ => (to, self.next_wait()),
        }
    }

    fn next_end(&self) -> usize {
        let end = self.end();
        match (self.delivery.drip, &self.waits) {
            (Some(drip), _) => (self.at + drip.bytes).min(end),
            (None, Some(_)) => self.delivery.frames.ends.get(self.next).map_or(end, |(to, _)| (*to).min(end)),
            (None, None) => end,
        }
    }

    /// Only output is waited for: what opens a stream comes at once, and what closes it with its end.
    fn next_wait(&mut self) -> Duration {
        if let Some(drip) = self.delivery.drip {
            return drip.every;
        }
        let kind = self.delivery.frames.ends.get(self.next).map(|(_, kind)| *kind);
        match &mut self.waits {
            Some(waits) if matches!(kind, Some(FrameKind::Output | FrameKind::Whole)) => {
                waits.next().unwrap_or_default()
            }
            _ => Duration::ZERO,
        }
    }

    /// The next piece once its time has come. Waits count from when the piece before was due.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<usize> {
        let to = match self.awaited {
            Some(to) => to,
            None => {
                let (to, wait) = self.next_piece();
                if wait.is_zero() {
                    return Poll::Ready(to);
                }
                self.wait(wait);
                *self.awaited.insert(to)
            }
        };
        if let Some(sleep) = &mut self.sleep {
            ready!(sleep.as_mut().poll(context));
        }
        self.awaited = None;
        Poll::Ready(to)
    }

    fn wait(&mut self, wait: Duration) {
        let due = self.due.unwrap_or_else(Instant::now) + wait;
        self.due = Some(due);
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(due),
            None => self.sleep = Some(Box::pin(sleep_until(due))),
        }
    }

    /// Whether all that shall go out has, and nothing is to happen after it.
    fn is_complete(&self) -> bool {
        self.at >= self.end() && self.delivery.cut.is_none() && self.delivery.stall.is_none()
    }

    fn send(&mut self, to: usize) -> Frame<Bytes> {
        let bytes = self.delivery.frames.bytes.slice(self.at..to);
        let before = self.next;
        while self.delivery.frames.ends.get(self.next).is_some_and(|(end, _)| *end <= to) {
            self.next += 1;
        }
        self.recording.sent(bytes.len(), u32::try_from(self.next - before).unwrap_or(u32::MAX));
        self.at = to;
        Frame::data(bytes)
    }

    fn complete(&mut self) {
        self.phase = Phase::Ended;
        self.recording.finish(Ended::Complete);
    }

    /// Breaks the connection off, once what was to go out before has been written.
    fn poll_cut(&mut self, how: Ending, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.phase == Phase::Sending {
            // The connection writes what it holds when the body has nothing for it.
            self.phase = Phase::Flushing;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.phase = Phase::Ended;
        self.recording.finish(Ended::Cut);
        if how == Ending::Reset {
            self.connection.reset_at_end();
        }
        Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "a fault cuts the answer"))))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        if this.phase == Phase::Ended {
            return Poll::Ready(None);
        }
        if this.is_complete() {
            this.complete();
            return Poll::Ready(None);
        }
        if let Some(cut) = this.delivery.cut
            && this.at >= this.end()
            && this.delivery.stall.is_none()
        {
            return this.poll_cut(cut.how, context);
        }
        let to = ready!(this.poll_piece(context));
        let frame = this.send(to);
        if this.is_complete() {
            this.complete();
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.phase == Phase::Ended
    }
}
