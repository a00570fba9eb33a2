//! Is a response whole? As much of HTTP/1.1 as that takes.

use std::io;

use memchr::memmem;

/// The status of the response in `bytes` if all of it is there, `None` if more must come; an error
/// if it does not say where it ends.
pub(crate) fn status_when_whole(bytes: &[u8]) -> io::Result<Option<u16>> {
    let Some(head_bytes) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..head_bytes]).map_err(|_| malformed("head"))?;
    let whole = body_is_whole(head, &bytes[head_bytes + 4..])?;
    Ok(if whole { Some(status(head)?) } else { None })
}

fn status(head: &str) -> io::Result<u16> {
    let digits = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| malformed("status"))
}

fn body_is_whole(head: &str, body: &[u8]) -> io::Result<bool> {
    for (name, value) in head.lines().filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            let length_bytes: usize = value.trim().parse().map_err(|_| malformed("content-length"))?;
            return Ok(body.len() >= length_bytes);
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Ok(body.ends_with(b"\r\n0\r\n\r\n") || body == b"0\r\n\r\n");
        }
    }
    Err(malformed("body length"))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the response has no {what} that can be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every shorter part of `response` must ask for more.
    fn check(response: &str, expected: u16) {
        for length in 0..response.len() {
            assert_eq!(status_when_whole(&response.as_bytes()[..length]).unwrap(), None, "{length}");
        }
        assert_eq!(status_when_whole(response.as_bytes()).unwrap(), Some(expected));
    }

    #[test]
    fn a_counted_body_ends_with_its_length() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200);
        check("HTTP/1.1 503 Busy\r\nx: y\r\ncontent-length:0\r\n\r\n", 503);
    }

    #[test]
    fn a_chunked_body_ends_with_the_last_chunk() {
        check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200);
    }

    #[test]
    fn a_body_without_length_is_an_error() {
        assert!(status_when_whole(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
