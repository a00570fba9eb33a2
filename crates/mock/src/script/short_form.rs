//! Types that may be written as a bare value where that says enough.

use schemars::{Schema, json_schema};
use serde_json::Value;

/// Implements `Deserialize` for a type derived with `#[serde(remote = "Self")]`: a map is read as
/// derived, and each listed bare value becomes one as said.
macro_rules! short_form {
    ($type:ty, $expecting:literal, $($visit:ident($value:ty) => $make:expr),+ $(,)?) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Short;
                impl<'de> serde::de::Visitor<'de> for Short {
                    type Value = $type;
                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        formatter.write_str($expecting)
                    }
                    $(fn $visit<E: serde::de::Error>(self, value: $value) -> Result<$type, E> {
                        $make(value)
                    })+
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$type, A::Error> {
                        <$type>::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }
                deserializer.deserialize_any(Short)
            }
        }
    };
}

pub(super) use short_form;

/// The schema of a type that may also be a bare text.
pub(super) fn or_text(schema: &mut Schema) {
    or(schema, &[json_schema!({"type": "string"})]);
}

/// The schema of a type that may also be a bare number from 0.
pub(super) fn or_number(schema: &mut Schema) {
    or(schema, &[json_schema!({"type": "number", "minimum": 0})]);
}

/// The schema of a type that may also be a bare number from 1.
pub(super) fn or_count(schema: &mut Schema) {
    or(schema, &[json_schema!({"type": "integer", "minimum": 1})]);
}

/// The schema of a fault, which may also be a bare status or kind.
pub(super) fn or_status_or_kind(schema: &mut Schema) {
    let status = json_schema!({"type": "integer", "minimum": 400, "maximum": 599});
    or(schema, &[status, json_schema!({"$ref": "#/$defs/FaultKind"})]);
}

/// Puts bare values beside the schema of a map; the description stays above them.
fn or(schema: &mut Schema, bare: &[Schema]) {
    let description = schema.remove("description");
    let map = std::mem::take(schema);
    let forms: Vec<Value> = bare.iter().cloned().chain([map]).map(Value::from).collect();
    schema.insert("anyOf".to_owned(), Value::Array(forms));
    if let Some(description) = description {
        schema.insert("description".to_owned(), description);
    }
}
