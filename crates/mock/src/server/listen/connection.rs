//! A connection that can be broken on purpose.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// No bound on what may be written.
const UNLIMITED: u64 = u64::MAX;

/// What breaks a connection; held by whoever answers on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionControl(Arc<State>);

#[derive(Debug)]
struct State {
    /// How many more bytes may be written before the connection breaks.
    writable: AtomicU64,
    /// Whether it ends with a reset in place of an orderly end.
    resets: AtomicBool,
}

impl Default for State {
    fn default() -> Self {
        Self { writable: AtomicU64::new(UNLIMITED), resets: AtomicBool::new(false) }
    }
}

impl ConnectionControl {
    /// Resets the connection once this many more bytes are written.
    pub(crate) fn reset_after(&self, bytes: u64) {
        self.0.resets.store(true, Ordering::Relaxed);
        self.0.writable.store(bytes, Ordering::Relaxed);
    }

    /// Has the connection end with a reset, whenever it ends.
    pub(crate) fn reset_at_end(&self) {
        self.0.resets.store(true, Ordering::Relaxed);
    }
}

/// A TCP connection that keeps to what its control says.
pub(super) struct FaultyStream {
    stream: TcpStream,
    control: ConnectionControl,
}

impl FaultyStream {
    pub(super) fn new(stream: TcpStream, control: ConnectionControl) -> Self {
        Self { stream, control }
    }

    fn is_limited(&self) -> bool {
        self.control.0.writable.load(Ordering::Relaxed) != UNLIMITED
    }

    /// Writes no more than is left, and then breaks.
    fn poll_write_limited(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.control.0.writable.load(Ordering::Relaxed);
        if left == 0 {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, "a fault breaks the connection")));
        }
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let polled = Pin::new(&mut self.stream).poll_write(context, &bytes[..length]);
        if let Poll::Ready(Ok(written)) = polled {
            self.control.0.writable.store(left - written as u64, Ordering::Relaxed);
        }
        polled
    }
}

impl Drop for FaultyStream {
    fn drop(&mut self) {
        if self.control.0.resets.load(Ordering::Relaxed) {
            // A connection that cannot be reset any more is gone already.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for FaultyStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for FaultyStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_limited() {
            return self.poll_write_limited(context, bytes);
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_limited() {
            let first = slices.iter().find(|slice| !slice.is_empty());
            let first = first.map_or(&[][..], |slice| slice);
            return self.poll_write_limited(context, first);
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
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
