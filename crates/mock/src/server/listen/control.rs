//! What the answering side can do to the connection that its answer goes over.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::fault::{Drip, Ending};

/// A part of a request's head has come.
const IN_HEAD: u8 = 1;
/// A request is being answered, until all of the answer is written.
const BUSY: u8 = 1 << 1;
/// The answer has been handed over; some of it may not be written yet.
const HANDED_OVER: u8 = 1 << 2;
/// There are orders to follow.
const ORDERED: u8 = 1 << 3;
/// The connection shall end when nothing is being answered.
const LEAVING: u8 = 1 << 4;

/// A handle on one connection, shared by whoever answers and whoever writes.
///
/// Orders are for the answer that is being given; with the next request they are gone. They are
/// followed when bytes are written or flushed, which happens after the answering future or the
/// answer's body was polled: give them from there. Where none are given, a write costs one load more.
#[derive(Clone, Debug, Default)]
pub struct ConnectionControl(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    flags: AtomicU8,
    /// Changes whenever a request begins.
    activity: AtomicU32,
    orders: Mutex<Orders>,
}

#[derive(Debug, Default)]
struct Orders {
    /// How the connection ends before its time.
    how: Option<Ending>,
    /// After how many more bytes; without it, when all is written.
    bytes_left: Option<u64>,
    /// Whether it ends at the latest when all is written.
    when_flushed: bool,
    drip: Option<Drip>,
    is_ended: bool,
}

/// What may be written at once, and how long to pause then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) bytes: usize,
    pub(super) pause: Option<Duration>,
}

/// What a connection looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glance {
    pub(super) is_busy: bool,
    pub(super) is_in_head: bool,
    pub(super) activity: u32,
}

/// For the answering side.
impl ConnectionControl {
    /// Ends the connection before another byte is written.
    pub fn end_now(&self, how: Ending) {
        self.end_after(0, how);
    }

    /// Ends the connection after this many more bytes; at the beginning of an answer these are its
    /// first, the head included.
    pub fn end_after(&self, bytes: u64, how: Ending) {
        self.order(|orders| (orders.how, orders.bytes_left) = (Some(how), Some(bytes)));
    }

    /// Ends the connection when everything handed over so far is written.
    pub fn end_when_flushed(&self, how: Ending) {
        self.order(|orders| (orders.how, orders.when_flushed) = (Some(how), true));
    }

    /// Writes a few bytes at a time from here on.
    pub fn drip(&self, drip: Drip) {
        self.order(|orders| orders.drip = Some(drip));
    }

    /// Whether the connection has ended by order.
    pub fn was_ended(&self) -> bool {
        self.has(ORDERED) && self.orders().is_ended
    }

    fn order(&self, give: impl FnOnce(&mut Orders)) {
        give(&mut self.orders());
        self.0.flags.fetch_or(ORDERED, Ordering::Release);
    }
}

