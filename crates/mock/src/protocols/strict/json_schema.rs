//! Whether a JSON Schema is one at all, in the words of the Python library that OpenAI asks.

use serde_json::{Map, Value};

use super::python::shown;

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// Keywords with schemas by name.
const NAMED: [&str; 4] = ["properties", "$defs", "definitions", "patternProperties"];
/// Keywords with a list of schemas.
const LISTED: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
/// Keywords with one schema, or a yes or no.
const SINGLE: [&str; 3] = ["items", "additionalProperties", "not"];

/// Keywords whose value must be of one type.
const TYPED: [(&str, &str); 12] = [
    ("required", "array"),
    ("enum", "array"),
    ("title", "string"),
    ("description", "string"),
    ("pattern", "string"),
    ("format", "string"),
    ("minimum", "number"),
    ("maximum", "number"),
    ("minLength", "integer"),
    ("maxLength", "integer"),
    ("minItems", "integer"),
    ("maxItems", "integer"),
];

/// What keeps it from being a JSON Schema.
pub(crate) fn fault_of(schema: &Value) -> Option<String> {
    match schema {
        Value::Bool(_) => None,
        Value::Object(members) => fault_of_members(members),
        other => Some(not_of_type(other, "'object', 'boolean'")),
    }
}

fn fault_of_members(members: &Map<String, Value>) -> Option<String> {
    let type_fault = || members.get("type").filter(|kind| !is_type(kind)).map(not_under_any);
    let wrong = |(keyword, kind): &(&str, &str)| {
        members
            .get(*keyword)
            .filter(|value| !is_of_type(value, kind))
            .map(|value| not_of_type(value, &format!("'{kind}'")))
    };
    type_fault().or_else(|| TYPED.iter().find_map(wrong)).or_else(|| fault_below(members))
}

fn fault_below(members: &Map<String, Value>) -> Option<String> {
    let named = |keyword: &&str| match members.get(*keyword)? {
        Value::Object(schemas) => schemas.values().find_map(fault_of),
        other => Some(not_of_type(other, "'object'")),
    };
    let listed = |keyword: &&str| match members.get(*keyword)? {
        Value::Array(schemas) => schemas.iter().find_map(fault_of),
        other => Some(not_of_type(other, "'array'")),
    };
    // An older form of `items` is a list.
    let single =
        |keyword: &&str| members.get(*keyword).filter(|schema| !schema.is_array()).and_then(fault_of);
    let named = NAMED.iter().find_map(named);
    named.or_else(|| LISTED.iter().find_map(listed)).or_else(|| SINGLE.iter().find_map(single))
}

fn is_type(kind: &Value) -> bool {
    let is_name = |name: &Value| name.as_str().is_some_and(|name| TYPES.contains(&name));
    match kind {
        Value::Array(several) => several.iter().all(is_name),
        one => is_name(one),
    }
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => value.is_number(),
    }
}

fn not_of_type(value: &Value, kinds: &str) -> String {
    format!("{} is not of type {kinds}.", shown(value))
}

fn not_under_any(value: &Value) -> String {
    format!("{} is not valid under any of the given schemas.", shown(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_are_taken_in_every_form_they_have() {
        for schema in [
            json!({}),
            json!({"type": ["string", "null"], "enum": ["a", null]}),
            json!({"type": "object", "properties": {"a": true, "b": {"items": false}}, "required": []}),
            json!({"type": "array", "items": [{"type": "string"}], "minItems": 1.0}),
            json!({"additionalProperties": {"type": "number"}, "x-unheard-of": 1, "nullable": true}),
        ] {
            assert_eq!(fault_of(&schema), None, "{schema}");
        }
    }

    #[test]
    fn what_is_none_is_told_as_python_would() {
        for (schema, told) in [
            (json!({"type": "str"}), "'str' is not valid under any of the given schemas."),
            (
                json!({"type": ["string", "any"]}),
                "['string', 'any'] is not valid under any of the given schemas.",
            ),
            (json!({"properties": {"a": "string"}}), "'string' is not of type 'object', 'boolean'."),
            (json!({"properties": []}), "[] is not of type 'object'."),
            (json!({"properties": {"a": {"required": true}}}), "True is not of type 'array'."),
            (json!({"items": {"enum": null}}), "None is not of type 'array'."),
            (json!({"anyOf": [{"description": 7}]}), "7 is not of type 'string'."),
            (json!({"$defs": {"a": {"minLength": 1.5}}}), "1.5 is not of type 'integer'."),
        ] {
            assert_eq!(fault_of(&schema).as_deref(), Some(told), "{schema}");
        }
    }
}
