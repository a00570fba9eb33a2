//! One connection to an upstream: a request out, a response in, nothing else at the same time.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes, BytesMut};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::Socket;
use super::framing::{Decoded, Framing};
use super::head::{self, ResponseHead};

/// What is read at once, at least: thousands of streams each hold such a buffer, nearly empty.
const MIN_READ_BYTES: usize = 4 << 10;
/// What is read at once, at most: a large answer fills its buffers.
const MAX_READ_BYTES: usize = 64 << 10;

/// A request as it goes over the wire: its head without the end, and its body.
pub(crate) struct Outgoing {
    /// The head, up to the last field.
    pub(crate) head: BytesMut,
    /// The body.
    pub(crate) body: Bytes,
}

/// A connection.
pub(crate) struct Connection {
    socket: TokioIo<Socket>,
    buffer: BytesMut,
    read_bytes: usize,
}

impl Connection {
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket: TokioIo::new(socket), buffer: BytesMut::new(), read_bytes: MIN_READ_BYTES }
    }

    /// Sends a request and waits for the head of its response.
    pub(crate) async fn exchange(&mut self, request: Outgoing) -> io::Result<ResponseHead> {
        let sent = self.send(request).await;
        // An upstream may answer and close before it has read everything: the answer counts.
        match (self.receive_head().await, sent) {
            (Ok(head), _) => Ok(head),
            (Err(_), Err(error)) | (Err(error), Ok(())) => Err(error),
        }
    }

    async fn send(&mut self, request: Outgoing) -> io::Result<()> {
        let Outgoing { mut head, body } = request;
        head::end(&mut head, body.len());
        // Both go in one write: a vendor that reads the head alone would have to read again.
        self.socket.write_all_buf(&mut head.chain(body)).await?;
        self.socket.flush().await
    }

    async fn receive_head(&mut self) -> io::Result<ResponseHead> {
        loop {
            match head::read(&mut self.buffer) {
                Ok(Some(head)) => return Ok(head),
                Ok(None) => {}
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
            if std::future::poll_fn(|context| self.poll_fill(context)).await? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ended before the answer began"));
            }
        }
    }

    /// The next piece of a body; `None` at its end.
    pub(crate) fn poll_data(
        &mut self,
        framing: &mut Framing,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            match framing.decode(&mut self.buffer) {
                Ok(Decoded::Data(data)) => return Poll::Ready(Some(Ok(data))),
                Ok(Decoded::End) => return Poll::Ready(None),
                Ok(Decoded::Incomplete) => {}
                Err(error) => {
                    return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::InvalidData, error))));
                }
            }
            match ready!(self.poll_fill(context)) {
                Ok(0) if *framing == Framing::UntilClose => return Poll::Ready(None),
                Ok(0) => {
                    let error = io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended");
                    return Poll::Ready(Some(Err(error)));
                }
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    /// Whether the connection waits for a request, as far as can be seen without waiting: it is
    /// open, and nothing has come that nobody asked for.
    pub(crate) fn is_idle(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        self.buffer.is_empty() && self.poll_fill(&mut context).is_pending()
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.buffer.capacity() - self.buffer.len() < self.read_bytes {
            self.buffer.reserve(self.read_bytes);
        }
        let room = self.buffer.capacity() - self.buffer.len();
        let read = pin!(self.socket.read_buf(&mut self.buffer));
        let count = ready!(read.poll(context))?;
        self.read_bytes = if count == room { (room * 2).min(MAX_READ_BYTES) } else { MIN_READ_BYTES };
        Poll::Ready(Ok(count))
    }
}
