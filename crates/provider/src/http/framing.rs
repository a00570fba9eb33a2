//! Where a response's body ends: by length, by chunks, or with its connection (RFC 9112 §6).

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

/// A chunk's size line, its extensions included, may be this long.
const MAX_SIZE_LINE_BYTES: usize = 1024;
/// All trailer fields together may be this long.
const MAX_TRAILER_BYTES: usize = 16 << 10;

/// How much of a body is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// This many bytes.
    Length(u64),
    /// Chunks, the decoder being here.
    Chunked(Chunk),
    /// Whatever comes until the connection ends.
    UntilClose,
}

/// Where in a chunked body the decoder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// Before a size line.
    Size,
    /// Within data, of which this much is left.
    Data(u64),
    /// Before the line end that follows data.
    DataEnd,
    /// Within the trailer, of which this much has been read.
    Trailer(usize),
    /// Behind the end.
    Done,
}

/// What the bytes at hand hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    Data(Bytes),
    /// The body has ended.
    End,
    /// Nothing whole: more bytes are needed.
    Incomplete,
}

/// Bytes that are no chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chunks of the body are malformed")]
pub(crate) struct BadChunk;

impl Framing {
    /// Whether the body has ended.
    pub(crate) fn is_ended(self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::Done))
    }

    /// Takes the next piece of the body out of the buffer, without copying.
    pub(crate) fn decode(&mut self, buffer: &mut BytesMut) -> Result<Decoded, BadChunk> {
        match self {
            Self::Length(0) => Ok(Decoded::End),
            Self::Length(left) => Ok(take(left, buffer)),
            Self::UntilClose if buffer.is_empty() => Ok(Decoded::Incomplete),
            Self::UntilClose => Ok(Decoded::Data(buffer.split().freeze())),
            Self::Chunked(chunk) => chunk.decode(buffer),
        }
    }
}

impl Chunk {
    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Decoded, BadChunk> {
        loop {
            match self {
                Self::Done => return Ok(Decoded::End),
                Self::Data(0) => *self = Self::DataEnd,
                Self::Data(left) => return Ok(take(left, buffer)),
                Self::Size | Self::DataEnd | Self::Trailer(_) => {
                    let Some(end) = memchr(b'\n', buffer) else { return self.wait_for_line(buffer.len()) };
                    let line = buffer.split_to(end + 1);
                    self.read_line(line.trim_ascii_end(), end)?;
                }
            }
        }
    }

    /// A line that is not whole yet may come to its end, if it is not too long already.
    fn wait_for_line(self, waiting_bytes: usize) -> Result<Decoded, BadChunk> {
        let room = match self {
            Self::Trailer(read) => MAX_TRAILER_BYTES - read.min(MAX_TRAILER_BYTES),
            Self::DataEnd => 1,
            _ => MAX_SIZE_LINE_BYTES,
        };
        if waiting_bytes > room { Err(BadChunk) } else { Ok(Decoded::Incomplete) }
    }

    fn read_line(&mut self, line: &[u8], length: usize) -> Result<(), BadChunk> {
        *self = match *self {
            Self::Size if length > MAX_SIZE_LINE_BYTES => return Err(BadChunk),
            Self::Size => match parse_size(line)? {
                0 => Self::Trailer(0),
                size => Self::Data(size),
            },
            Self::DataEnd if line.is_empty() => Self::Size,
            Self::Trailer(_) if line.is_empty() => Self::Done,
            Self::Trailer(read) if read + length <= MAX_TRAILER_BYTES => Self::Trailer(read + length + 1),
            _ => return Err(BadChunk),
        };
        Ok(())
    }
}

fn take(left: &mut u64, buffer: &mut BytesMut) -> Decoded {
    if !buffer.has_remaining() {
        return Decoded::Incomplete;
    }
    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
    *left -= here as u64;
    Decoded::Data(buffer.split_to(here).freeze())
}

/// The size before extensions, in hexadecimal.
fn parse_size(line: &[u8]) -> Result<u64, BadChunk> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let digits = std::str::from_utf8(digits).map_err(|_| BadChunk)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex || digits.len() > 15 {
        return Err(BadChunk);
    }
    u64::from_str_radix(digits, 16).map_err(|_| BadChunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes a body that arrives in pieces; the data, and whether the end was reached.
    fn decode(body: &[u8], piece: usize) -> Result<(Vec<u8>, bool), BadChunk> {
        let (mut framing, mut buffer, mut data) =
            (Framing::Chunked(Chunk::Size), BytesMut::new(), Vec::new());
        for piece in body.chunks(piece) {
            buffer.extend_from_slice(piece);
            loop {
                match framing.decode(&mut buffer)? {
                    Decoded::Data(bytes) => data.extend_from_slice(&bytes),
                    Decoded::End => return Ok((data, true)),
                    Decoded::Incomplete => break,
                }
            }
        }
        Ok((data, false))
    }

    #[test]
    fn chunks_come_out_the_same_however_they_are_split() {
        let body =
            b"5;name=\"v\"\r\nHello\r\n00A\r\n, wide wor\r\n2\nld\n0\r\nExpires: now\r\nX: y\r\n\r\nrest";
        for piece in 1..=body.len() {
            assert_eq!(decode(body, piece), Ok((b"Hello, wide world".to_vec(), true)), "pieces of {piece}");
        }
    }

    #[test]
    fn a_body_that_breaks_off_has_no_end() {
        let body = b"5\r\nHello\r\n0\r\n\r\n";
        for length in 0..body.len() - 1 {
            assert_eq!(decode(&body[..length], 3).map(|(_, ended)| ended), Ok(false), "{length} bytes");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let long_line = [b"1;".as_slice(), &[b'x'; 2000], b"\r\n"].concat();
        let endless_trailer = [b"0\r\n".as_slice(), &b"a: b\r\n".repeat(5000)].concat();
        for body in [
            b"g\r\n".as_slice(),
            b"-1\r\n",
            b"\r\n",
            b"1\r\nab\r\n",
            b"fffffffffffffffff\r\n",
            &long_line,
            &endless_trailer,
        ] {
            assert_eq!(
                decode(body, 7),
                Err(BadChunk),
                "{}",
                String::from_utf8_lossy(&body[..body.len().min(30)])
            );
        }
    }

    #[test]
    fn a_length_is_kept_to() {
        let (mut framing, mut buffer) = (Framing::Length(3), BytesMut::from(&b"abcd"[..]));
        assert_eq!(framing.decode(&mut buffer), Ok(Decoded::Data(Bytes::from_static(b"abc"))));
        assert_eq!(framing.decode(&mut buffer), Ok(Decoded::End));
        assert_eq!(&buffer[..], b"d");
    }
}
