//! One frame: what it says, read from bytes or written to them.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};
use memchr::{memchr, memchr2};

use super::{BYTE_ORDER_MARK, lines};

/// A frame that carries data.
///
/// ```
/// use playhouse_wire::sse::Frame;
///
/// let frame = Frame::new("{}").named("done").with_id("7");
/// assert_eq!(frame.to_bytes(), "event: done\nid: 7\ndata: {}\n\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The event's name, where it has one.
    pub event: Option<&'a str>,
    /// The event's id, where it has one.
    pub id: Option<&'a str>,
    /// The data; borrowed where it stands on one line.
    pub data: Cow<'a, [u8]>,
}

impl<'a> Frame<'a> {
    /// A frame of data alone.
    pub fn new(data: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self { event: None, id: None, data: Cow::Borrowed(data.as_ref()) }
    }

    /// The same frame with an event name.
    #[must_use]
    pub fn named(self, event: &'a str) -> Self {
        Self { event: Some(event), ..self }
    }

    /// The same frame with an id.
    #[must_use]
    pub fn with_id(self, id: &'a str) -> Self {
        Self { id: Some(id), ..self }
    }

    /// Reads one frame's lines; `None` where there is no data among them, as in a comment.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        match Self::read_usual(bytes) {
            Some((frame, [])) => Some(frame),
            _ => Self::read_lines(bytes),
        }
    }

    /// Reads a frame at the start of these bytes that is written as nearly all are, and says what follows it: a
    /// line of data, its name before it if it has one, and the empty line.
    fn read_usual(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (event, rest) = match bytes.strip_prefix(b"event: ") {
            Some(named) => {
                lines::split_line_end(named).map(|(name, rest)| (std::str::from_utf8(name).ok(), rest))?
            }
            None => (None, bytes),
        };
        let (data, rest) = lines::split_line_end(rest.strip_prefix(b"data: ")?)?;
        let rest = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n"))?;
        Some((Self { event, id: None, data: Cow::Borrowed(data) }, rest))
    }

    fn read_lines(bytes: &'a [u8]) -> Option<Self> {
        let mut frame = Self::default();
        let mut has_data = false;
        for line in lines::lines(bytes) {
            let (name, value) = split_field(line);
            match name {
                b"data" => {
                    frame.append_data(value, has_data);
                    has_data = true;
                }
                b"event" => frame.event = std::str::from_utf8(value).ok(),
                b"id" => frame.id = std::str::from_utf8(value).ok(),
                _ => {}
            }
        }
        has_data.then_some(frame)
    }

    /// The data as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.data)
    }

    /// The frame's bytes.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(self.data.len() + 32);
        self.write_to(&mut out);
        out.freeze()
    }

    /// Appends the frame's bytes.
    pub fn write_to(&self, out: &mut BytesMut) {
        self.event.into_iter().for_each(|event| write_field(out, "event", first_line(event.as_bytes())));
        self.id.into_iter().for_each(|id| write_field(out, "id", first_line(id.as_bytes())));
        let mut rest = &self.data[..];
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            write_field(out, "data", &rest[..end]);
            let is_crlf = rest[end..].starts_with(b"\r\n");
            rest = &rest[end + if is_crlf { 2 } else { 1 }..];
        }
        write_field(out, "data", rest);
        out.put_u8(b'\n');
    }

    fn append_data(&mut self, line: &'a [u8], joined: bool) {
        if joined {
            let data = self.data.to_mut();
            data.push(b'\n');
            data.extend_from_slice(line);
        } else {
            self.data = Cow::Borrowed(line);
        }
    }
}

/// The frames with data among complete frames, in order; what follows the last empty line is
/// not looked at.
pub fn frames(bytes: &[u8]) -> Frames<'_> {
    Frames { rest: bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes) }
}

/// The iterator [`frames`] returns.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    rest: &'a [u8],
}

