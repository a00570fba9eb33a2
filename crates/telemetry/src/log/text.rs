//! The look for people: one short line, and an exception below it.

use tracing::Level;

use super::fields::EventFields;
use super::json::level_name;
use super::layout::Key;
use super::number::push_unsigned;
use super::style::{Head, Style};
use crate::scope::RequestScope;

const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

/// `17:09:01.123  INFO Listening address=127.0.0.1:8000`, with colours or without.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextStyle {
    pub(super) color: bool,
}

impl Style for TextStyle {
    /// Control characters are shown, not obeyed: text from outside must not move the cursor.
    fn escape(&self, out: &mut Vec<u8>, text: &str) {
        let mut utf8 = [0; 4];
        for character in text.chars() {
            if character.is_control() {
                out.extend(character.escape_default().map(|ascii| ascii as u8));
            } else {
                out.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
            }
        }
    }

    fn key(&self, out: &mut Vec<u8>, key: &Key, underscores: usize) {
        self.name(out, key.name, underscores);
    }

    fn text(&self, out: &mut Vec<u8>, key: &Key, underscores: usize, write: impl FnOnce(&mut Vec<u8>)) {
        self.name(out, key.name, underscores);
        push_value(out, write);
    }

    fn compose(
        &self,
        out: &mut Vec<u8>,
        head: &Head<'_>,
        fields: &EventFields,
        scope: Option<&RequestScope>,
    ) {
        self.paint(out, DIM, |out| out.extend_from_slice(clock_time(head.timestamp)));
        out.push(b' ');
        let level = level_name(head.level());
        out.extend(std::iter::repeat_n(b' ', "ERROR".len() - level.len()));
        self.paint(out, color_of(head.level()), |out| out.extend_from_slice(level.as_bytes()));
        out.push(b' ');
        out.extend_from_slice(&fields.message);
        out.extend_from_slice(&fields.own);
        if let Some(scope) = scope.filter(|_| !fields.names("request_id")) {
            self.name(out, "request_id", 0);
            push_value(out, |out| self.escape(out, &scope.request_id));
        }
        self.push_origin(out, head);
        out.push(b'\n');
        push_exception(out, &fields.exception);
    }
}

impl TextStyle {
    fn name(&self, out: &mut Vec<u8>, name: &str, underscores: usize) {
        out.push(b' ');
        self.paint(out, DIM, |out| {
            out.extend_from_slice(name.as_bytes());
            out.extend(std::iter::repeat_n(b'_', underscores));
            out.push(b'=');
        });
    }

    /// Where the line was written: of interest only when something is wrong or looked into.
    fn push_origin(&self, out: &mut Vec<u8>, head: &Head<'_>) {
        if head.level() == Level::INFO {
            return;
        }
        out.push(b' ');
        self.paint(out, DIM, |out| {
            out.push(b'(');
            self.escape(out, head.module());
            if let Some(line) = head.line() {
                out.push(b':');
                push_unsigned(out, line);
            }
            out.push(b')');
        });
    }

    fn paint(&self, out: &mut Vec<u8>, color: &str, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.color {
            return write(out);
        }
        out.extend_from_slice(color.as_bytes());
        write(out);
        out.extend_from_slice(RESET.as_bytes());
    }
}

/// A value, in quotes where it would not be seen as one without.
fn push_value(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    let bare = !out[start..].is_empty() && !out[start..].iter().any(|byte| b" \"=".contains(byte));
    if bare {
        return;
    }
    let written = out.split_off(start);
    out.push(b'"');
    for byte in written {
        if byte == b'"' {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Below its line, indented, so that no text from outside looks like a line of its own.
fn push_exception(out: &mut Vec<u8>, exception: &[u8]) {
    if exception.is_empty() {
        return;
    }
    for line in String::from_utf8_lossy(exception).split("\\n") {
        out.extend_from_slice(b"    ");
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
}

/// `2026-11-22T17:09:01.123456+00:00` → `17:09:01.123`.
fn clock_time(timestamp: &[u8]) -> &[u8] {
    timestamp.get(11..23).unwrap_or(timestamp)
}

fn color_of(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    }
}
