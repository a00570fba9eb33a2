//! An answer's bytes on their way to a connection: at the pace they shall have, and no further than
//! a fault lets them.
//!
//! In reading order: this → `timing` (when the next event is due) → [`Progress`] (who is told).

mod interruption;
mod progress;
mod timing;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::watch::Receiver;

use crate::engine::CutShort;
use crate::fault::{At, Cut, Delivery, Ending, Stall};
use crate::protocols::{FrameKind, Frames};
use crate::server::listen::ConnectionControl;
use interruption::Interruption;
use progress::Report;
use timing::Timing;

pub use progress::{End, Progress};

/// The body of an answer.
///
/// Paced, every event is a piece of its own, written when it is due. Otherwise all of it is one
/// piece, up to where a fault stops it. Only a whole answer has a length.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use http_body_util::BodyExt;
/// use playhouse_mock::protocols::Frames;
/// use playhouse_mock::server::body::PacedBody;
/// use playhouse_mock::server::listen::ConnectionControl;
///
/// let frames = Frames::whole("application/json", "{}".into());
/// let body = PacedBody::new(frames.into(), ConnectionControl::default(), ());
/// assert_eq!(body.collect().await.unwrap().to_bytes(), "{}");
/// # });
/// ```
#[derive(Debug)]
pub struct PacedBody<P: Progress> {
    frames: Frames,
    sent_bytes: usize,
    sent_frames: usize,
    /// Frames whose wait has begun.
    awaited_frames: usize,
    timing: Timing,
    stall: Option<Stall>,
    cut: Option<(usize, Ending)>,
    control: ConnectionControl,
    report: Report<P>,
    interruption: Interruption,
    /// How much of the body is the answer's own, which those are told of who watch.
    own_bytes: usize,
}

impl<P: Progress> PacedBody<P> {
    /// The body of an answer that is sent at once, over the connection that `control` is of.
    ///
    /// What the delivery wants of the connection is ordered here, so that it holds for the head.
    pub fn new(delivery: Delivery, control: ConnectionControl, progress: P) -> Self {
        let Delivery { frames, cut, stall, drip, content_type: _ } = delivery;
        if let Some(drip) = drip {
            control.drip(drip);
        }
        let length = frames.bytes.len();
        Self {
            cut: cut.map(|cut| (order(cut, &control).min(length), cut.how)),
            stall: stall.map(|stall| Stall { after_bytes: stall.after_bytes.min(length), ..stall }),
            frames,
            sent_bytes: 0,
            sent_frames: 0,
            awaited_frames: 0,
            timing: Timing::default(),
            control,
            report: Report::new(progress),
            interruption: Interruption::default(),
            own_bytes: length,
        }
    }

    /// The same with a wait before each output: the first before whatever comes first, the others
    /// before every further frame with output. What belongs to no output comes with its neighbour.
    ///
    /// Waits are counted from each other's end, not from when the event before was written, so
    /// delays do not add up.
    #[must_use]
    pub fn paced(mut self, waits: impl Iterator<Item = Duration> + Send + 'static) -> Self {
        self.timing = Timing::paced(waits);
        self
    }

    /// The same, unless the answer is cut short, of which so many events were told before.
    #[must_use]
    pub(crate) fn unless(mut self, told: Receiver<Option<CutShort>>, skipped: usize) -> Self {
        self.interruption = Interruption::of(told, skipped);
        self
    }

    /// Has the answer end where it was cut short: what was due until then, and the event that says so.
    fn cut_short(&mut self, cut: &CutShort) {
        // What has begun is told whole.
        let begun = self.frames.ends.partition_point(|(end, _)| *end < self.sent_bytes);
        let begun = if self.sent_bytes == 0 { 0 } else { begun + 1 };
        let told = cut.after.max(begun).min(self.frames.ends.len());
        let own = told.checked_sub(1).map_or(0, |last| self.frames.ends[last].0);
        let bytes = [&self.frames.bytes[..own], &cut.event[..]].concat();
        self.frames.ends.truncate(told);
        self.frames.ends.push((bytes.len(), FrameKind::End));
        self.frames.bytes = bytes.into();
        self.own_bytes = own;
        self.timing = Timing::default();
    }

    fn is_over(&self) -> bool {
        self.sent_bytes == self.frames.bytes.len() && self.stall.is_none() && self.cut.is_none()
    }

    /// Begins the silence that is due, if one is.
    fn begin_stall(&mut self) {
        let due = self.stall.take_if(|stall| stall.after_bytes == self.sent_bytes);
        due.into_iter().for_each(|stall| self.timing.delay(stall.lasts));
    }

    /// Begins the wait of the frame that is next, if it has one.
    fn begin_wait(&mut self) {
        if let Some((_, kind)) = self.frames.ends.get(self.sent_frames)
            && self.awaited_frames == self.sent_frames
        {
            self.awaited_frames += 1;
            self.timing.wait_before(*kind);
        }
    }

    /// Has the connection end when all that was handed over is written. Nothing follows.
    fn end_by_fault(&mut self, how: Ending, context: &Context<'_>) {
        if self.report.ended(End::Cut) {
            self.control.end_when_flushed(how);
            // What was ordered is done when the connection is looked at next.
            context.waker().wake_by_ref();
        }
    }

    /// What can be handed over at once.
    fn next_piece(&mut self) -> Bytes {
        let length = self.frames.bytes.len();
        let frame_end = self.frames.ends.get(self.sent_frames).map_or(length, |(end, _)| *end);
        let end = if self.timing.is_paced() { frame_end } else { length };
        let stops = [self.stall.map(|stall| stall.after_bytes), self.cut.map(|(at, _)| at)];
        let end = stops.into_iter().flatten().fold(end, usize::min);
        let piece = self.frames.bytes.slice(self.sent_bytes..end);
        self.sent_bytes = end;
        let unsent = &self.frames.ends[self.sent_frames..];
        self.sent_frames += unsent.iter().take_while(|(frame_end, _)| *frame_end <= end).count();
        piece
    }
}

/// Orders what is done to the head; says how much of the body comes.
fn order(cut: Cut, control: &ConnectionControl) -> usize {
    match cut.at {
        At::BeforeHead => control.end_now(cut.how),
        At::InHead(bytes) => control.end_after(bytes, cut.how),
        At::Body(bytes) => return bytes,
    }
    0
}

impl<P: Progress> Body for PacedBody<P> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if let Some(cut) = this.interruption.poll(context) {
            this.cut_short(&cut);
        }
        this.begin_stall();
        ready!(this.timing.poll_due(context));
        if let Some((_, how)) = this.cut.filter(|(at, _)| *at == this.sent_bytes) {
            this.end_by_fault(how, context);
            return Poll::Pending;
        }
        if this.sent_bytes == this.frames.bytes.len() {
            this.report.ended(End::Complete);
            return Poll::Ready(None);
        }
        this.begin_wait();
        ready!(this.timing.poll_due(context));
        let piece = this.next_piece();
        this.report.sent(this.sent_bytes.min(this.own_bytes), this.sent_frames);
        if this.is_over() {
            this.report.ended(End::Complete);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        match self.frames.ends[..] {
            [(end, FrameKind::Whole)] => SizeHint::with_exact((end - self.sent_bytes) as u64),
            _ => SizeHint::default(),
        }
    }
}

impl<P: Progress> Drop for PacedBody<P> {
    fn drop(&mut self) {
        let end = match self.is_over() {
            true => End::Complete,
            false if self.control.was_ended() => End::Cut,
            false => End::ClientLeft,
        };
        self.report.ended(end);
    }
}

#[cfg(test)]
mod tests;
