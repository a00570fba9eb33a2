//! JSON.
//!
//! What is read is first cut into raw values, which are parts of the text itself, so that the place
//! of each is known by where it lies.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Number;
use serde_json::value::RawValue;

use super::budget::Budget;
use super::node::{Entry, Key, Node, Span, Value, map};
use crate::script::load::finding::Finding;
use crate::script::load::source::offset_of;

/// The tree of a JSON text.
pub(super) fn read(text: &str) -> Result<Node, Finding> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
        // The column counts bytes, and is that of the last one read.
        let at = offset_of(text, error.line(), error.column().saturating_sub(1));
        let finding = invalid(&error, (at..at + 1).into());
        let before = text.get(..at).unwrap_or_default().trim_end();
        if before.ends_with(',') { finding.help("JSON takes no comma after the last item") } else { finding }
    })?;
    Reader { text, budget: Budget::default() }.node(raw, 0)
}

fn invalid(error: &serde_json::Error, span: Span) -> Finding {
    let told = error.to_string();
    let reason = told.split(" at line ").next().unwrap_or_default();
    Finding::new("this is not valid JSON", span).label(reason)
}

struct Reader<'a> {
    text: &'a str,
    budget: Budget,
}

impl<'a> Reader<'a> {
    fn node(&mut self, raw: &'a RawValue, depth: usize) -> Result<Node, Finding> {
        let span = self.span(raw);
        self.budget.take(span, depth)?;
        let value = match raw.get().as_bytes().first() {
            Some(b'{') => self.map(raw, depth)?,
            Some(b'[') => self.list(raw, depth)?,
            Some(b'"') => Value::Text(parsed(raw, span)?),
            Some(b't') => Value::Boolean(true),
            Some(b'f') => Value::Boolean(false),
            Some(b'n') | None => Value::Null,
            Some(_) => number(&parsed(raw, span)?),
        };
        Ok(Node::new(span, value))
    }

    fn map(&mut self, raw: &'a RawValue, depth: usize) -> Result<Value, Finding> {
        let Entries(pairs) = parsed(raw, self.span(raw))?;
        let entries = pairs.into_iter().map(|(key, value)| {
            let span = self.span(key);
            let key = Key { text: parsed(key, span)?, span };
            Ok(Entry { key, node: self.node(value, depth + 1)? })
        });
        map(entries.collect::<Result<_, Finding>>()?)
    }

    fn list(&mut self, raw: &'a RawValue, depth: usize) -> Result<Value, Finding> {
        let items: Vec<&RawValue> = parsed(raw, self.span(raw))?;
        let nodes = items.into_iter().map(|item| self.node(item, depth + 1));
        Ok(Value::List(nodes.collect::<Result<_, Finding>>()?))
    }

    /// Where a part of the text lies in it.
    fn span(&self, part: &RawValue) -> Span {
        let start = (part.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        (start..start + part.get().len()).into()
    }
}

fn parsed<'a, T: Deserialize<'a>>(raw: &'a RawValue, span: Span) -> Result<T, Finding> {
    serde_json::from_str(raw.get()).map_err(|error| invalid(&error, span))
}

fn number(number: &Number) -> Value {
    match (number.as_i64(), number.as_u64()) {
        (Some(small), _) => Value::Integer(small),
        (None, Some(large)) => Value::Large(large),
        (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
    }
}

/// The keys and values of a map as they stand there, also those that are there twice.
struct Entries<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}
