//! A connection that cannot be held open by doing nothing.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::refusal::{Refusal, Refused};

/// How long a connection may keep the server waiting.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionTimeouts {
    /// From the first byte of a request's head to its last.
    pub header: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// For the client to take in what it asked for.
    pub write: Duration,
}

/// How many requests a connection is busy with, told by whoever answers them, and whether one was
/// refused before it was one.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    busy: AtomicU32,
    answered: AtomicU32,
    refused: OnceLock<Refused>,
    peer: Option<Box<str>>,
}

impl Activity {
    /// The activity of a connection from this address.
    pub(super) fn of(peer: IpAddr) -> Self {
        // Written down once: every request of the connection tells of it.
        Self { peer: Some(peer.to_string().into()), ..Self::default() }
    }

    /// Where the connection came from.
    pub(crate) fn peer(&self) -> Option<&str> {
        self.peer.as_deref()
    }

    /// Notes that a request is being answered.
    pub(crate) fn begin(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a request has been answered to the last byte.
    pub(crate) fn end(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }

    /// The request that was refused before it was one; nothing follows it on the connection.
    pub(super) fn refused(&self) -> Option<&Refused> {
        self.refused.get()
    }

    fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed) > 0
    }
}

/// A TCP connection that is closed when its client sends a head too slowly, stays idle too long,
/// or never reads its answer.
///
/// Each direction has one timer that is only looked at while the direction waits; when it fires
/// and something has moved meanwhile, it goes back to sleep for the rest.
pub(crate) struct GuardedStream {
    stream: TcpStream,
    timeouts: ConnectionTimeouts,
    activity: Arc<Activity>,
    reading: Timer,
    writing: Timer,
    /// What goes out in place of the HTTP library's own refusal.
    refusal: Option<Refusal>,
    /// Whether a part of a request's head has come while nothing was being answered.
    in_head: bool,
    /// How many requests had been answered when the connection was looked at last.
    answered: u32,
}

impl GuardedStream {
    /// Guards a connection.
    pub(crate) fn new(stream: TcpStream, timeouts: ConnectionTimeouts, activity: Arc<Activity>) -> Self {
        Self {
            stream,
            timeouts,
            activity,
            reading: Timer::default(),
            writing: Timer::default(),
            refusal: None,
            in_head: false,
            answered: 0,
        }
    }

    /// While a request is being answered its own bounds hold, and the client need not send a thing.
    fn poll_read_timeout(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let answered = self.activity.answered.load(Ordering::Relaxed);
        if self.activity.is_busy() || answered != self.answered {
            self.answered = answered;
            self.in_head = false;
            self.reading.stop();
        }
        if self.activity.is_busy() && self.reading.is_set() {
            return Poll::Pending; // The timer will look again.
        }
        // The HTTP library does not poll again when an answer has ended, so the timer must look.
        let check_every = self.timeouts.header.min(self.timeouts.idle);
        let limit = if self.in_head { self.timeouts.header } else { self.timeouts.idle };
        if self.reading.poll_waited(limit, check_every, context).is_pending() || self.activity.is_busy() {
            return Poll::Pending;
        }
        if self.in_head {
            let refusal = self.refuse(Refusal::new(StatusCode::REQUEST_TIMEOUT));
            // Who is slow to send may be slow to read, too: nobody waits for that.
            let _ = self.stream.try_write(refusal.unsent());
        }
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "the client did not send a request in time"))
    }

    fn refuse(&self, refusal: Refusal) -> Refusal {
        // There is only one: the connection ends with it.
        let _ = self.activity.refused.set(refusal.refused.clone());
        refusal
    }

    /// Begins to write a refusal where the HTTP library writes its own; says whether it does.
    fn replaces(&mut self, written: &[u8]) -> bool {
        if self.refusal.is_none() && !self.activity.is_busy() {
            self.refusal = Refusal::in_place_of(written).map(|refusal| self.refuse(refusal));
        }
        self.refusal.is_some()
    }

    /// Writes the refusal, and says that what it replaces has been written.
    fn poll_write_refusal(&mut self, context: &mut Context<'_>, replaced: usize) -> Poll<io::Result<usize>> {
        while let Some(refusal) = self.refusal.as_mut().filter(|refusal| !refusal.unsent().is_empty()) {
            let polled = Pin::new(&mut self.stream).poll_write(context, refusal.unsent());
            let sent = ready!(self.poll_written(polled, context))?;
            self.refusal.iter_mut().for_each(|refusal| refusal.sent(sent));
        }
        Poll::Ready(Ok(replaced))
    }

    fn note_read(&mut self, bytes: usize) {
        let in_head = bytes > 0 && !self.activity.is_busy();
        if in_head && self.in_head {
            return; // The head's time runs from its first byte.
        }
        self.in_head = in_head;
        self.reading.stop();
    }

    fn poll_written<T>(
        &mut self,
        polled: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.writing.stop();
            return polled;
        }
        match self.writing.poll_waited(self.timeouts.write, self.timeouts.write, context) {
            Poll::Ready(()) => Poll::Ready(Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the client did not read its answer in time",
            ))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Ready(result) => {
                this.note_read(buffer.filled().len() - before);
                Poll::Ready(result)
            }
            Poll::Pending => this.poll_read_timeout(context).map(Err),
        }
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.replaces(bytes) {
            return self.poll_write_refusal(context, bytes.len());
        }
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.poll_written(polled, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // The library's own refusals have no body, and come alone.
        if let [head] = slices
            && self.replaces(head)
        {
            return self.poll_write_refusal(context, head.len());
        }
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.poll_written(polled, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The time something has been waited for.
#[derive(Default)]
struct Timer {
    since: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Ready when the wait, which begins with the first call, has lasted as long as `limit`; looks
    /// again at least every `check_every`, because what is waited for may have changed unseen.
    fn poll_waited(&mut self, limit: Duration, check_every: Duration, context: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let due = *self.since.get_or_insert(now) + limit;
        let next_look = due.min(now + check_every);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(next_look)));
        if sleep.deadline() > next_look {
            sleep.as_mut().reset(next_look);
        }
        while sleep.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            if now >= due {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(due.min(now + check_every));
        }
        Poll::Pending
    }

    /// Whether it will wake the task.
    fn is_set(&self) -> bool {
        self.sleep.as_ref().is_some_and(|sleep| !sleep.is_elapsed())
    }

    fn stop(&mut self) {
        self.since = None;
    }
}