/// For whoever reads and writes.
impl ConnectionControl {
    /// Notes that bytes were read that answer nothing: a head has begun.
    pub(super) fn note_head(&self) {
        if !self.has(IN_HEAD | BUSY) {
            self.0.flags.fetch_or(IN_HEAD, Ordering::Relaxed);
            self.0.activity.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes that a request is going to be answered; earlier orders are gone.
    pub(super) fn begin_answer(&self) {
        if self.has(ORDERED) {
            *self.orders() = Orders::default();
        }
        self.0.flags.fetch_and(LEAVING, Ordering::Relaxed);
        self.0.flags.fetch_or(BUSY, Ordering::Relaxed);
        self.0.activity.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the whole answer has been handed over.
    pub(super) fn hand_over(&self) {
        self.0.flags.fetch_or(HANDED_OVER, Ordering::Relaxed);
    }

    /// Whether there are orders to follow.
    pub(in crate::server) fn is_ordered(&self) -> bool {
        self.has(ORDERED)
    }

    /// How much may be written of this many bytes, or how the connection ends instead.
    pub(super) fn share(&self, wanted: usize) -> Result<Share, Ending> {
        let orders = self.orders();
        let left = orders.bytes_left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
        if left == 0 {
            return Err(orders.how.unwrap_or(Ending::Close));
        }
        let at_once = orders.drip.map_or(usize::MAX, |drip| drip.bytes.max(1));
        let pause = orders.drip.map(|drip| drip.every);
        Ok(Share { bytes: wanted.min(left).min(at_once), pause })
    }

    /// Notes that this much has been written.
    pub(super) fn note_written(&self, bytes: usize) {
        if let Some(left) = &mut self.orders().bytes_left {
            *left = left.saturating_sub(bytes as u64);
        }
    }

    /// Notes that all that was handed over is written; says how the connection ends, if it does.
    pub(super) fn note_flushed(&self) -> Option<Ending> {
        if !self.has(ORDERED | HANDED_OVER) {
            return None;
        }
        let ordered = self.has(ORDERED).then(|| self.orders().due()).flatten();
        ordered.or_else(|| self.note_answered().then_some(Ending::Close))
    }

    /// Notes that the connection ends by order.
    pub(super) fn note_ended(&self) {
        self.order(|orders| orders.is_ended = true);
    }

    /// Says whether the connection shall end now that an answer is complete.
    fn note_answered(&self) -> bool {
        if !self.has(HANDED_OVER) {
            return false;
        }
        let flags = self.0.flags.fetch_and(!(BUSY | HANDED_OVER), Ordering::Relaxed);
        flags & LEAVING != 0
    }
}

/// For whoever watches over the connections.
impl ConnectionControl {
    /// Has the connection end when its answer is complete; says whether one is being given.
    pub(super) fn leave(&self) -> bool {
        self.0.flags.fetch_or(LEAVING, Ordering::Relaxed) & BUSY != 0
    }

    pub(super) fn glance(&self) -> Glance {
        Glance {
            is_busy: self.has(BUSY),
            is_in_head: self.has(IN_HEAD),
            activity: self.0.activity.load(Ordering::Relaxed),
        }
    }

    fn has(&self, flags: u8) -> bool {
        self.0.flags.load(Ordering::Acquire) & flags != 0
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.0.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Orders {
    /// How the connection ends now that all is written, if it does.
    fn due(&self) -> Option<Ending> {
        self.how.filter(|_| self.when_flushed || self.bytes_left == Some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_gone_with_the_next_request() {
        let control = ConnectionControl::default();
        control.begin_answer();
        control.drip(Drip { bytes: 3, every: Duration::from_millis(1) });
        control.end_when_flushed(Ending::Close);
        control.begin_answer();
        assert_eq!((control.is_ordered(), control.note_flushed()), (false, None));
        control.end_after(100, Ending::Reset);
        assert_eq!(control.share(10), Ok(Share { bytes: 10, pause: None }));
        assert_eq!(control.note_flushed(), None);
    }

    #[test]
    fn whoever_leaves_ends_after_the_answer_that_is_being_given() {
        let control = ConnectionControl::default();
        assert!(!control.leave(), "nothing is being answered");
        control.begin_answer();
        assert!(control.leave());
        assert_eq!(control.note_flushed(), None, "the head alone is no answer");
        control.hand_over();
        assert_eq!(control.note_flushed(), Some(Ending::Close));
        assert!(!control.glance().is_busy);
    }

    #[test]
    fn bytes_are_shared_out_until_the_end() {
        let control = ConnectionControl::default();
        control.end_after(5, Ending::Reset);
        control.drip(Drip { bytes: 3, every: Duration::from_millis(1) });
        let mut shares = Vec::new();
        while let Ok(share) = control.share(100) {
            shares.push(share.bytes);
            control.note_written(share.bytes);
        }
        assert_eq!((shares, control.share(100)), (vec![3, 2], Err(Ending::Reset)));
        assert_eq!(control.note_flushed(), Some(Ending::Reset));
    }

    #[test]
    fn an_end_after_bytes_that_never_come_is_at_the_latest_when_all_is_written() {
        let control = ConnectionControl::default();
        control.end_after(1_000, Ending::Reset);
        assert_eq!(control.note_flushed(), None);
        control.end_when_flushed(Ending::Reset);
        assert_eq!(control.note_flushed(), Some(Ending::Reset));
    }
}
