//! YAML 1.2, with aliases and `<<`.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};

use super::budget::Budget;
use super::node::{Entry, Key, Node, Span, Value, map};
use super::yaml_scalar::scalar;
use crate::script::load::finding::Finding;

/// A key whose maps are laid under the others.
const MERGE: &str = "<<";

/// The tree of a YAML text.
pub(super) fn read(text: &str) -> Result<Node, Finding> {
    let events = Parser::new_from_str(text);
    Builder { text, events, anchors: HashMap::new(), budget: Budget::default() }.document()
}

struct Builder<'a> {
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    budget: Budget,
}

impl<'a> Builder<'a> {
    fn document(&mut self) -> Result<Node, Finding> {
        let mut document = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if document.is_some() => return Err(second_document(span)),
                Event::DocumentStart(..) => {
                    let (event, span) = self.next()?;
                    document = Some(self.node(event, span, 0)?);
                }
                _ => return Err(Finding::new("this cannot stand outside of the script", span)),
            }
        }
        Ok(document.unwrap_or(Node::new(Span::default(), Value::Null)))
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Finding> {
        match self.events.next() {
            Some(Ok((event, span))) => Ok((event, span.byte_range().unwrap_or_default().into())),
            Some(Err(error)) => Err(self.invalid(&error)),
            None => Ok((Event::StreamEnd, Span::from(self.text.len()..self.text.len()))),
        }
    }

    fn invalid(&self, error: &ScanError) -> Finding {
        let at = error.marker().byte_offset().unwrap_or(self.text.len());
        let finding = Finding::new("this is not valid YAML", (at..at + 1).into()).label(error.info());
        let around = &self.text.as_bytes()[at.saturating_sub(1)..self.text.len().min(at + 1)];
        if around.contains(&b'\t') { finding.help("indent with spaces: YAML takes no tabs") } else { finding }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Finding> {
        self.budget.take(span, depth)?;
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                check(tag.as_deref(), span)?;
                let value = scalar(text, style, tag.as_deref());
                self.anchored(anchor, Node::new(span, value), depth)
            }
            Event::SequenceStart(_, anchor, tag) => {
                check(tag.as_deref(), span)?;
                let node = self.list(span, depth)?;
                self.anchored(anchor, node, depth)
            }
            Event::MappingStart(_, anchor, tag) => {
                check(tag.as_deref(), span)?;
                let node = self.map(span, depth)?;
                self.anchored(anchor, node, depth)
            }
            Event::Alias(anchor) => self.alias(anchor, span, depth),
            _ => Err(Finding::new("a value is missing here", span)),
        }
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<Node, Finding> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Node::new(Span { end: span.end, ..start }, Value::List(items)));
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<Node, Finding> {
        let (mut entries, mut merged) = (Vec::new(), Vec::new());
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                let value = with_merged(map(entries)?, merged)?;
                return Ok(Node::new(Span { end: span.end, ..start }, value));
            }
            let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == MERGE);
            let key = self.key(event, span)?;
            let (event, span) = self.next()?;
            let node = self.node(event, span, depth + 1)?;
            if is_merge { merged.push(node) } else { entries.push(Entry { key, node }) }
        }
    }

    fn key(&mut self, event: Event<'a>, span: Span) -> Result<Key, Finding> {
        let text = match event {
            Event::Scalar(text, _, 0, None) => text.into_owned(),
            Event::Alias(anchor) => match self.anchors.get(&anchor).map(|node| &node.value) {
                Some(Value::Text(text)) => text.clone(),
                _ => return Err(not_a_key(span)),
            },
            _ => return Err(not_a_key(span)),
        };
        Ok(Key { text, span })
    }

    /// Keeps a value that has an anchor, for the aliases of it.
    fn anchored(&mut self, anchor: usize, node: Node, depth: usize) -> Result<Node, Finding> {
        if anchor != 0 {
            let kept = self.copy(&node, depth)?;
            self.anchors.insert(anchor, kept);
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, span: Span, depth: usize) -> Result<Node, Finding> {
        let Some(node) = self.anchors.remove(&anchor) else {
            return Err(Finding::new("this alias stands inside of what it repeats", span));
        };
        let copy = self.copy(&node, depth);
        self.anchors.insert(anchor, node);
        copy
    }

    /// The same value once more, as far as that is allowed.
    fn copy(&mut self, node: &Node, depth: usize) -> Result<Node, Finding> {
        self.budget.take(node.span, depth)?;
        let value = match &node.value {
            Value::List(items) => {
                let items = items.iter().map(|item| self.copy(item, depth + 1));
                Value::List(items.collect::<Result<_, Finding>>()?)
            }
            Value::Map(entries) => {
                let entries = entries.iter().map(|Entry { key, node }| {
                    Ok(Entry { key: key.clone(), node: self.copy(node, depth + 1)? })
                });
                Value::Map(entries.collect::<Result<_, Finding>>()?)
            }
            bare => bare.clone(),
        };
        Ok(Node::new(node.span, value))
    }
}

/// A map with the entries of others below its own.
fn with_merged(own: Value, merged: Vec<Node>) -> Result<Value, Finding> {
    let Value::Map(mut entries) = own else { return Ok(own) };
    for node in merged {
        let maps = match node.value {
            Value::List(maps) => maps,
            _ => vec![node],
        };
        for Node { span, value } in maps {
            let Value::Map(more) = value else { return Err(Finding::new("`<<` takes maps only", span)) };
            let is_new =
                |entry: &Entry, entries: &[Entry]| entries.iter().all(|own| own.key.text != entry.key.text);
            let more: Vec<Entry> = more.into_iter().filter(|entry| is_new(entry, &entries)).collect();
            entries.extend(more);
        }
    }
    Ok(Value::Map(entries))
}

/// Tags change what a value is; only those that YAML itself defines are understood.
fn check(tag: Option<&Tag>, span: Span) -> Result<(), Finding> {
    match tag {
        Some(tag) if tag.core_suffix().is_none() => {
            Err(Finding::new(format!("the tag {} is not known", tag.original()), span).help("leave it out"))
        }
        _ => Ok(()),
    }
}

fn not_a_key(span: Span) -> Finding {
    Finding::new("a key must be a text", span)
}

fn second_document(span: Span) -> Finding {
    Finding::new("a script is one document; here begins a second", span)
        .help("put all rules under one `rules:`")
}

#[cfg(test)]
mod tests;
