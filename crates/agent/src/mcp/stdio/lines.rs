//! Lines read within a bound.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// How much is read at once.
const BUFFER: usize = 64 << 10;

/// The lines of an input, none of them longer than a bound.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    line: Vec<u8>,
    max: usize,
}

/// Why there is no next line.
#[derive(Debug)]
pub(super) enum LineFailure {
    TooLong,
    Io(io::Error),
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// The lines of this input, each of at most so many bytes, its end included.
    pub(super) fn new(input: R, max: usize) -> Self {
        Self { input: BufReader::with_capacity(BUFFER, input), line: Vec::new(), max }
    }

    /// The next line; what follows the last line end is none. Dropped halfway, it loses nothing.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, LineFailure> {
        loop {
            let read = self.input.fill_buf().await.map_err(LineFailure::Io)?;
            if read.is_empty() {
                return Ok(None);
            }
            let end = read.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(read.len(), |end| end + 1);
            if self.line.len() + taken > self.max {
                return Err(LineFailure::TooLong);
            }
            self.line.extend_from_slice(&read[..taken]);
            self.input.consume(taken);
            if end.is_some() {
                return Ok(Some(std::mem::take(&mut self.line)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_whole_and_an_unfinished_one_is_none() {
        let mut lines = Lines::new(&b"a\n\nbc\nd"[..], 8);
        for expected in ["a\n", "\n", "bc\n"] {
            assert_eq!(lines.next().await.unwrap().unwrap(), expected.as_bytes());
        }
        assert!(lines.next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_not_held() {
        let endless = tokio::io::repeat(b'x');
        let mut lines = Lines::new(endless, 100_000);
        assert!(matches!(lines.next().await, Err(LineFailure::TooLong)));
        assert!(lines.line.len() <= 100_000);
    }
}
