//! The place that a field's path points at.

use super::finding::Finding;
use crate::script::read::{Entry, Node, Span, Value};
use crate::script::review::{Complaint, Part};

/// The key of a sequence's replies where it is written as a map.
const REPLIES: &str = "replies";

/// As much of a path as is there.
#[derive(Debug)]
pub(super) struct Pointed {
    /// That part of the path; empty where nothing of it is there.
    pub(super) name: String,
    /// The value, or its key where the value is more than a line.
    pub(super) span: Span,
    /// The key, if it has one.
    key: Option<Span>,
}

/// Follows a path such as `when.header.x-team.is` or `sequence.replies[1].text` into a value.
///
/// Where the file has a short form the path goes on below it; then the short form is meant.
pub(super) fn point(node: &Node, path: &str) -> Pointed {
    let mut pointed = Pointed { name: String::new(), span: beginning(node.span), key: None };
    let (mut node, mut rest) = (node, path);
    while let Some((step, after)) = next_step(node, rest) {
        node = match step {
            Step::Item(index, item) => pointed.enter_item(index, item),
            Step::Entry(entry) => pointed.enter_entry(entry),
            Step::None => node,
        };
        rest = after;
    }
    pointed
}

/// Where a part of a path leads.
enum Step<'a> {
    Item(usize, &'a Node),
    Entry(&'a Entry),
    /// Nowhere: the file leaves it out.
    None,
}

/// The first step of a path, if it leads anywhere, and what comes after it.
fn next_step<'a, 'p>(node: &'a Node, path: &'p str) -> Option<(Step<'a>, &'p str)> {
    if let Some((index, after)) = leading_index(path) {
        // A list may stand below a key that the path does not name.
        let list = node.get(REPLIES).map_or(node, |entry| &entry.node);
        return Some((Step::Item(index, list.items().get(index)?), after));
    }
    if let Some((entry, after)) = leading_key(node, path) {
        return Some((Step::Entry(entry), after));
    }
    let after = path.strip_prefix(REPLIES).filter(|_| !node.items().is_empty())?;
    Some((Step::None, after))
}

impl Pointed {
    fn enter_item<'a>(&mut self, index: usize, item: &'a Node) -> &'a Node {
        self.name.push_str(&format!("[{index}]"));
        self.span = if is_long(item) { beginning(item.span) } else { item.span };
        self.key = None;
        item
    }

    fn enter_entry<'a>(&mut self, Entry { key, node }: &'a Entry) -> &'a Node {
        let dot = if self.name.is_empty() { "" } else { "." };
        self.name.push_str(&format!("{dot}{}", key.text));
        self.span = if is_long(node) { key.span } else { node.span };
        self.key = Some(key.span);
        node
    }
}

/// A complaint about a field of this value; `subject` is what the whole value is called.
pub(super) fn complain(node: &Node, complaint: Complaint, subject: &str) -> Finding {
    let pointed = point(node, &complaint.field);
    let name = if pointed.name.is_empty() { subject } else { &pointed.name };
    let span = match complaint.part {
        Part::Key => pointed.key.unwrap_or(pointed.span),
        Part::Value => pointed.span,
    };
    Finding::new(format!("{name} {}", complaint.message), span).help(complaint.help)
}

/// The index at the beginning of a path (`[1]`, or `1` between dots), and what comes after it.
fn leading_index(path: &str) -> Option<(usize, &str)> {
    let (index, after) = match path.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => path.split_once(['.', '[']).map_or((path, ""), |(index, _)| (index, &path[index.len()..])),
    };
    Some((index.parse().ok()?, after.strip_prefix('.').unwrap_or(after)))
}

/// The entry whose key the path begins with, the longest such, and what comes after it.
fn leading_key<'a, 'p>(node: &'a Node, path: &'p str) -> Option<(&'a Entry, &'p str)> {
    let after = |entry: &Entry| {
        let after = path.strip_prefix(entry.key.text.as_str())?;
        if after.is_empty() || after.starts_with('[') { Some(after) } else { after.strip_prefix('.') }
    };
    let begun = node.entries().iter().filter_map(|entry| Some((entry, after(entry)?)));
    begun.max_by_key(|(entry, _)| entry.key.text.len())
}

fn is_long(node: &Node) -> bool {
    matches!(node.value, Value::Map(_) | Value::List(_) | Value::Null)
}

/// The first byte, where marking all would mark whatever else is on that line.
fn beginning(span: Span) -> Span {
    Span { end: span.start, ..span }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Format;
    use crate::script::read::read;

    const TEXT: &str = "\
when: {user: hi, header: {x.y: a}, json: {'$.a[0].b': 1}}
sequence: [one, {text: two}]
full: {replies: [one]}
";

    #[test]
    fn paths_lead_to_their_values() {
        let root = read(TEXT, Format::Yaml).unwrap();
        let cases = [
            ("when.user", "when.user", "hi"),
            ("when.user.matches", "when.user", "hi"),
            ("when.header.x.y.is", "when.header.x.y", "a"),
            ("when.json.$.a[0].b", "when.json.$.a[0].b", "1"),
            ("when.header", "when.header", "header"),
            ("sequence[0]", "sequence[0]", "one"),
            ("sequence.replies[1].text", "sequence[1].text", "two"),
            ("sequence.1.text", "sequence[1].text", "two"),
            ("full.replies[0].text", "full.replies[0]", "one"),
            ("full[0]", "full[0]", "one"),
            ("nowhere.at.all", "", ""),
            ("sequence[9]", "sequence", "sequence"),
            ("", "", ""),
        ];
        for (path, name, marked) in cases {
            let pointed = point(&root, path);
            assert_eq!((pointed.name.as_str(), &TEXT[pointed.span.range()]), (name, marked), "{path}");
        }
    }
}
