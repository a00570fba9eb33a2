//! One kept-alive HTTP/1.1 connection that never blocks: a request is written, the response is
//! taken as it comes.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::response;

/// How long a connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest response that is taken.
const RESPONSE_LIMIT_BYTES: usize = 1024 * 1024;

/// An open connection to the server under test.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    /// Connect; small writes are sent at once.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, received: Vec::new() })
    }

    /// Write a whole request. It fits the socket's buffer, which is empty between two requests.
    pub(crate) fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.received.clear();
        self.stream.write_all(request)
    }

    /// The status of the response once all of it is here; `None` before.
    pub(crate) fn receive(&mut self) -> io::Result<Option<u16>> {
        let mut piece = [0; 16 * 1024];
        match self.stream.read(&mut piece) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => self.take(&piece[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn take(&mut self, piece: &[u8]) -> io::Result<Option<u16>> {
        self.received.extend_from_slice(piece);
        if self.received.len() > RESPONSE_LIMIT_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the response is too large"));
        }
        response::status_when_whole(&self.received)
    }
}
