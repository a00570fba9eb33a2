//! A cheap look at an answer that only passes through: whether it is one, and what it counts.

use std::fmt;
use std::sync::Arc;

use playhouse_llm::{Outline, Usage};
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;

use super::usage::read_usage;

/// Outlines an answer; `None` if it is none. No number of a vector is read.
pub(super) fn outline(body: &[u8]) -> Option<Outline> {
    // As text: from bytes, every string would be checked to be UTF-8 anew.
    let text = str::from_utf8(body).ok().filter(|text| text.trim_ascii_start().starts_with('{'))?;
    let fields: Fields = serde_json::from_str(text).ok()?;
    let model = fields.model.as_ref().and_then(Value::as_str).filter(|model| !model.is_empty());
    Some(Outline {
        has_output: !fields.data.is_empty(),
        model: model.map(Arc::from),
        usage: fields.usage.as_ref().and_then(read_usage).as_ref().map(Usage::counts),
        finish: None,
    })
}

#[derive(Deserialize)]
struct Fields {
    data: Vec<Item>,
    model: Option<Value>,
    usage: Option<Value>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "embedding")]
    _embedding: Vector,
}

/// A vector that is not looked into.
struct Vector;

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(VectorVisitor)
    }
}

struct VectorVisitor;

impl<'de> Visitor<'de> for VectorVisitor {
    type Value = Vector;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of numbers or a string in base64")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vector, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Vector)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Vector, E> {
        Ok(Vector)
    }
}
