//! Server-sent events, none of them larger than a bound.

use std::sync::Arc;

use futures_util::stream::{BoxStream, StreamExt};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use sse_stream::{Error as SseError, Sse, SseStream};

use super::HttpFailure;
use crate::mcp::life::Life;

/// The events of a body. One that is too large ends the connection: asking again brings it again.
pub(super) fn events(
    body: Incoming,
    max: usize,
    life: Arc<Life>,
) -> BoxStream<'static, Result<Sse, SseError>> {
    let mut size = EventSize::new(max);
    let bytes = BodyDataStream::new(body).map(move |chunk| {
        let chunk = chunk.map_err(|error| HttpFailure::Broken(error.to_string()))?;
        if size.fits(&chunk) {
            return Ok(chunk);
        }
        life.end(HttpFailure::TooLarge(max).to_string());
        Err(HttpFailure::TooLarge(max))
    });
    SseStream::from_bytes_stream(bytes).boxed()
}

/// Counts what an event has so far: everything since the last empty line.
struct EventSize {
    max: usize,
    event: usize,
    line: usize,
    after_return: bool,
}

impl EventSize {
    fn new(max: usize) -> Self {
        Self { max, event: 0, line: 0, after_return: false }
    }

    /// Counts a piece, and says whether the event is still within the bound.
    fn fits(&mut self, piece: &[u8]) -> bool {
        piece.iter().all(|byte| {
            self.count(*byte);
            self.event <= self.max
        })
    }

    fn count(&mut self, byte: u8) {
        let is_second_half = byte == b'\n' && self.after_return;
        self.after_return = byte == b'\r';
        match byte {
            _ if is_second_half => {}
            b'\r' | b'\n' if self.line == 0 => self.event = 0,
            b'\r' | b'\n' => self.line = 0,
            _ => {
                self.line += 1;
                self.event += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(max: usize, pieces: &[&str]) -> bool {
        let mut size = EventSize::new(max);
        pieces.iter().all(|piece| size.fits(piece.as_bytes()))
    }

    #[test]
    fn events_count_each_for_itself_whatever_ends_their_lines() {
        for end in ["\n", "\r\n", "\r"] {
            let event = format!("data: 1234{end}{end}");
            assert!(fits(10, &[&event, &event, &event]), "{end:?}");
            assert!(!fits(9, &[&event]), "{end:?}");
            let two_lines = format!("data: 1{end}data: 2{end}{end}");
            assert!(fits(14, &[&two_lines, &two_lines]), "{end:?}");
            assert!(!fits(13, &[&two_lines]), "{end:?}");
        }
    }

    #[test]
    fn pieces_may_be_cut_anywhere() {
        assert!(fits(10, &["data: 1234\r", "\n\r\nda", "ta: 1234\r\n", "\r\n"]));
        assert!(!fits(10, &["data:", " 123", "45"]));
    }
}
