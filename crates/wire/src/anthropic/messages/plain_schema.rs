//! A schema in the words that Anthropic takes for structured output.

use serde_json::{Map, Value};

/// Bounds that Anthropic refuses in a schema, and other vendors' clients write (`z.number().int()`).
const BOUNDS: [&str; 9] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
];
/// Where a schema has names of the user's own, which are no keywords.
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];

/// The schema without such bounds, which are told to the model in the description of what they bound, as
/// Anthropic's own clients tell them.
pub(super) fn plain(schema: Value) -> Value {
    match schema {
        Value::Object(fields) => Value::Object(plain_fields(fields)),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

fn plain_fields(fields: Map<String, Value>) -> Map<String, Value> {
    let (bounds, rest): (Map<_, _>, Map<_, _>) =
        fields.into_iter().partition(|(name, value)| is_bound(name, value));
    let mut plain: Map<String, Value> = rest.into_iter().map(plain_field).collect();
    if !bounds.is_empty() {
        let told: Vec<String> = bounds.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let told = format!("{{{}}}", told.join(", "));
        let described = match plain.get("description").and_then(Value::as_str) {
            Some(description) => format!("{description}\n\n{told}"),
            None => told,
        };
        plain.insert("description".to_owned(), described.into());
    }
    plain
}

fn is_bound(name: &str, value: &Value) -> bool {
    let is_several = name == "minItems" && value.as_u64().is_some_and(|least| least > 1);
    is_several || BOUNDS.contains(&name)
}

fn plain_field((name, value): (String, Value)) -> (String, Value) {
    let value = match value {
        Value::Object(named) if NAMED.contains(&name.as_str()) => {
            named.into_iter().map(|(own, schema)| (own, plain(schema))).collect()
        }
        // What is given as a value is no schema.
        value if matches!(name.as_str(), "const" | "enum" | "default" | "examples") => value,
        value => plain(value),
    };
    (name, value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bounds_become_words() {
        let schema = json!({
            "type": "object",
            "required": ["maximum", "names"],
            "properties": {
                "maximum": { "type": "integer", "minimum": 0, "maximum": 9, "description": "How many." },
                "names": { "type": "array", "minItems": 2, "maxItems": 3, "items": { "type": "string", "maxLength": 5 } },
                "kind": { "const": { "minimum": 1 } },
            },
        });
        let expected = json!({
            "type": "object",
            "required": ["maximum", "names"],
            "properties": {
                "maximum": { "type": "integer", "description": "How many.\n\n{minimum: 0, maximum: 9}" },
                "names": {
                    "type": "array",
                    "items": { "type": "string", "description": "{maxLength: 5}" },
                    "description": "{minItems: 2, maxItems: 3}",
                },
                "kind": { "const": { "minimum": 1 } },
            },
        });
        assert_eq!(plain(schema), expected);
    }
}
