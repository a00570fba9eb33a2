//! A script before it has types: a tree of values, each knowing where it stands.

use std::collections::HashMap;
use std::ops::Range;

use crate::script::load::finding::Finding;

/// Maps of fewer keys are searched faster than hashed.
const FEW: usize = 8;

/// The bytes of a file that something takes up; no script is larger than 4 GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: offset(range.start), end: offset(range.end) }
    }
}

impl Span {
    /// The same as a range.
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// A value that has no type yet but the one it was written in.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Keys and values, in the order of the file.
    Map(Vec<Entry>),
    List(Vec<Node>),
    Text(String),
    Integer(i64),
    /// A whole number beyond the others.
    Large(u64),
    Float(f64),
    Boolean(bool),
    /// Nothing: `null`, or a key without a value.
    Null,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) node: Node,
}

/// A key and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) span: Span,
}

impl Node {
    pub(crate) fn new(span: Span, value: Value) -> Self {
        Self { span, value }
    }

    /// The value of a key, if this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key.text == key)
    }

    /// The entries; none where this is no map.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items; none where this is no list.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }
}

/// A map of these entries.
///
/// # Errors
/// When a key is there twice.
pub(super) fn map(entries: Vec<Entry>) -> Result<Value, Finding> {
    match repeated(&entries) {
        None => Ok(Value::Map(entries)),
        Some((first, second)) => {
            let message = format!("the key '{}' is set twice", second.text);
            Err(Finding::new(message, second.span)
                .label("set again here")
                .also("it is set before at", first.span))
        }
    }
}

/// The first key that is there twice, both times.
fn repeated(entries: &[Entry]) -> Option<(&Key, &Key)> {
    if entries.len() <= FEW {
        let first = |at: usize| entries[..at].iter().find(|entry| entry.key.text == entries[at].key.text);
        return (1..entries.len()).find_map(|at| Some((&first(at)?.key, &entries[at].key)));
    }
    let mut seen = HashMap::with_capacity(entries.len());
    entries.iter().find_map(|Entry { key, .. }| Some((seen.insert(key.text.as_str(), key)?, key)))
}
