//! The configuration before it has types: a tree of values, each knowing where it was said.

use std::ops::Range;

use indexmap::IndexMap;
use secrecy::SecretString;

/// Where a key or value was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In the configuration file, at these bytes.
    File(Range<usize>),
    /// In this environment variable.
    Variable(String),
    /// On the command line, by this flag.
    Flag(&'static str),
    /// Nowhere: it is what the catalog knows of this vendor.
    Vendor(&'static str),
}

/// A value, and where its key and itself were said.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) key: Origin,
    pub(crate) origin: Origin,
    pub(crate) value: Value,
}

/// A value that has no type yet but the one it was written in.
///
/// The tree cannot know which of its strings are secrets, so it treats each as one.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A section, its keys in the order of the file.
    Section(Entries),
    /// A list.
    List(Vec<Node>),
    /// A string of the file.
    Quoted(SecretString),
    /// The text of a variable or a flag; whoever reads it decides on its type.
    Plain(SecretString),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// Something that no key takes, by the name of its kind.
    Other(&'static str),
}

/// The keys of a section.
pub(crate) type Entries = IndexMap<String, Node>;

impl Node {
    /// A section without keys.
    pub(crate) fn section(origin: Origin) -> Self {
        Self { key: origin.clone(), origin, value: Value::Section(Entries::new()) }
    }

    /// The text of a variable or flag.
    pub(crate) fn plain(origin: Origin, text: SecretString) -> Self {
        Self { key: origin.clone(), origin, value: Value::Plain(text) }
    }

    /// The keys below this node, if it is a section.
    pub(crate) fn entries(&self) -> Option<&Entries> {
        match &self.value {
            Value::Section(entries) => Some(entries),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub(crate) fn entries_mut(&mut self) -> Option<&mut Entries> {
        match &mut self.value {
            Value::Section(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of this node, if it is a list.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if this is one.
    pub(crate) fn text(&self) -> Option<&SecretString> {
        match &self.value {
            Value::Quoted(text) | Value::Plain(text) => Some(text),
            _ => None,
        }
    }

    /// The node at a path below this one.
    pub(crate) fn get<S: AsRef<str>>(&self, path: &[S]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.entries()?.get(key.as_ref()))
    }

    /// The last node on a path that is there; the root if none is.
    pub(crate) fn nearest<S: AsRef<str>>(&self, path: &[S]) -> &Node {
        let found = (0..=path.len()).rev().find_map(|length| self.get(&path[..length]));
        found.unwrap_or(self)
    }

    /// Puts a node at a path, making sections on the way; says whether that was possible.
    ///
    /// It is not where a value is in the way that is no section.
    pub(crate) fn set<S: AsRef<str>>(&mut self, path: &[S], node: Node) -> bool {
        let Some((last, sections)) = path.split_last() else { return false };
        let origin = node.key.clone();
        let parent = sections.iter().try_fold(self, |parent, key| {
            let entry = parent.entries_mut()?.entry(key.as_ref().to_owned());
            Some(entry.or_insert_with(|| Node::section(origin.clone())))
        });
        let Some(entries) = parent.and_then(Node::entries_mut) else { return false };
        entries.insert(last.as_ref().to_owned(), node);
        true
    }

    /// Takes every key but these out.
    pub(crate) fn keep(&mut self, keys: &[&str]) {
        if let Some(entries) = self.entries_mut() {
            entries.retain(|key, _| keys.contains(&key.as_str()));
        }
    }

    /// Takes the node at a path out.
    pub(crate) fn remove<S: AsRef<str>>(&mut self, path: &[S]) {
        let Some((last, sections)) = path.split_last() else { return };
        let parent =
            sections.iter().try_fold(self, |parent, key| parent.entries_mut()?.get_mut(key.as_ref()));
        if let Some(entries) = parent.and_then(Node::entries_mut) {
            entries.shift_remove(last.as_ref());
        }
    }
}

/// Whether the value at this path is a credential.
pub(crate) fn is_secret<S: AsRef<str>>(path: &[S]) -> bool {
    let last = path.last().map(AsRef::as_ref);
    let within = path.len().checked_sub(2).and_then(|at| path.get(at)).map(AsRef::as_ref);
    let is_environment = path.first().map(AsRef::as_ref) == Some("mcp") && within == Some("env");
    let is_redis = path.first().map(AsRef::as_ref) == Some("redis") && last == Some("url");
    is_redis
        || matches!(last, Some("api_key" | "api_keys" | "database_url" | "headers"))
        || within == Some("headers")
        || is_environment
}
