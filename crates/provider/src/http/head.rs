//! The heads of requests and responses in HTTP/1.1 (RFC 9112).

use std::fmt::Write as _;
use std::mem::MaybeUninit;

use ::http::StatusCode;
use bytes::{Buf, BytesMut};
use httparse::{Header, ParserConfig};

use super::fields::{Fields, values};
use super::framing::{Chunk, Framing};

/// A response's head may be this long, and have this many fields.
const MAX_HEAD_BYTES: usize = 64 << 10;
const MAX_FIELDS: usize = 128;

/// The head of a response, and what it says of the body and the connection.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) fields: Fields,
    pub(crate) framing: Framing,
    /// Whether another request may follow on the connection.
    pub(crate) keeps_alive: bool,
}

/// Bytes that are no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not HTTP/1.1")]
pub(crate) struct BadHead;

/// Begins a request's head; the target may come in parts.
pub(crate) fn begin(out: &mut BytesMut, method: &str, target: &[&str]) {
    for part in [&[method, " "], target, &[" HTTP/1.1\r\n"]].into_iter().flatten() {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Adds a field; the value must be one that a header can carry.
pub(crate) fn add_field(out: &mut BytesMut, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}

/// Ends a head with the length of the body that follows.
pub(crate) fn end(out: &mut BytesMut, body_bytes: usize) {
    // Writing into memory that grows cannot fail.
    let _ = write!(out, "content-length: {body_bytes}\r\n\r\n");
}

/// Reads a response's head off the buffer; `None` while it is not whole. Interim responses (1xx)
/// are read over.
pub(crate) fn read(buffer: &mut BytesMut) -> Result<Option<ResponseHead>, BadHead> {
    while !buffer.is_empty() {
        let mut fields = [MaybeUninit::uninit(); MAX_FIELDS];
        let mut response = httparse::Response::new(&mut []);
        let parser = ParserConfig::default();
        let length = match parser.parse_response_with_uninit_headers(&mut response, buffer, &mut fields) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if buffer.len() <= MAX_HEAD_BYTES => return Ok(None),
            _ => return Err(BadHead),
        };
        let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(BadHead)?;
        let is_interim = status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS;
        let head = if is_interim { None } else { Some(interpret(&response, status)?) };
        buffer.advance(length);
        if head.is_some() {
            return Ok(head);
        }
    }
    Ok(None)
}

fn interpret(response: &httparse::Response<'_, '_>, status: StatusCode) -> Result<ResponseHead, BadHead> {
    let framing = framing(response.headers, status)?;
    let is_http_1_1 = response.version == Some(1);
    let says = |what: &str| has_token(response.headers, "connection", what);
    let stays_open = if is_http_1_1 { !says("close") } else { says("keep-alive") };
    let keeps_alive = stays_open && framing != Framing::UntilClose;
    Ok(ResponseHead { status, fields: Fields::read(response.headers), framing, keeps_alive })
}

/// RFC 9112 §6.3. Where both are given the chunks decide.
fn framing(fields: &[Header<'_>], status: StatusCode) -> Result<Framing, BadHead> {
    if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Ok(Framing::Length(0));
    }
    if values(fields, "transfer-encoding").next().is_some() {
        let is_chunked = has_token(fields, "transfer-encoding", "chunked");
        return Ok(if is_chunked { Framing::Chunked(Chunk::Size) } else { Framing::UntilClose });
    }
    let mut lengths = values(fields, "content-length").map(|value| {
        let digits = str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).ok_or(BadHead)
    });
    let Some(first) = lengths.next().transpose()? else { return Ok(Framing::UntilClose) };
    if lengths.any(|other: Result<u64, BadHead>| other != Ok(first)) {
        return Err(BadHead);
    }
    Ok(Framing::Length(first))
}

fn has_token(fields: &[Header<'_>], name: &str, token: &str) -> bool {
    let mut tokens = values(fields, name).flat_map(|value| value.split(|byte| *byte == b','));
    tokens.any(|found| found.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> Result<Option<ResponseHead>, BadHead> {
        read(&mut BytesMut::from(text))
    }

    #[test]
    fn the_framing_follows_the_head() {
        for (fields, framing, keeps_alive) in [
            ("content-length: 5\r\n", Framing::Length(5), true),
            ("content-length: 5\r\ncontent-length: 5\r\n", Framing::Length(5), true),
            ("transfer-encoding: chunked\r\n", Framing::Chunked(Chunk::Size), true),
            (
                "Transfer-Encoding: gzip, Chunked\r\ncontent-length: 5\r\n",
                Framing::Chunked(Chunk::Size),
                true,
            ),
            ("transfer-encoding: gzip\r\n", Framing::UntilClose, false),
            ("", Framing::UntilClose, false),
            ("content-length: 0\r\nconnection: foo, Close\r\n", Framing::Length(0), false),
        ] {
            let head = read_all(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n")).unwrap().unwrap();
            assert_eq!((head.framing, head.keeps_alive), (framing, keeps_alive), "{fields}");
        }
    }

    #[test]
    fn interim_responses_are_read_over() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.0 429 No\r\n\r\nbody";
        let mut buffer = BytesMut::from(text);
        let head = read(&mut buffer).unwrap().unwrap();
        assert_eq!((head.status.as_u16(), head.keeps_alive, &buffer[..]), (429, false, &b"body"[..]));
    }

    #[test]
    fn what_is_not_whole_is_waited_for_and_nonsense_is_not() {
        assert!(read_all("HTTP/1.1 200 OK\r\ncontent-le").unwrap().is_none());
        for text in [
            "<html>",
            "HTTP/2 200\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            &format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(70_000)),
            &format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(200)),
        ] {
            assert_eq!(read_all(text).err(), Some(BadHead), "{}", &text[..text.len().min(40)]);
        }
    }
}
