//! A value to any schema.

use serde_json::{Map, Value};

use super::schema::Schema;
use crate::pace::draw::Draw;

/// How deep schemas may lead into others for one value.
const MAX_DEPTH: usize = 64;
/// From here on only what must be there is made, so that schemas that refer to themselves come to an end.
const SPARE_DEPTH: usize = 5;
/// How many values one value may hold, failed tries included.
const MAX_VALUES: u32 = 20_000;

/// Why no value was made, and where in the value.
#[derive(Debug, thiserror::Error)]
#[error("`{place}` {reason}")]
pub(super) struct Unmet {
    place: String,
    reason: String,
}

/// What makes a value to a schema.
pub(super) struct Generator<'a> {
    root: &'a Value,
    pub(super) draw: &'a mut Draw,
    values_left: u32,
    depth: usize,
    /// Where in the value it is at work.
    place: Vec<String>,
}

impl<'a> Generator<'a> {
    pub(super) fn new(root: &'a Value, draw: &'a mut Draw) -> Self {
        Self { root, draw, values_left: MAX_VALUES, depth: 0, place: Vec::new() }
    }

    /// A value to the whole schema.
    pub(super) fn generate(&mut self) -> Result<Value, Unmet> {
        self.value(self.root)
    }

    /// A value to a part of the schema.
    pub(super) fn value(&mut self, schema: &Value) -> Result<Value, Unmet> {
        self.values_left = self.values_left.checked_sub(1).ok_or_else(|| self.unmet("would be too large"))?;
        if self.depth == MAX_DEPTH {
            return Err(self.unmet("would be nested without an end"));
        }
        self.depth += 1;
        let value = self.resolved(schema);
        self.depth -= 1;
        value
    }

    fn resolved(&mut self, schema: &Value) -> Result<Value, Unmet> {
        let root = self.root;
        match Schema::resolve(schema, root).map_err(|reason| self.unmet(reason))? {
            Schema::Nothing => Err(self.unmet("may have no value at all")),
            Schema::Such(fields) => self.such(&fields),
        }
    }

    /// A value to a part of the schema that is found here in the value.
    pub(super) fn within(&mut self, place: impl Into<String>, schema: &Value) -> Result<Value, Unmet> {
        self.place.push(place.into());
        let value = self.value(schema);
        self.place.pop();
        value
    }

    /// Whether only what must be there is made.
    pub(super) fn is_spare(&self) -> bool {
        self.place.len() >= SPARE_DEPTH
    }

    pub(super) fn unmet(&self, reason: impl Into<String>) -> Unmet {
        let place = if self.place.is_empty() { "the value".to_owned() } else { self.place.join(".") };
        Unmet { place, reason: reason.into() }
    }

    fn such(&mut self, fields: &Map<String, Value>) -> Result<Value, Unmet> {
        for word in ["anyOf", "oneOf"] {
            if let Some(alternatives) = fields.get(word).and_then(Value::as_array) {
                let mut rest = fields.clone();
                rest.shift_remove(word);
                return self.one_of(alternatives, &rest);
            }
        }
        if let Some(value) = fields.get("const") {
            return Ok(value.clone());
        }
        if let Some(values) = fields.get("enum").and_then(Value::as_array) {
            let chosen = self.draw.below(values.len() as u64) as usize;
            return values.get(chosen).cloned().ok_or_else(|| self.unmet("may have no value at all"));
        }
        match self.chosen_type(fields) {
            "null" => Ok(Value::Null),
            "boolean" => Ok((self.draw.below(2) == 1).into()),
            "integer" => self.integer(fields),
            "number" => self.number(fields),
            "array" => self.array(fields),
            "object" => self.object(fields),
            "string" => self.string(fields).map(Value::String),
            other => Err(self.unmet(format!("has a type that JSON does not have: {other}"))),
        }
    }

    /// The first alternative that can be met, from a drawn one on; what ends soonest where depth is spare.
    fn one_of(&mut self, alternatives: &[Value], rest: &Map<String, Value>) -> Result<Value, Unmet> {
        let mut ordered: Vec<&Value> = alternatives.iter().collect();
        let first = self.draw.below(ordered.len() as u64) as usize;
        ordered.rotate_left(first);
        let is_spare = self.is_spare();
        ordered.sort_by_key(
            |alternative| if is_spare { weight(alternative) } else { usize::from(is_null(alternative)) },
        );
        let mut last = self.unmet("may have no value at all");
        for alternative in ordered {
            let both = Value::Array(vec![Value::Object(rest.clone()), alternative.clone()]);
            match self.value(&Value::Object(Map::from_iter([("allOf".to_owned(), both)]))) {
                Ok(value) => return Ok(value),
                Err(unmet) => last = unmet,
            }
        }
        Err(last)
    }

    fn chosen_type<'fields>(&mut self, fields: &'fields Map<String, Value>) -> &'fields str {
        match fields.get("type") {
            Some(Value::String(name)) => name,
            Some(Value::Array(names)) => {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                let filled: Vec<&str> = names.iter().copied().filter(|name| *name != "null").collect();
                if filled.is_empty() || (self.is_spare() && filled.len() < names.len()) {
                    return "null";
                }
                filled[self.draw.below(filled.len() as u64) as usize]
            }
            _ => implied_type(fields),
        }
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|name| name == "null")
}

/// How much an alternative is likely to hold.
fn weight(schema: &Value) -> usize {
    match schema.get("type").and_then(Value::as_str) {
        _ if schema.get("const").is_some() || schema.get("enum").is_some() => 1,
        Some("null") => 0,
        Some("object" | "array") => 2,
        Some(_) => 1,
        None => 3,
    }
}

/// The type that a schema's words are about, where it names none.
fn implied_type(fields: &Map<String, Value>) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| fields.contains_key(*word));
    if has(&["properties", "required", "additionalProperties", "minProperties"]) {
        "object"
    } else if has(&["items", "prefixItems", "minItems"]) {
        "array"
    } else if has(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) {
        "number"
    } else {
        "string"
    }
}
