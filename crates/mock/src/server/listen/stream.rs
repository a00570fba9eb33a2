//! A connection that can be told to break.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::ConnectionControl;
use crate::fault::Ending;

/// A connection that follows the orders of its [`ConnectionControl`].
pub(super) struct FaultyStream<S> {
    stream: S,
    control: ConnectionControl,
    /// The pause of a slow drip, while it lasts.
    pause: Option<Pin<Box<Sleep>>>,
}

/// What can be reset.
pub(super) trait Resettable {
    /// Has the connection reset, not closed, when it is dropped.
    fn reset_on_drop(&self);
}

impl Resettable for TcpStream {
    fn reset_on_drop(&self) {
        // Without a linger time the kernel forgets what it has and sends RST. Where it cannot be
        // set, the connection is gone already.
        let _ = self.set_zero_linger();
    }
}

impl<S: AsyncWrite + Resettable + Unpin> FaultyStream<S> {
    pub(super) fn new(stream: S, control: ConnectionControl) -> Self {
        Self { stream, control, pause: None }
    }

    fn poll_ordered_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        let share = match self.control.share(bytes.len()) {
            Ok(share) => share,
            Err(how) => return Poll::Ready(Err(self.end(how, context))),
        };
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..share.bytes]))?;
        self.control.note_written(written);
        self.pause = share.pause.map(|pause| Box::pin(sleep(pause)));
        Poll::Ready(Ok(written))
    }

    /// The error with which the connection is dropped.
    fn end(&mut self, how: Ending, context: &mut Context<'_>) -> io::Error {
        self.control.note_ended();
        match how {
            Ending::Reset => self.stream.reset_on_drop(),
            // Dropped with requests unread, a connection would be reset: so the end is told first.
            Ending::Close => drop(Pin::new(&mut self.stream).poll_shutdown(context)),
        }
        io::Error::new(io::ErrorKind::ConnectionAborted, "the connection was ended by order")
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FaultyStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.control.note_head();
        }
        read
    }
}

impl<S: AsyncWrite + Resettable + Unpin> AsyncWrite for FaultyStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.control.is_ordered() {
            true => self.poll_ordered_write(context, bytes),
            false => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.control.is_ordered() {
            return Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        }
        let first = slices.iter().find(|slice| !slice.is_empty());
        self.poll_ordered_write(context, first.map_or(&[], |slice| slice))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when everything handed over is written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.control.note_flushed() {
            Some(how) => Poll::Ready(Err(self.end(how, context))),
            None => Pin::new(&mut self.stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;
    use crate::fault::Drip;

    impl Resettable for DuplexStream {
        fn reset_on_drop(&self) {}
    }

    fn connected() -> (FaultyStream<DuplexStream>, ConnectionControl, DuplexStream) {
        let (near, far) = duplex(1 << 16);
        let control = ConnectionControl::default();
        (FaultyStream::new(near, control.clone()), control, far)
    }

    #[tokio::test(start_paused = true)]
    async fn a_drip_sends_a_few_bytes_at_a_time() {
        let (mut stream, control, mut far) = connected();
        control.drip(Drip { bytes: 4, every: Duration::from_millis(10) });
        tokio::spawn(async move {
            stream.write_all(b"0123456789").await.unwrap();
            stream.flush().await.unwrap();
        });
        let start = Instant::now();
        let mut arrivals = Vec::new();
        let mut buffer = [0; 64];
        while let Ok(count @ 1..) = far.read(&mut buffer).await {
            arrivals.push((count, start.elapsed().as_millis()));
        }
        // A timer fires at most a millisecond late.
        assert_eq!(arrivals.iter().map(|(count, _)| *count).collect::<Vec<_>>(), [4, 4, 2]);
        assert!((20..=23).contains(&arrivals[2].1), "{arrivals:?}");
    }

    #[tokio::test]
    async fn a_connection_ends_after_its_bytes_whatever_the_writes() {
        let (mut stream, control, mut far) = connected();
        control.end_after(5, Ending::Close);
        stream.write_all(b"012").await.unwrap();
        assert!(stream.write_all(b"3456789").await.is_err());
        assert!(control.was_ended());
        drop(stream);
        let mut came = Vec::new();
        far.read_to_end(&mut came).await.unwrap();
        assert_eq!(came, b"01234");
    }

    #[tokio::test]
    async fn nothing_is_written_after_an_end_now() {
        let (mut stream, control, mut far) = connected();
        control.end_now(Ending::Close);
        let slices = [io::IoSlice::new(b""), io::IoSlice::new(b"abc")];
        assert!(stream.write_vectored(&slices).await.is_err());
        drop(stream);
        assert_eq!(far.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn without_orders_everything_goes_through() {
        let (mut stream, control, mut far) = connected();
        control.begin_answer();
        let slices = [io::IoSlice::new(b"ab"), io::IoSlice::new(b"c")];
        assert_eq!(stream.write_vectored(&slices).await.unwrap(), 3);
        stream.flush().await.unwrap();
        let mut came = [0; 3];
        far.read_exact(&mut came).await.unwrap();
        assert_eq!((&came, control.was_ended()), (b"abc", false));
    }
}
