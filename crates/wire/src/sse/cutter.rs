//! Cutting bytes, split anywhere, into runs of complete frames.

use bytes::{Buf, Bytes, BytesMut};

use super::{BYTE_ORDER_MARK, lines};

/// A line or frame that is longer than is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Overlong {
    /// A line of more than this many bytes.
    #[error("a line of the event stream is longer than {0} bytes")]
    Line(usize),
    /// A frame, of several lines, of more than this many bytes.
    #[error("a frame of the event stream is longer than {0} bytes")]
    Frame(usize),
}

/// Hands out all complete frames received so far as one slice, and keeps the rest.
///
/// Frames that arrive whole are not copied. The bytes handed out, put together, are the bytes
/// pushed, but for a leading byte-order mark.
#[derive(Debug)]
pub struct FrameCutter {
    tail: BytesMut,
    /// How much of the tail belongs to its last, unfinished line.
    line_length: usize,
    max_line_bytes: usize,
    started: bool,
}

impl FrameCutter {
    /// A cutter that takes lines of at most `max_line_bytes`, and frames of at most twice that.
    pub fn new(max_line_bytes: usize) -> Self {
        Self { tail: BytesMut::new(), line_length: 0, max_line_bytes, started: false }
    }

    /// Takes bytes as they arrived; returns the frames that are complete now, if any.
    ///
    /// # Errors
    /// When a line or an unfinished frame is too long; the stream is of no use from there.
    pub fn push(&mut self, bytes: Bytes) -> Result<Option<Bytes>, Overlong> {
        self.measure_lines(&bytes)?;
        let complete = if self.tail.is_empty() { self.cut_whole(bytes) } else { self.cut_joined(&bytes) };
        let max_frame_bytes = self.max_line_bytes.saturating_mul(2);
        if self.tail.len() > max_frame_bytes {
            return Err(Overlong::Frame(max_frame_bytes));
        }
        Ok(complete.map(|frames| self.without_mark(frames)))
    }

    /// What has come of a frame that is not complete.
    pub fn pending(&self) -> &[u8] {
        &self.tail
    }

    fn cut_whole(&mut self, bytes: Bytes) -> Option<Bytes> {
        let end = lines::last_frame_end(&bytes);
        self.tail.extend_from_slice(&bytes[end.unwrap_or(0)..]);
        end.map(|end| bytes.slice(..end))
    }

    fn cut_joined(&mut self, bytes: &[u8]) -> Option<Bytes> {
        // An empty line that ends in the new bytes begins at most two bytes before them.
        let searched_from = self.tail.len().saturating_sub(2);
        self.tail.extend_from_slice(bytes);
        let end = lines::last_frame_end(&self.tail[searched_from..])?;
        Some(self.tail.split_to(searched_from + end).freeze())
    }

    /// Lines are looked at one by one only when there are enough bytes for one to be too long.
    fn measure_lines(&mut self, bytes: &[u8]) -> Result<(), Overlong> {
        if self.line_length.saturating_add(bytes.len()) > self.max_line_bytes {
            let mut carried = self.line_length;
            for line in lines::lines(bytes) {
                self.check_length(carried + line.len())?;
                carried = 0;
            }
        }
        self.line_length = match lines::unfinished_line_length(bytes) {
            Some(length) => length,
            None => self.line_length + bytes.len(),
        };
        self.check_length(self.line_length)
    }

    fn check_length(&self, length: usize) -> Result<(), Overlong> {
        if length > self.max_line_bytes { Err(Overlong::Line(self.max_line_bytes)) } else { Ok(()) }
    }

    fn without_mark(&mut self, mut frames: Bytes) -> Bytes {
        if !self.started && frames.starts_with(BYTE_ORDER_MARK) {
            frames.advance(BYTE_ORDER_MARK.len());
        }
        self.started = true;
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_arrive_whole_are_not_copied() {
        let pushed = Bytes::from_static(b"data: a\n\ndata: b\n\ndata: c");
        let frames = FrameCutter::new(64).push(pushed.clone()).unwrap().unwrap();
        assert_eq!(frames.as_ptr(), pushed.as_ptr());
        assert_eq!(frames, "data: a\n\ndata: b\n\n");
    }

    #[test]
    fn one_byte_at_a_time_hands_out_each_frame_once() {
        let stream = "\u{FEFF}data: ä\r\n\r\n: c\n\ndata: b\r\rdata: cut";
        let mut cutter = FrameCutter::new(64);
        let mut handed_out = Vec::new();
        for byte in stream.as_bytes() {
            handed_out.extend(cutter.push(Bytes::copy_from_slice(&[*byte])).unwrap());
        }
        assert_eq!(handed_out.concat(), "data: ä\r\n\r\n: c\n\ndata: b\r\r".as_bytes());
        assert_eq!(cutter.pending(), b"data: cut");
    }

    #[test]
    fn a_line_is_too_long_however_it_is_split() {
        let line = format!("data: {}\n\n", "x".repeat(60));
        assert_eq!(FrameCutter::new(64).push(line.clone().into()), Err(Overlong::Line(64)));
        let mut cutter = FrameCutter::new(64);
        let first = line.bytes().find_map(|byte| cutter.push(Bytes::copy_from_slice(&[byte])).err());
        assert_eq!(first, Some(Overlong::Line(64)));
        assert!(FrameCutter::new(66).push(line.into()).unwrap().is_some());
    }

    #[test]
    fn a_frame_without_end_is_too_long() {
        let mut cutter = FrameCutter::new(16);
        let refused = (0..10).find_map(|_| cutter.push(Bytes::from_static(b"data: x\n")).err());
        assert_eq!(refused, Some(Overlong::Frame(32)));
    }
}