impl<'a> Frames<'a> {
    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Leaves out frames of so many bytes.
    pub(crate) fn skip_bytes(&mut self, count: usize) {
        self.rest = &self.rest[count.min(self.rest.len())..];
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        loop {
            if let Some((frame, rest)) = Frame::read_usual(self.rest) {
                self.rest = rest;
                return Some(frame);
            }
            let end = lines::first_frame_end(self.rest)?;
            let (frame, rest) = self.rest.split_at(end);
            self.rest = rest;
            if let Some(frame) = Frame::read_lines(frame) {
                return Some(frame);
            }
        }
    }
}

/// A comment, which readers skip and which keeps a silent connection open.
pub fn comment(text: &str) -> Bytes {
    let mut out = BytesMut::with_capacity(text.len() + 4);
    out.put_slice(b": ");
    out.put_slice(first_line(text.as_bytes()));
    out.put_slice(b"\n\n");
    out.freeze()
}

/// A field's name and value; a comment has an empty name.
pub(crate) fn split_field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = memchr(b':', line) else { return (line, b"") };
    let value = &line[colon + 1..];
    (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
}

fn write_field(out: &mut BytesMut, name: &str, value: &[u8]) {
    out.put_slice(name.as_bytes());
    out.put_slice(b": ");
    out.put_slice(value);
    out.put_u8(b'\n');
}

/// Names, ids and comments have one line; a second one would read as another field.
fn first_line(text: &[u8]) -> &[u8] {
    memchr2(b'\n', b'\r', text).map_or(text, |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data_of(stream: &str) -> Vec<String> {
        frames(stream.as_bytes()).map(|frame| frame.text().into_owned()).collect()
    }

    #[test]
    fn fields_are_read_as_the_standard_says() {
        assert_eq!(data_of("\u{FEFF}data: a\n\n"), ["a"]);
        assert_eq!(data_of("data:a\ndata:  b\ndata\n\n"), ["a\n b\n"]);
        assert_eq!(data_of(": comment\n\nevent: lonely\n\nretry: 5\n\n"), [""; 0]);
        assert_eq!(data_of("data: whole\n\ndata: cut\n"), ["whole"]);
        assert_eq!(data_of("dat: x\ndata: y\rdata : z\r\r"), ["y"]);
    }

    #[test]
    fn the_usual_way_reads_as_any_other() {
        let ends = ["\n", "\r\n", "\r"];
        let lines = [
            "event: step",
            "event:  x",
            "event: \u{e9}",
            "data: {}",
            "data:{}",
            "data:  ",
            "data: ",
            ": c",
            "",
        ];
        for (first, second, end) in lines
            .iter()
            .flat_map(|first| lines.iter().flat_map(move |second| ends.map(|end| (first, second, end))))
        {
            let frame = format!("{first}{end}{second}{end}{end}");
            let (frame, rest) = frame.as_bytes().split_at(lines::first_frame_end(frame.as_bytes()).unwrap());
            let bytes = [frame, rest].concat();
            if let Some((usual, follows)) = Frame::read_usual(&bytes) {
                assert_eq!((Some(usual), follows), (Frame::read_lines(frame), rest), "{frame:?}");
            }
            assert_eq!(Frame::read(frame), Frame::read_lines(frame), "{frame:?}");
        }
        assert!(Frame::read_usual(b"event: step\r\ndata: {}\r\n\r\ndata: next\n\n").is_some());
        assert!(Frame::read_usual(b"data: {}\n\n").is_some());
    }

    #[test]
    fn one_line_of_data_is_borrowed_and_names_are_kept() {
        let frame = frames(b"id: 3\nevent: step\ndata: {}\n\n").next().unwrap();
        assert_eq!((frame.event, frame.id), (Some("step"), Some("3")));
        assert!(matches!(frame.data, Cow::Borrowed(b"{}")));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let written = Frame::new("one\ntwo\r\nthree\rfour\n").named("x\ny").with_id("1").to_bytes();
        let read = frames(&written).next().unwrap();
        assert_eq!((read.event, read.id), (Some("x"), Some("1")));
        assert_eq!(read.text(), "one\ntwo\nthree\nfour\n");
        assert_eq!(comment("keep-alive"), ": keep-alive\n\n");
    }
}
