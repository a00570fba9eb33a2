//! What holds for all rules, gathered from all files: each key may be set in one of them.

use std::collections::HashMap;

use super::Found;
use super::document::Document;
use super::finding::Finding;
use super::pointer::complain;
use crate::script::decode::decode;
use crate::script::read::{Entry, Node, Span, Value};
use crate::script::{Script, review};

/// What the whole is called.
const SUBJECT: &str = "the script";

/// The script without its rules; what is wrong with it is added to `found`.
pub(super) fn gather(documents: &[Document], found: &mut Vec<Found>) -> Script {
    let before = found.len();
    for (number, document) in documents.iter().enumerate() {
        let findings = findings(&map(document.settings().cloned().collect()));
        found.extend(findings.into_iter().map(|finding| (number, finding)));
    }
    let entries = unique(documents, found);
    if found.len() > before {
        return Script::default();
    }
    decode(&map(entries), SUBJECT).unwrap_or_default()
}

fn map(entries: Vec<Entry>) -> Node {
    Node::new(Span::default(), Value::Map(entries))
}

/// What is wrong with the settings of one file.
fn findings(settings: &Node) -> Vec<Finding> {
    match decode::<Script>(settings, SUBJECT) {
        Ok(script) => {
            let complaints = review::settings(&script);
            complaints.into_iter().map(|complaint| complain(settings, complaint, SUBJECT)).collect()
        }
        Err(findings) => findings,
    }
}

/// The settings of all files; a key that is set in two is told of.
fn unique(documents: &[Document], found: &mut Vec<Found>) -> Vec<Entry> {
    let mut first: HashMap<&str, (&Document, &Entry)> = HashMap::new();
    for (number, document) in documents.iter().enumerate() {
        for entry in document.settings() {
            match first.get(entry.key.text.as_str()) {
                Some((home, other)) => found.push((number, set_twice(entry, home, other))),
                None => drop(first.insert(&entry.key.text, (document, entry))),
            }
        }
    }
    first.into_values().map(|(_, entry)| entry.clone()).collect()
}

fn set_twice(entry: &Entry, home: &Document, other: &Entry) -> Finding {
    let place = home.source.place(other.key.span.start);
    Finding::new(format!("'{}' is set in two files", entry.key.text), entry.key.span)
        .help(format!("it is also set at {place}: keep one of the two"))
}
