//! One schema without references: where it refers to others, or says that several hold, they are
//! put together.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// References and `allOf`s that one schema may go through.
const MAX_JOINED: usize = 64;

/// A schema without references.
pub(super) enum Schema<'schema> {
    /// No value satisfies it.
    Nothing,
    /// What its words say, all of them.
    Such(Cow<'schema, Map<String, Value>>),
}

impl<'schema> Schema<'schema> {
    /// Follows the references of a schema.
    pub(super) fn resolve(schema: &'schema Value, root: &'schema Value) -> Result<Self, String> {
        let mut joined = None;
        let mut open = vec![schema];
        for _ in 0..MAX_JOINED {
            let Some(next) = open.pop() else { return Ok(Self::Such(joined.unwrap_or_default())) };
            match next {
                Value::Bool(true) => {}
                Value::Object(fields) => {
                    if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                        open.push(target(reference, root)?);
                    }
                    open.extend(fields.get("allOf").and_then(Value::as_array).into_iter().flatten());
                    join(&mut joined, fields);
                }
                _ => return Ok(Self::Nothing),
            }
        }
        Err("refers to itself without an end".to_owned())
    }
}

/// Words that say where more of the schema is.
const ELSEWHERE: [&str; 4] = ["$ref", "allOf", "$defs", "definitions"];

/// `#`, or `#/` and a JSON pointer.
fn target<'root>(reference: &str, root: &'root Value) -> Result<&'root Value, String> {
    let pointer = reference.strip_prefix('#').map(|pointer| pointer.replace("%24", "$").replace("%25", "%"));
    let found = pointer.and_then(|pointer| root.pointer(&pointer));
    found.ok_or_else(|| format!("refers to `{reference}`, which is not in the schema"))
}

/// Adds the words of a schema to those of another that holds as well; one alone stays where it is.
fn join<'schema>(joined: &mut Option<Cow<'schema, Map<String, Value>>>, fields: &'schema Map<String, Value>) {
    let words = || fields.iter().filter(|(word, _)| !ELSEWHERE.contains(&word.as_str()));
    if words().next().is_none() {
        return;
    }
    let Some(joined) = joined else {
        *joined = Some(Cow::Borrowed(fields));
        return;
    };
    for (word, value) in words() {
        let both = match joined.get(word) {
            Some(present) => both(word, present, value),
            None => value.clone(),
        };
        joined.to_mut().insert(word.clone(), both);
    }
}

/// A word that says what two of it say; of words that cannot be put together the first holds.
fn both(word: &str, one: &Value, other: &Value) -> Value {
    match (word, one, other) {
        ("properties", Value::Object(one), Value::Object(other)) => both_properties(one, other).into(),
        ("required", Value::Array(one), Value::Array(other)) => {
            let new = other.iter().filter(|name| !one.contains(name));
            one.iter().chain(new).cloned().collect()
        }
        ("enum", Value::Array(one), Value::Array(other)) => {
            one.iter().filter(|value| other.contains(value)).cloned().collect()
        }
        ("type", one, other) => both_types(one, other),
        ("minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties", one, other) => {
            if number(one) < number(other) { other.clone() } else { one.clone() }
        }
        ("maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties", one, other) => {
            if number(one) > number(other) { other.clone() } else { one.clone() }
        }
        ("additionalProperties", Value::Bool(true), other) => other.clone(),
        ("additionalProperties", _, Value::Bool(false)) => false.into(),
        (_, one, _) => one.clone(),
    }
}

fn both_properties(one: &Map<String, Value>, other: &Map<String, Value>) -> Map<String, Value> {
    let mut both = one.clone();
    for (name, schema) in other {
        let schema = match one.get(name) {
            Some(present) => serde_json::json!({ "allOf": [present, schema] }),
            None => schema.clone(),
        };
        both.insert(name.clone(), schema);
    }
    both
}

fn both_types(one: &Value, other: &Value) -> Value {
    let (one, other) = (names(one), names(other));
    let has = |names: &[&str], name: &str| {
        names.contains(&name) || (name == "integer" && names.contains(&"number"))
    };
    let from_one = one.iter().filter(|name| has(&other, name));
    let from_other = other.iter().filter(|name| has(&one, name) && !one.contains(name));
    match from_one.chain(from_other).copied().collect::<Vec<_>>().as_slice() {
        [only] => (*only).into(),
        names => names.into(),
    }
}

fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}
