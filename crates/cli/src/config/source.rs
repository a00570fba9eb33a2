//! The text of a configuration file, to be quoted from.

use std::fmt;
use std::ops::Range;

/// A configuration file as it was read.
pub(crate) struct Source {
    /// The path, as it was given.
    pub(crate) name: String,
    /// The text; it may hold secrets.
    pub(crate) text: String,
}

impl fmt::Debug for Source {
    /// Names the file only: its text may hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Source({})", self.name)
    }
}

impl Source {
    /// The line that a byte is on, counted from 1, and that line's range.
    pub(crate) fn line_at(&self, byte: usize) -> (usize, Range<usize>) {
        let byte = self.text.floor_char_boundary(byte);
        let (before, after) = self.text.split_at(byte);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = after.find('\n').map_or(self.text.len(), |at| byte + at);
        (before.matches('\n').count() + 1, start..end)
    }
}
