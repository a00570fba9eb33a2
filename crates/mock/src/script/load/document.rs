//! One text of a script, read.

use std::path::PathBuf;

use super::finding::Finding;
use super::format::Format;
use super::source::Source;
use crate::script::read::{self, Entry, Node, Span, Value};

/// The key of the rules.
const RULES: &str = "rules";

/// A key by which JSON files tell editors their schema.
const SCHEMA: &str = "$schema";

/// A text and the tree in it.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) source: Source,
    pub(crate) root: Node,
    /// The folder that its relative paths are looked up in.
    pub(crate) folder: Option<PathBuf>,
}

impl Document {
    /// Reads a text; one that cannot be read is an empty script, and is told of.
    pub(super) fn read(source: Source, format: Format, folder: Option<PathBuf>) -> (Self, Option<Finding>) {
        let empty = Node::new(Span::default(), Value::Null);
        let (root, finding) = match read::read(&source.text, format).and_then(with_keys) {
            Ok(root) => (root, None),
            Err(finding) => (empty, Some(finding)),
        };
        (Self { source, root, folder }, finding)
    }

    /// The rules.
    pub(crate) fn rules(&self) -> &[Node] {
        self.root.get(RULES).map(|rules| rules.node.items()).unwrap_or_default()
    }

    /// What is wrong with the list of rules itself.
    pub(super) fn review_rules(&self) -> Option<Finding> {
        let rules = self.root.get(RULES)?;
        match rules.node.value {
            Value::List(_) | Value::Null => None,
            _ => Some(Finding::new("rules must be a list", rules.key.span).help("begin each rule with `-`")),
        }
    }

    /// Everything but the rules.
    pub(super) fn settings(&self) -> impl Iterator<Item = &Entry> {
        self.root.entries().iter().filter(|entry| ![RULES, SCHEMA].contains(&entry.key.text.as_str()))
    }
}

/// Refuses a script that is no map.
fn with_keys(root: Node) -> Result<Node, Finding> {
    match root.value {
        Value::Map(_) | Value::Null => Ok(root),
        Value::List(_) => {
            let span = Span { end: root.span.start, ..root.span };
            Err(Finding::new("a script must be a map of keys and values", span)
                .label("this is a list")
                .help("put the rules under `rules:`"))
        }
        _ => Err(Finding::new("a script must be a map of keys and values", root.span)
            .help("a small one is: {rules: [{reply: Hello}]}")),
    }
}
