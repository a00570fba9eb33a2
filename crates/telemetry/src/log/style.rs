//! What a look of log lines decides.

use std::fmt;

use tracing::Level;

use super::fields::EventFields;
use crate::scope::RequestScope;

/// A look of log lines. Values are written into it as they are visited; the line is put together
/// when all are known.
pub(super) trait Style {
    /// Writes text so that it cannot end its value or its line.
    fn escape(&self, out: &mut Vec<u8>, text: &str);

    /// Writes what stands between the value before and this one's value.
    fn key(&self, out: &mut Vec<u8>, name: &str, underscores: usize);

    /// Writes a text value around what `write` puts in, which is escaped already.
    fn value(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>));

    /// Puts the line together, its end included.
    fn compose(&self, out: &mut Vec<u8>, head: &Head<'_>, fields: &EventFields, scope: Option<&RequestScope>);
}

/// What is known of every event.
#[derive(Debug)]
pub(super) struct Head<'a> {
    /// RFC 3339 with microseconds, in UTC.
    pub(super) timestamp: &'a str,
    pub(super) level: Level,
    pub(super) logger: &'a str,
    pub(super) module: &'a str,
    pub(super) function: &'a str,
    pub(super) line: Option<u64>,
}

/// The longest value a line takes, in bytes before escaping.
const VALUE_LIMIT: usize = 16 * 1024;

/// What can be a value's text.
pub(super) trait Text: Copy {
    /// Writes it, escaped, and cut off where it is too long.
    fn write<S: Style>(self, style: &S, out: &mut Vec<u8>);

    /// It as a string.
    fn append_to(self, string: &mut String);
}

impl Text for &str {
    fn write<S: Style>(self, style: &S, out: &mut Vec<u8>) {
        Escaping { style, out, left: VALUE_LIMIT, cut: false }.push(self);
    }

    fn append_to(self, string: &mut String) {
        string.push_str(self);
    }
}

impl Text for fmt::Arguments<'_> {
    fn write<S: Style>(self, style: &S, out: &mut Vec<u8>) {
        // The writer takes all it is given. A value that fails to show itself stays as it is so far.
        let _ = fmt::write(&mut Escaping { style, out, left: VALUE_LIMIT, cut: false }, self);
    }

    fn append_to(self, string: &mut String) {
        let _ = fmt::write(string, self);
    }
}

/// Writes into a line, escaping on the way and stopping at a bound.
struct Escaping<'a, S> {
    style: &'a S,
    out: &'a mut Vec<u8>,
    left: usize,
    cut: bool,
}

impl<S: Style> Escaping<'_, S> {
    fn push(&mut self, text: &str) {
        if self.cut {
            return;
        }
        let kept = &text[..text.floor_char_boundary(self.left)];
        self.style.escape(self.out, kept);
        self.left -= kept.len();
        if kept.len() < text.len() {
            self.cut = true;
            self.out.extend_from_slice("…".as_bytes());
        }
    }
}

impl<S: Style> fmt::Write for Escaping<'_, S> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}
