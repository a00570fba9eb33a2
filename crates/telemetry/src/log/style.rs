//! What a look of log lines decides.

use std::fmt;

use tracing::Level;

use super::fields::{EventFields, Origin};
use super::function::last_segment;
use super::layout::{Key, Layout};
use crate::scope::RequestScope;

/// A look of log lines. Values are written into it as they are visited; the line is put together
/// when all are known.
pub(super) trait Style {
    /// Writes text so that it cannot end its value or its line.
    fn escape(&self, out: &mut Vec<u8>, text: &str);

    /// Writes what stands between the value before and this one's value, which is no text.
    fn key(&self, out: &mut Vec<u8>, key: &Key, underscores: usize);

    /// Writes a text with its key around what `write` puts in, which is escaped already.
    fn text(&self, out: &mut Vec<u8>, key: &Key, underscores: usize, write: impl FnOnce(&mut Vec<u8>));

    /// Puts the line together, its end included.
    fn compose(&self, out: &mut Vec<u8>, head: &Head<'_>, fields: &EventFields, scope: Option<&RequestScope>);
}

/// What is known of every event.
#[derive(Debug)]
pub(super) struct Head<'a> {
    /// RFC 3339 with microseconds, in UTC: ASCII.
    pub(super) timestamp: &'a [u8],
    pub(super) layout: &'a Layout,
    pub(super) origin: &'a Origin,
}

impl<'a> Head<'a> {
    pub(super) fn level(&self) -> Level {
        *self.layout.metadata.level()
    }

    /// The module, where the event says it comes from another than it is written in.
    pub(super) fn other_module(&self) -> Option<&'a str> {
        non_empty(&self.origin.module)
    }

    pub(super) fn module(&self) -> &'a str {
        let metadata = self.layout.metadata;
        self.other_module().or(metadata.module_path()).unwrap_or(metadata.target())
    }

    pub(super) fn function(&self) -> &'a str {
        non_empty(&self.origin.function).unwrap_or_else(|| last_segment(self.module()))
    }

    pub(super) fn line(&self) -> Option<u64> {
        self.origin.line.or(self.layout.metadata.line().map(u64::from))
    }
}

fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
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
    #[inline]
    fn write<S: Style>(self, style: &S, out: &mut Vec<u8>) {
        if self.len() <= VALUE_LIMIT {
            return style.escape(out, self);
        }
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
