//! TOML.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::node::{Entry, Key, Node, Span, Value};
use crate::script::load::finding::Finding;

/// The tree of a TOML text.
pub(super) fn read(text: &str) -> Result<Node, Finding> {
    let parsed = DeTable::parse(text).map_err(|error| {
        let label = error.message().lines().collect::<Vec<_>>().join(", ");
        Finding::new("this is not valid TOML", error.span().unwrap_or_default().into()).label(label)
    })?;
    Ok(Node::new(parsed.span().into(), table(parsed.into_inner())))
}

fn table(table: DeTable<'_>) -> Value {
    let entries = table.into_iter().map(|(key, value)| {
        let span = key.span().into();
        Entry { key: Key { text: key.into_inner().into_owned(), span }, node: node(value) }
    });
    let mut entries: Vec<Entry> = entries.collect();
    // The table is sorted by name; what a reader sees is sorted by place.
    entries.sort_by_key(|entry| entry.key.span);
    Value::Map(entries)
}

fn node(value: Spanned<DeValue<'_>>) -> Node {
    let span: Span = value.span().into();
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => whole(number.as_str(), number.radix()),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(items) => Value::List(items.into_iter().map(node).collect()),
        DeValue::Table(inner) => table(inner),
    };
    Node::new(span, value)
}

fn whole(digits: &str, radix: u32) -> Value {
    let small = i64::from_str_radix(digits, radix).map(Value::Integer);
    let large = || u64::from_str_radix(digits, radix).map(Value::Large);
    small.or_else(|_| large()).unwrap_or(Value::Float(f64::INFINITY))
}
