//! Where lines and frames end. A line ends in LF, CR or CRLF; a frame ends behind an empty line.

use std::ops::Range;

use memchr::{memchr2, memrchr2};

/// Just behind the first empty line.
pub(crate) fn first_frame_end(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    loop {
        let (line, next) = split_line(bytes, start)?;
        // An empty line at the very start ends a frame of nothing.
        if line.is_empty() {
            return Some(next);
        }
        start = next;
    }
}

/// Just behind the last empty line that follows another line's end.
pub(crate) fn last_frame_end(bytes: &[u8]) -> Option<usize> {
    let mut before = bytes.len();
    while let Some(at) = memrchr2(b'\n', b'\r', &bytes[..before]) {
        let line_end = terminator_start(bytes, at);
        if line_end > 0 && is_terminator(bytes[line_end - 1]) {
            return Some(at + 1);
        }
        before = line_end;
    }
    None
}

/// The frame around a position, its empty line included.
pub(crate) fn frame_around(bytes: &[u8], at: usize) -> Range<usize> {
    let start = last_frame_end(&bytes[..at]).unwrap_or(0);
    let end = first_frame_end(&bytes[at..]).map_or(bytes.len(), |length| at + length);
    start..end
}

/// The frames around positions that come in order, each frame once.
pub(crate) fn frames_around(
    bytes: &[u8],
    places: impl Iterator<Item = usize>,
) -> impl Iterator<Item = Range<usize>> {
    let mut seen_until = 0;
    places.filter_map(move |at| {
        if at < seen_until {
            return None;
        }
        let frame = frame_around(bytes, at);
        seen_until = frame.end;
        Some(frame)
    })
}

/// The complete lines, without their ends.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let (line, next) = split_line(bytes, start)?;
        start = next;
        Some(line)
    })
}

/// How many bytes have come since the last line ended; `None` if no line ends in there.
pub(crate) fn unfinished_line_length(bytes: &[u8]) -> Option<usize> {
    memrchr2(b'\n', b'\r', bytes).map(|at| bytes.len() - at - 1)
}

/// The first line, without its end, and what follows that; a line that ends in CR alone is not looked for.
pub(crate) fn split_line_end(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = memchr2(b'\n', b'\r', bytes)?;
    let rest = &bytes[length..];
    let rest = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n"))?;
    Some((&bytes[..length], rest))
}

fn split_line(bytes: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let rest = &bytes[start..];
    let length = memchr2(b'\n', b'\r', rest)?;
    let is_crlf = rest[length] == b'\r' && rest.get(length + 1) == Some(&b'\n');
    Some((&rest[..length], start + length + if is_crlf { 2 } else { 1 }))
}

fn terminator_start(bytes: &[u8], at: usize) -> usize {
    let is_crlf = bytes[at] == b'\n' && at > 0 && bytes[at - 1] == b'\r';
    if is_crlf { at - 1 } else { at }
}

fn is_terminator(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_ends_behind_an_empty_line_whatever_ends_its_lines() {
        for frame in ["a\n\n", "a\r\n\r\n", "a\r\r", "a\n\r\n", "a\r\n\n", "a\r\n\r"] {
            let bytes = format!("{frame}rest");
            assert_eq!(last_frame_end(bytes.as_bytes()), Some(frame.len()), "{frame:?}");
            assert_eq!(first_frame_end(bytes.as_bytes()), Some(frame.len()), "{frame:?}");
        }
    }

    #[test]
    fn lines_alone_end_no_frame() {
        for bytes in ["", "a", "a\n", "a\r\n", "a\r", "a\nb\r\nc\r", "\r\n", "\n"] {
            assert_eq!(last_frame_end(bytes.as_bytes()), None, "{bytes:?}");
        }
    }

    #[test]
    fn the_frame_around_a_position_is_found() {
        let bytes = b"one\n\ntwo\r\n\r\nthree\n\n";
        assert_eq!(&bytes[frame_around(bytes, 1)], b"one\n\n");
        assert_eq!(&bytes[frame_around(bytes, 6)], b"two\r\n\r\n");
        assert_eq!(&bytes[frame_around(bytes, 14)], b"three\n\n");
    }
}
